// Part 1 for STOMP: what a frame costs in the page. The handler reads the body and one header.
import { compare, entry } from "../lib/realms.mjs";

const PEER = "@stomp/stompjs";
const ROUNDS = 15;
const SMOKE_COUNT = 5;
/** Frames per round: fewer for the peer where a frame takes it milliseconds. */
const per = (peer, ours) => ({ [PEER]: peer, "everwire/stomp": ours });
const KINDS = {
  "receive 100 B text": per(2_000, 4_000),
  "receive 100 B binary": per(2_000, 4_000),
  "receive 10 KB text": per(200, 2_000),
  "receive 10 KB binary": per(200, 2_000),
  "receive 1 MB text": per(3, 150),
  "receive 1 MB binary": per(3, 30),
  "publish 100 B text": per(8_000, 16_000),
  "publish 10 KB text": per(1_000, 3_000),
  "publish 10 KB binary": per(1_000, 3_000),
};

const client = (imported) => `import { Client } from ${imported};
const SIZES = { "100 B": 100, "10 KB": 10_000, "1 MB": 1_000_000 };
const HEAD = "MESSAGE\\nsubscription:sub-0\\nmessage-id:T_sub-0@@session-1@@42\\ndestination:/topic/prices\\ncontent-type:text/plain\\ncontent-length:";
export async function start() {
  const client = new Client({ webSocketFactory: () => new WebSocket("ws://localhost/"), heartbeatIncoming: 0, heartbeatOutgoing: 0 });
  fake.server = (socket, data) => {
    if (typeof data === "string" && data.startsWith("CONNECT")) queueMicrotask(() => socket.say("CONNECTED\\nversion:1.2\\n\\n\\0"));
  };
  const connected = new Promise((resolve) => { client.onConnect = resolve; });
  client.activate();
  await connected;
  fake.server = undefined;
  let read = 0;
  let binary = false;
  client.subscribe("/topic/prices", (message) => {
    const body = binary ? message.binaryBody : message.body;
    read += body.length + (body.at(-1) && message.headers["message-id"].length ? 0 : 1);
  });
  const native = fake.current;
  const handled = {};
  const runners = { done: () => handled };
  for (const [label, size] of Object.entries(SIZES)) {
    const text = HEAD + size + "\\n\\n" + "x".repeat(size) + "\\0\\n";
    for (const [form, frame] of [["text", text], ["binary", new TextEncoder().encode(text).buffer]]) {
      const kind = \`\${label} \${form}\`;
      handled["receive " + kind] = 0;
      handled["publish " + kind] = 0;
      runners["prepare receive " + kind] = (count) => native.prepare(Array(count).fill(frame));
      runners["receive " + kind] = (count) => {
        binary = form === "binary";
        read = 0;
        for (let i = 0; i < count; i++) native.sayNext();
        handled["receive " + kind] += read / size;
      };
      const body = "x".repeat(size);
      const message = { destination: "/topic/prices", headers: { "content-type": "text/plain" } };
      if (form === "text") message.body = body;
      else message.binaryBody = new TextEncoder().encode(body);
      runners["publish " + kind] = (count) => {
        const before = native.sent;
        for (let i = 0; i < count; i++) client.publish(message);
        if (native.sent - before < count * size) throw new Error("frames were lost");
        handled["publish " + kind] += count;
      };
    }
  }
  return runners;
}`;

/** everwire/stomp against stompjs. */
export async function run({ browser, smoke }) {
  const kinds = smoke ? Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, SMOKE_COUNT])) : KINDS;
  const clients = { [PEER]: client(JSON.stringify(PEER)), "everwire/stomp": client(entry("stomp.js")) };
  const times = await compare(browser, { clients, kinds, rounds: smoke ? 1 : ROUNDS, prelude: `import "./fake.mjs";` });
  return {
    title: "STOMP frames in the page",
    about: "CPU time of the main thread per frame; the handler reads the body and one header. Fake sockets, real events.",
    unit: "ns",
    baseline: PEER,
    times,
  };
}
