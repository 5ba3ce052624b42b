// Where everwire/stomp is meant to differ from @stomp/stompjs 7.5.0, each with what either gives. The number is that of the
// defect in docs/migrating-from-stompjs.md. "nothing": it never came to an end.
import { turn, until, Wire } from "./wire.js";

const utf8 = (text) => new TextEncoder().encode(text);

/** Connects, lets the server speak, and gives what `told` collects. */
const heard = (headers, ...says) => async (stomp) => {
  const wire = new Wire();
  const log = [];
  const client = wire.client(stomp, {
    onStompError: ({ headers }) => log.push(`error ${headers.fault}`), onUnhandledMessage: (message) => log.push(message), onUnhandledFrame: () => log.push("frame"),
    webSocketFactory: wire.make, debug: () => {},
  });
  const socket = await wire.connected(client, headers);
  for (const text of says) socket.say(text);
  await client.deactivate({ force: true });
  return log.map((entry) => (typeof entry === "string" ? entry : { headers: entry.headers, body: entry.body }));
};

const read = (headers, pick, ...says) => async (stomp) => (await heard(headers, ...says)(stomp)).map((entry) => (typeof entry === "string" ? entry : pick(entry)));

const silent = async (play) => {
  const { log } = console;
  console.log = () => {};
  try {
    return await play();
  } finally {
    console.log = log;
  }
};

/** Plays with events of the page kept from the console, which would be failures elsewhere. */
const quiet = (type, play) => async (stomp) => {
  const swallow = (event) => event.preventDefault();
  globalThis.addEventListener(type, swallow);
  try {
    return await play(stomp);
  } finally {
    globalThis.removeEventListener(type, swallow);
  }
};

/** Until the condition holds, or as long as one of the two needs to show that it never does. */
const orNever = (condition) => Promise.race([until(condition), new Promise((done) => setTimeout(done, 200))]);

/** How many attempts are made up to the second socket, and by a timer that is left behind it. */
const attempts = async (wire, client) => {
  await until(() => wire.sockets.length === 2);
  await new Promise((done) => setTimeout(done, 40));
  const calls = wire.trace.filter(([kind]) => kind === "beforeConnect").length;
  await client.deactivate({ force: true });
  return calls;
};

