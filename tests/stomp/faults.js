// What must be refused: each message after CONNECTED of 1.2 (or as the first one), whole, cut anywhere, as text and as
// octets. The client names the fault, closes with 4002 and follows the reconnect policy.
import { until, Wire } from "./wire.js";

const octets = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

export const faults = {
  "a header line without a colon": { fault: "no-colon", data: "MESSAGE\nbroken\n\n\0" },
  "an undefined escape": { fault: "bad-escape", data: "MESSAGE\na:\\t\n\n\0" },
  "a backslash at the end of a value": { fault: "bad-escape", data: "MESSAGE\na:b\\\n\n\0" },
  "\\r in 1.1": { fault: "bad-escape", data: "MESSAGE\na:\\r\n\n\0", version: "1.1" },
  "content-length with a letter": { fault: "bad-content-length", data: "MESSAGE\ncontent-length:1x\n\na\0" },
  "content-length that is empty": { fault: "bad-content-length", data: "MESSAGE\ncontent-length:\n\na\0" },
  "a negative content-length": { fault: "bad-content-length", data: "MESSAGE\ncontent-length:-1\n\na\0" },
  "a content-length with a sign": { fault: "bad-content-length", data: "MESSAGE\ncontent-length:+1\n\na\0" },
  "two content-lengths that differ": { fault: "conflicting-content-length", data: "MESSAGE\ncontent-length:1\ncontent-length:2\n\nab\0" },
  "a content-length of 30 digits": { fault: "body-too-large", data: `MESSAGE\ncontent-length:${"9".repeat(30)}\n\na\0` },
  "a body over the limit": { fault: "body-too-large", data: "MESSAGE\ncontent-length:101\n\n", conf: { maxBodyBytes: 100 } },
  "a body without content-length over the limit": { fault: "body-too-large", data: `MESSAGE\n\n${"x".repeat(200_000)}`, conf: { maxBodyBytes: 100 } },
  "a whole body without content-length over the limit": { fault: "body-too-large", data: `MESSAGE\n\n${"x".repeat(101)}\0`, conf: { maxBodyBytes: 100 } },
  "no NUL behind the body": { fault: "missing-nul", data: "MESSAGE\ncontent-length:1\n\nab\0" },
  "no NUL behind a long body": { fault: "missing-nul", data: `MESSAGE\ncontent-length:40000\n\n${"x".repeat(40_001)}\0` },
  "characters counted instead of octets": { fault: "missing-nul", data: `MESSAGE\ncontent-length:1000\n\n${"\u00e9".repeat(1_000)}\0`, text: true },
  "content-length that ends inside a character": { fault: "missing-nul", data: "MESSAGE\ncontent-length:1\n\n\u00e9\0", text: true },
  "NUL inside the head": { fault: "nul-in-head", data: "MESSAGE\na:b\0" },
  "octets that are not UTF-8 in a header": { fault: "not-utf8", data: octets("MESSAGE\na:\xff\n\n\0") },
  "a command without end": { fault: "command-too-long", data: "X".repeat(65) },
  "a head of more than 64 KiB": { fault: "head-too-large", data: `MESSAGE\na:${"x".repeat(70_000)}` },
  "1,001 headers": { fault: "too-many-headers", data: `MESSAGE\n${"a:b\n".repeat(1_001)}\n\0` },
  "another first frame": { fault: "first-frame", data: "MESSAGE\n\nx\0", version: null },
  "HTML as first frame": { fault: "first-frame", data: "<html>\na:b\n\n\0", version: null },
};

globalThis.refuse = async (stomp, { fault, data, version = "1.2", conf, text }) => {
  const cuts = data.length > 1_000 ? [data.length, data.length - 1, 500] : [...data].map((_, i) => i + 1);
  for (const cut of cuts) {
    for (const form of typeof data !== "string" ? [(part) => part] : text ? [(part) => part, (part) => new TextEncoder().encode(part)] : [(part) => part, octets]) {
      const wire = new Wire();
      const told = [];
      const client = wire.client(stomp, { reconnectDelay: 10, onStompError: (frame) => told.push(frame), debug: () => {}, ...conf });
      const socket = await wire.dialed(client);
      socket.open();
      if (version) socket.say(`CONNECTED\nversion:${version}\n\n\0`);
      for (const part of [data.slice(0, cut), data.slice(cut)]) if (part.length) socket.say(form(part));
      const what = `cut at ${cut} of ${data.length}`;
      if (told.length !== 1 || told[0].command !== "ERROR" || told[0].headers.fault !== fault) throw new Error(`${what}: told ${JSON.stringify(told.map(({ headers }) => headers))}`);
      if (!/^everwire: ./.test(told[0].headers.message)) throw new Error(`${what}: ${told[0].headers.message}`);
      const closes = wire.trace.filter(([kind]) => kind === "close");
      if (closes.length !== 1 || closes[0][1] !== 4002) throw new Error(`${what}: closed with ${JSON.stringify(closes)}`);
      socket.say("MESSAGE\n\nx\0");
      if (wire.trace.some(([kind]) => kind === "onUnhandledMessage")) throw new Error(`${what}: it read on`);
      socket.gone(4002, true);
      await until(() => wire.sockets.length === 2, "the next attempt");
      await client.deactivate({ force: true });
    }
  }
};
