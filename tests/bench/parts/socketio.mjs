// Part 1 for Socket.IO: what an event costs in the page.
import { compare, entry } from "../lib/realms.mjs";

const PEER = "socket.io-client";
const ROUNDS = 15;
const SMOKE_COUNT = 100;
const KINDS = {
  "receive small": 20_000,
  "receive 1 KB binary": 10_000,
  "receive 10 KB JSON": 2_000,
  "emit small": 40_000,
  "emit 1 KB binary": 10_000,
  "emit with acknowledgement": 10_000,
};

const client = (imported) => `import { io } from ${imported};
const HANDSHAKE = '0{"sid":"bench","upgrades":[],"pingInterval":300000,"pingTimeout":300000,"maxPayload":1000000}';
export async function start() {
  let sent = 0;
  // An Engine.IO server: it opens, joins the namespace, and acknowledges what asks for it with \`42<id>[\`.
  fake.server = (socket, data) => {
    if (data === "40") {
      queueMicrotask(() => socket.say('40{"sid":"bench"}'));
      return;
    }
    sent++;
    const ask = typeof data === "string" && data[2] !== "[" && /^42(\\d+)\\[/.exec(data);
    if (ask) queueMicrotask(() => socket.say(\`43\${ask[1]}["ok"]\`));
  };
  const socket = io("ws://localhost/", { transports: ["websocket"] });
  // The peer takes the handlers of its socket before this runs, so the handshake may come now.
  while (fake.current?.readyState !== 1) await undefined;
  const native = fake.current;
  native.say(HANDSHAKE);
  await new Promise((resolve) => socket.on("connect", resolve));
  const handled = Object.fromEntries(${JSON.stringify(Object.keys(KINDS))}.map((kind) => [kind, 0]));
  socket.on("small", (x) => { handled["receive small"] += x === 1; });
  socket.on("binary", (x) => { handled["receive 1 KB binary"] += x.byteLength === 1024; });
  socket.on("large", (x) => { handled["receive 10 KB JSON"] += x.length === 100; });
  const large = "42" + JSON.stringify(["large", Array.from({ length: 100 }, (_, id) => ({ id, name: "n".repeat(64), tags: ["a", "b"] }))]);
  const head = '451-["binary",{"_placeholder":true,"num":0}]';
  const bytes = new Uint8Array(1024);
  // A real socket's messages come in tasks of their own, so what each leaves for the microtasks runs behind it.
  const each = async (count, run) => { for (let i = 0; i < count; i++) { run(); await undefined; } };
  // Several emits in one turn, as an application that has something to say makes them.
  const some = async (kind, packets, count, run) => {
    const before = sent;
    for (let i = 0; i < count; i++) { run(); if (i % 8 === 7) await undefined; }
    await new Promise((next) => setTimeout(next));
    handled[kind] += (sent - before) / packets;
  };
  return {
    done: () => handled,
    "prepare receive small": (count) => native.prepare(Array(count).fill('42["small",1,"text",true]')),
    "receive small": (count) => each(count, () => native.sayNext()),
    "prepare receive 1 KB binary": (count) => native.prepare(Array.from({ length: 2 * count }, (_, i) => i % 2 ? new ArrayBuffer(1024) : head)),
    "receive 1 KB binary": (count) => each(count, () => {
      native.sayNext();
      native.sayNext();
    }),
    "prepare receive 10 KB JSON": (count) => native.prepare(Array(count).fill(large)),
    "receive 10 KB JSON": (count) => each(count, () => native.sayNext()),
    "emit small": (count) => some("emit small", 1, count, () => socket.emit("small", 1, "text", true)),
    "emit 1 KB binary": (count) => some("emit 1 KB binary", 2, count, () => socket.emit("binary", bytes)),
    "emit with acknowledgement": (count) => each(count, () => socket.emit("ask", 1, (answer) => { handled["emit with acknowledgement"] += answer === "ok"; })),
  };
}`;

/** everwire/socket.io against socket.io-client. */
export async function run({ browser, smoke }) {
  const kinds = smoke ? Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, SMOKE_COUNT])) : KINDS;
  const clients = { [PEER]: client(JSON.stringify(PEER)), "everwire/socket.io": client(entry("socket.io.js")) };
  const times = await compare(browser, { clients, kinds, rounds: smoke ? 1 : ROUNDS, prelude: `import "./fake.mjs";` });
  return {
    title: "Socket.IO events in the page",
    about: "CPU time of the main thread per event, websocket transport. Fake sockets, real events.",
    unit: "ns",
    baseline: PEER,
    times,
  };
}
