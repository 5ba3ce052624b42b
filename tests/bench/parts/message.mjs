// Part 1 for raw WebSockets: what a message costs in the page, by client, without a network.
import { entry, compare } from "../lib/realms.mjs";

const KB = 1024;
/** Messages per round by kind; the large ones are fewer, so that a round of each takes some tens of milliseconds. */
const KINDS = {
  "receive text 64 B": 20_000,
  "receive text 16 KB": 20_000,
  "receive binary 1 KB": 20_000,
  "receive binary 64 KB": 20_000,
  "send text 64 B": 200_000,
  "send text 16 KB": 200_000,
  "send binary 1 KB": 200_000,
  "send binary 64 KB": 200_000,
};
const SMOKE_COUNT = 200;
const ROUNDS = 15;

/** The part of a client that all have in common: runners over the frame's fake socket. `make` is the client's own. */
const runners = (make) => `
const payloads = {
  "text 64 B": "x".repeat(64), "text 16 KB": "x".repeat(${16 * KB}),
  "binary 1 KB": new ArrayBuffer(${KB}), "binary 64 KB": new ArrayBuffer(${64 * KB}),
};
const sizeOf = (data) => data.length ?? data.byteLength;
export async function start() {
  const handled = {};
  const runners = { done: () => handled };
  for (const [label, payload] of Object.entries(payloads)) {
    let received = 0;
    const send = await (${make})((data) => { received += sizeOf(data); }, label.startsWith("text"));
    const native = fake.current;
    runners["prepare receive " + label] = (count) => native.prepare(Array(count).fill(payload));
    runners["receive " + label] = (count) => {
      for (let i = 0; i < count; i++) native.sayNext();
      handled["receive " + label] = received / sizeOf(payload);
    };
    runners["send " + label] = (count) => {
      for (let i = 0; i < count; i++) send(payload);
      handled["send " + label] = native.sent / sizeOf(payload);
    };
  }
  return runners;
}`;

/** A client whose class has the shape of the platform's. */
const websocketLike = (imported, className = "Client") => `${imported}
${runners(`async (receive) => {
  const socket = new ${className}("ws://localhost/");
  socket.binaryType = "arraybuffer";
  await new Promise((open) => { socket.onopen = open; });
  socket.onmessage = (event) => receive(event.data);
  return (data) => socket.send(data);
}`)}`;

const CLIENTS = {
  bare: websocketLike("", "WebSocket"),
  "reconnecting-websocket": websocketLike(`import Client from "reconnecting-websocket";`),
  partysocket: websocketLike(`import { WebSocket as Client } from "partysocket";`),
  "websocket-ts": `import { WebsocketBuilder } from "websocket-ts";
${runners(`async (receive) => {
  const socket = new WebsocketBuilder("ws://localhost/").onMessage((_, event) => receive(event.data)).build();
  socket.binaryType = "arraybuffer";
  await new Promise((open) => socket.addEventListener("open", open));
  return (data) => socket.send(data);
}`)}`,
  "everwire/websocket": websocketLike(`import Client from ${entry("websocket.js")};`),
  "everwire connect()": `import { bytes, connect, text } from ${entry("client.js")};
${runners(`async (receive, isText) => {
  const client = connect("ws://localhost/", { codec: isText ? text() : bytes() });
  client.on("message", receive);
  await new Promise((open) => client.on("state", (change) => { if (change.to === "open") open(); }));
  return (data) => client.send(data);
}`)}`,
};

/** The fake socket of a frame, before the client is loaded. */
const PRELUDE = `import "./fake.mjs";`;

/** Every client's costs against those of the bare handler. */
export async function run({ browser, smoke }) {
  const kinds = smoke ? Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, SMOKE_COUNT])) : KINDS;
  const times = await compare(browser, { clients: CLIENTS, kinds, rounds: smoke ? 1 : ROUNDS, prelude: PRELUDE });
  return {
    title: "A message in the page",
    about: "CPU time of the main thread per message, fake sockets that dispatch real events, no network.",
    unit: "ns",
    baseline: "bare",
    times,
  };
}