export const differences = {
  "D1 an escaped backslash before n, c or r": {
    play: read("version:1.2", ({ headers }) => headers.path, "MESSAGE\npath:C\\c\\\\new\\\\cat\n\n\0"),
    ours: ["C:\\new\\cat"],
    theirs: ["C:\\\new\\:at"],
  },
  "D2 content-length that is no number": {
    play: read("version:1.2", ({ body }) => body, "MESSAGE\ncontent-length:abc\n\na\0", "MESSAGE\n\nnext\0"),
    ours: ["error bad-content-length"],
    theirs: [],
  },
  "D2 a negative content-length": {
    play: read("version:1.2", ({ body }) => body, "MESSAGE\ncontent-length:-1\n\na\0", "MESSAGE\n\nnext\0"),
    ours: ["error bad-content-length"],
    theirs: [],
  },
  "D3 no NUL behind the body": {
    play: read("version:1.2", ({ body }) => body, "MESSAGE\ncontent-length:2\n\nabc\0MESSAGE\n\nnext\0"),
    ours: ["error missing-nul"],
    theirs: ["ab", "next"],
  },
  "D3 a content-length that counts characters": {
    play: read("version:1.2", ({ body }) => body, "MESSAGE\ncontent-length:2\n\näö\0"),
    ours: ["error missing-nul"],
    theirs: ["ä"],
  },
  "D4 a header line without a colon": {
    play: read("version:1.2", ({ headers }) => headers, "MESSAGE\nbroken\nnext:1\n\nx\0"),
    ours: ["error no-colon"],
    theirs: [{ "broken\nnext": "1" }],
  },
  "D5 an undefined escape": {
    play: read("version:1.2", ({ headers }) => headers, "MESSAGE\na:b\\tc\n\nx\0"),
    ours: ["error bad-escape"],
    theirs: [{ a: "b\\tc" }],
  },
  "D5 blanks, and a CR inside a value": {
    play: read("version:1.2", ({ headers }) => headers, "MESSAGE\na: b \nc:d\re\r\n\r\nx\0"),
    ours: [{ a: " b ", c: "d\re" }],
    theirs: [{ a: "b", c: "de" }],
  },
  "D5 an escaped header name": {
    play: read("version:1.2", ({ headers }) => headers, "MESSAGE\na\\cb:c\n\nx\0"),
    ours: [{ "a:b": "c" }],
    theirs: [{ "a\\cb": "c" }],
  },
  "D6 escapes in 1.1": {
    play: read("version:1.1", ({ headers }) => headers, "MESSAGE\na:b\\cc\n\nx\0"),
    ours: [{ a: "b:c" }],
    theirs: [{ a: "b\\cc" }],
  },
  "D6 escapes of RabbitMQ in 1.0": {
    play: read("version:1.0\nserver:RabbitMQ/3.10.8", ({ headers }) => headers, "MESSAGE\na:b\\cc\n\nx\0"),
    ours: [{ a: "b:c" }],
    theirs: [{ a: "b\\cc" }],
  },
  "D7 a byte order mark": {
    play: read("version:1.2", ({ body }) => body.length, "MESSAGE\n\n\ufeffx\0", utf8("MESSAGE\n\n\ufeffx\0")),
    ours: [2, 2],
    theirs: [1, 1],
  },
  "D7 a header named __proto__": {
    play: read("version:1.2", ({ headers }) => Object.entries(headers), "MESSAGE\n__proto__:x\na:b\n\n\0"),
    ours: [[["a", "b"], ["__proto__", "x"]]],
    theirs: [[["a", "b"]]],
  },
  "D8 a beforeConnect that fails": {
    play: quiet("unhandledrejection", async (stomp) => {
      const wire = new Wire();
      let calls = 0;
      const client = wire.client(stomp, { reconnectDelay: 10, beforeConnect: async () => { if (++calls < 3) throw new Error("no token"); } });
      const told = [];
      client.onWebSocketError = ({ type, message }) => told.push([type, message]);
      client.activate();
      await orNever(() => wire.sockets.length);
      await client.deactivate({ force: true });
      return [wire.sockets.length, calls, told];
    }),
    ours: [1, 3, [["error", "Error: no token"], ["error", "Error: no token"]]],
    theirs: [0, 1, []],
  },
  "D8 a factory that throws": {
    play: quiet("unhandledrejection", async (stomp) => {
      const wire = new Wire();
      let calls = 0;
      const client = wire.client(stomp, { reconnectDelay: 10, webSocketFactory: () => { if (++calls < 2) throw new Error("no socket"); return wire.make(); } });
      client.activate();
      await orNever(() => wire.sockets.length);
      await client.deactivate({ force: true });
      return wire.sockets.length;
    }),
    ours: 1,
    theirs: 0,
  },
  "D9 a subscription id that is a method of all objects": {
    play: (stomp) => silent(() => read("version:1.2", ({ body }) => body, "MESSAGE\nsubscription:constructor\n\nx\0")(stomp)),
    ours: ["x"],
    theirs: [],
  },
  "D9 a command that is a method of all objects": {
    play: (stomp) => silent(() => read("version:1.2", () => "", "constructor\n\n\0")(stomp)),
    ours: ["frame"],
    theirs: [],
  },
  "D10 headers read for nobody": {
    async play({ Client }) {
      const wire = new Wire();
      const client = new Client({ webSocketFactory: wire.make });
      await wire.connected(client);
      let reads = 0;
      const headers = { get a() { return `${++reads}`; } };
      client.publish({ destination: "/q", headers });
      let counted = 0;
      client.publish({ destination: "/q", headers: { x: { toString: () => `${++counted}` } } });
      await client.deactivate({ force: true });
      return counted;
    },
    ours: 1,
    theirs: 2,
  },
  "D11 options that are undefined or do not exist": {
    play({ Client }) {
      const log = [];
      const client = new Client({ debug: (text) => log.push(text), reconnectDelay: undefined, recconnectDelay: 5 });
      return [client.reconnectDelay, client.recconnectDelay, log];
    },
    ours: [5000, 5, [`everwire: "recconnectDelay" is not an option: check its spelling`]],
    theirs: [undefined, 5, []],
  },
  "D12 the timer of an attempt that is over": {
    async play(stomp) {
      const wire = new Wire();
      const client = wire.client(stomp, { connectionTimeout: 60, reconnectDelay: 0 });
      await wire.dialed(client);
      const end = client.deactivate();
      wire.socket.gone();
      await end;
      client.connectionTimeout = 0;
      await new Promise((done) => setTimeout(done, 30));
      await wire.dialed(client);
      await new Promise((done) => setTimeout(done, 60));
      const state = wire.socket.readyState;
      await client.deactivate({ force: true });
      return state;
    },
    ours: 0,
    theirs: 2,
  },
  "D13 activated again in the callback that tells the end": {
    async play(stomp) {
      const wire = new Wire();
      let again = true;
      const client = wire.client(stomp, {
        reconnectDelay: 10,
        onWebSocketClose: () => {
          if (!again) return;
          again = false;
          void client.deactivate();
          client.activate();
        },
      });
      (await wire.connected(client)).gone();
      return attempts(wire, client);
    },
    ours: 2,
    theirs: 3,
  },
  "a surrogate pair at the cut of a piece": {
    async play(stomp) {
      const wire = new Wire();
      const client = wire.client(stomp, { splitLargeFrames: true, maxWebSocketChunkSize: 8 });
      await wire.connected(client);
      const before = wire.trace.length;
      client.publish({ destination: "/", body: "1234😀6" });
      const sent = wire.trace.slice(before).filter(([kind]) => kind === "sent").map(([, text]) => text);
      await client.deactivate({ force: true });
      return sent.every((text) => text.isWellFormed());
    },
    ours: true,
    theirs: true,
  },
  "deactivate on a link that is dead": {
    async play(stomp) {
      const wire = new Wire();
      const client = wire.client(stomp, { deactivateTimeout: 20 });
      await wire.connected(client);
      await client.deactivate();
      return client.state;
    },
    ours: 2,
    theirs: "nothing",
  },
  "a message on a socket that was left": {
    async play(stomp) {
      const wire = new Wire();
      const client = wire.client(stomp, { reconnectDelay: 10 });
      const socket = await wire.connected(client);
      const { onmessage } = socket;
      socket.gone();
      wire.trace = [];
      onmessage({ data: "MESSAGE\n\nlate\0" });
      const told = wire.trace.filter(([kind]) => kind === "onUnhandledMessage").length;
      await client.deactivate({ force: true });
      return told;
    },
    ours: 0,
    theirs: 1,
  },
  "a second content-length from the user": {
    async play(stomp) {
      const wire = new Wire();
      const client = wire.client(stomp);
      await wire.connected(client);
      client.publish({ destination: "/q", headers: { "content-length": "99" }, body: "abc" });
      const [, text] = wire.trace.findLast(([kind]) => kind === "sent");
      await client.deactivate({ force: true });
      return text;
    },
    ours: "SEND\ndestination:/q\ncontent-length:3\n\nabc\0",
    theirs: "SEND\ndestination:/q\ncontent-length:99\ncontent-length:3\n\nabc\0",
  },
  "D13 activated again in onChangeState": {
    async play(stomp) {
      const wire = new Wire();
      let again = true;
      const client = wire.client(stomp, {
        reconnectDelay: 10,
        onChangeState: (state) => {
          if (state !== 2 || !again) return;
          again = false;
          client.activate();
        },
      });
      const socket = await wire.connected(client);
      void client.deactivate();
      socket.gone(1000, true);
      return attempts(wire, client);
    },
    ours: 2,
    theirs: 3,
  },
  "a factory that deactivates": {
    async play(stomp) {
      const wire = new Wire();
      const client = wire.client(stomp, { webSocketFactory: () => { void client.deactivate(); return wire.make(); } });
      const socket = await wire.dialed(client);
      await turn();
      return socket.readyState;
    },
    ours: 2,
    theirs: 0,
  },
  "onChangeState throws": {
    play: quiet("error", async (stomp) => {
      const wire = new Wire();
      const client = wire.client(stomp, { onChangeState: () => { throw new Error("meant to be seen"); } });
      try {
        client.activate();
      } catch {
        // The peer's way out.
      }
      await turn();
      client.onChangeState = () => {};
      await client.deactivate({ force: true });
      return wire.sockets.length;
    }),
    ours: 1,
    theirs: 0,
  },
  "onWebSocketClose throws": {
    play: quiet("error", async (stomp) => {
      const wire = new Wire();
      const client = wire.client(stomp, { reconnectDelay: 10, onWebSocketClose: () => { throw new Error("meant to be seen"); } });
      const socket = await wire.connected(client);
      try {
        socket.gone();
      } catch {
        // The peer's way out is the socket's event.
      }
      await orNever(() => wire.sockets.length === 2);
      client.onWebSocketClose = () => {};
      await client.deactivate({ force: true });
      return wire.sockets.length;
    }),
    ours: 2,
    theirs: 1,
  },
};
