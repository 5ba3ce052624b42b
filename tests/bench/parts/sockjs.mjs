// Part 1 for SockJS: what a message costs in the page over the websocket transport.
import { compare, entry } from "../lib/realms.mjs";

const PEER = "sockjs-client";
const ROUNDS = 15;
const SMOKE_COUNT = 100;
const KINDS = { "receive 64 B": 20_000, "receive 16 KB": 4_000, "send 64 B": 40_000, "send 16 KB": 4_000 };
/** What the client asks first. */
const ROUTES = {
  "/echo/info": { body: `{"websocket":true,"origins":["*:*"],"cookie_needed":false,"entropy":1}`, type: "application/json" },
};

const client = (imported) => `import SockJS from ${imported};
const SIZES = { "64 B": 64, "16 KB": 16 * 1024 };
export async function start() {
  const socket = new SockJS(new URL("/echo", import.meta.url).href, null, { transports: "websocket" });
  const opened = new Promise((open) => { socket.onopen = open; });
  while (fake.current?.readyState !== 1) await new Promise((next) => setTimeout(next));
  const native = fake.current;
  native.say("o");
  await opened;
  let received = 0;
  socket.onmessage = (event) => { received += event.data.length; };
  const handled = {};
  const runners = { done: () => handled };
  for (const [label, size] of Object.entries(SIZES)) {
    const text = "x".repeat(size);
    const frame = "a" + JSON.stringify([text]);
    const framed = JSON.stringify([text]).length;
    handled["receive " + label] = handled["send " + label] = 0;
    runners["prepare receive " + label] = (count) => native.prepare(Array(count).fill(frame));
    runners["receive " + label] = (count) => {
      const before = received;
      for (let i = 0; i < count; i++) native.sayNext();
      handled["receive " + label] += (received - before) / size;
    };
    runners["send " + label] = async (count) => {
      const before = native.sent;
      for (let i = 0; i < count; i++) socket.send(text);
      await new Promise((next) => setTimeout(next));
      handled["send " + label] += (native.sent - before) / framed;
    };
  }
  return runners;
}`;

/** everwire/sockjs against sockjs-client. */
export async function run({ browser, smoke }) {
  const kinds = smoke ? Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, SMOKE_COUNT])) : KINDS;
  const clients = { [PEER]: client(JSON.stringify(PEER)), "everwire/sockjs": client(entry("sockjs.js")) };
  const times = await compare(browser, { clients, kinds, rounds: smoke ? 1 : ROUNDS, prelude: `import "./fake.mjs";`, routes: ROUTES });
  return {
    title: "SockJS messages in the page",
    about: "CPU time of the main thread per message, websocket transport. Fake sockets, real events.",
    unit: "ns",
    baseline: PEER,
    times,
  };
}
