// Part 2: over a real server on loopback. How long an echo takes with one and with 64 messages in flight, and how many
// messages a second a burst reaches. A protocol's clients are compared with each other; raw ones with the native class.
import { startServers } from "../lib/servers.mjs";
import { entry, openRealms } from "../lib/realms.mjs";
import { quantile } from "../lib/stats.mjs";

const ROUNDS = 9;
const FULL = { one: 400, many: 2_000, burst: 10_000 };
const SMOKE = { one: 20, many: 128, burst: 200 };
const IN_FLIGHT = 64;
const PAYLOAD_UNITS = 64;
/** After which a client that waits for echoes has lost some. */
const PATIENCE_MS = 60_000;

/** What all clients have in common: `connect(url, receive)` resolves to a function that sends one text. */
const echoes = (connect) => `
const connect = ${connect};
export async function start() {
  let receive = () => {};
  const send = await connect(params.url, (text) => receive(text));
  const payload = "x".repeat(${PAYLOAD_UNITS});
  const echoed = (executor) => new Promise((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error("messages were lost")), ${PATIENCE_MS});
    executor((value) => { clearTimeout(patience); resolve(value); });
  });
  const keep = (window, count) => echoed((resolve) => {
    const times = [];
    const sent = [];
    let begun = 0;
    const next = () => { begun++; sent.push(performance.now()); send(payload); };
    receive = () => {
      times.push(performance.now() - sent[times.length]);
      if (times.length === count) resolve(times);
      else if (begun < count) next();
    };
    for (let i = 0; i < Math.min(window, count); i++) next();
  });
  const burst = async (count) => {
    const began = performance.now();
    let received = 0;
    await echoed((resolve) => {
      receive = () => { if (++received === count) resolve(); };
      for (let i = 0; i < count; i++) send(payload);
    });
    return count / (performance.now() - began) * 1_000;
  };
  return { keep, burst };
}`;

const websocketLike = (imported, className = "Client") => `${imported}
${echoes(`async (url, receive) => {
  const socket = new ${className}(url);
  await new Promise((open) => { socket.onopen = open; });
  socket.onmessage = (event) => receive(event.data);
  return (data) => socket.send(data);
}`)}`;

const socketIo = (imported) => `${imported}
${echoes(`async (url, receive) => {
  const socket = io(url, { transports: ["websocket"], forceNew: true });
  await new Promise((open) => socket.on("connect", open));
  socket.on("echo", receive);
  return (data) => socket.emit("echo", data);
}`)}`;

// Without heart-beats: with them RabbitMQ 3.10 ends a connection whose burst makes it use its flow control.
const stomp = (imported) => `import { Client } from ${imported};
${echoes(`async (url, receive) => {
  const client = new Client({ brokerURL: url, connectHeaders: { login: params.user, passcode: params.password, host: "/" }, heartbeatIncoming: 0, heartbeatOutgoing: 0 });
  await new Promise((connected, failed) => {
    client.onConnect = connected;
    client.onStompError = (frame) => failed(new Error(frame.headers.message));
    client.activate();
  });
  // A topic of its own, and the broker's receipt says that it is subscribed.
  const destination = "/topic/echo-" + Math.random().toString(36).slice(2);
  const subscribed = new Promise((done) => client.watchForReceipt("subscribed", done));
  client.subscribe(destination, (message) => receive(message.body), { receipt: "subscribed" });
  await subscribed;
  return (body) => client.publish({ destination, body });
}`)}`;

/** By protocol; the first of each is what the others are compared with. */
const GROUPS = {
  websocket: {
    native: websocketLike("", "WebSocket"),
    "reconnecting-websocket": websocketLike(`import Client from "reconnecting-websocket";`),
    partysocket: websocketLike(`import { WebSocket as Client } from "partysocket";`),
    "websocket-ts": `import { WebsocketBuilder } from "websocket-ts";
${echoes(`async (url, receive) => {
  const socket = new WebsocketBuilder(url).onMessage((_, event) => receive(event.data)).build();
  await new Promise((open) => socket.addEventListener("open", open));
  return (data) => socket.send(data);
}`)}`,
    "everwire/websocket": websocketLike(`import Client from ${entry("websocket.js")};`),
    "everwire connect()": `import { connect as dial, text } from ${entry("client.js")};
${echoes(`async (url, receive) => {
  const client = dial(url, { codec: text(), queue: { maxMessages: 100_000, maxBytes: 100 << 20 } });
  client.on("message", receive);
  await new Promise((open) => client.on("state", (change) => { if (change.to === "open") open(); }));
  return (data) => client.send(data);
}`)}`,
  },
  stomp: {
    "@stomp/stompjs": stomp(`"@stomp/stompjs"`),
    "everwire/stomp": stomp(entry("stomp.js")),
  },
  socketio: {
    "socket.io-client": socketIo(`import { io } from "socket.io-client";`),
    "everwire/socket.io": socketIo(`import { io } from ${entry("socket.io.js")};`),
  },
  sockjs: {
    "sockjs-client": websocketLike(`import Client from "sockjs-client";`),
    "everwire/sockjs": websocketLike(`import Client from ${entry("sockjs.js")};`),
  },
};

/** Echo latency and throughput of every group. */
export async function run({ browser, smoke }) {
  const counts = smoke ? SMOKE : FULL;
  const rounds = smoke ? 1 : ROUNDS;
  const servers = await startServers();
  const groups = {};
  try {
    for (const [group, clients] of Object.entries(GROUPS)) {
      groups[group] = await measure(browser, clients, servers.params[group], counts, rounds);
    }
  } finally {
    await servers.close();
  }
  return {
    title: "Over a real server on loopback",
    about: `Echo of ${PAYLOAD_UNITS} B text through a server in a process of its own (RabbitMQ for STOMP).`,
    groups,
  };
}

async function measure(browser, clients, params, counts, rounds) {
  const realms = await openRealms(browser, clients, { params });
  const times = Object.fromEntries(Object.keys(clients).map((name) => [name, {}]));
  const add = (name, kind, value) => (times[name][kind] ??= []).push(value);
  try {
    const names = Object.keys(clients);
    for (let round = 0; round <= rounds; round++) {
      for (let i = 0; i < names.length; i++) {
        const name = names[(i + round) % names.length];
        const one = await realms.call(name, "keep", 1, counts.one);
        const many = await realms.call(name, "keep", IN_FLIGHT, counts.many);
        const burst = await realms.call(name, "burst", counts.burst);
        if (!round) continue;
        add(name, "1 in flight, p50 ms", quantile(one, 0.5));
        add(name, "1 in flight, p99 ms", quantile(one, 0.99));
        add(name, `${IN_FLIGHT} in flight, p50 ms`, quantile(many, 0.5));
        add(name, `${IN_FLIGHT} in flight, p99 ms`, quantile(many, 0.99));
        add(name, "burst, messages/s", burst);
      }
    }
  } finally {
    await realms.close();
  }
  return { baseline: Object.keys(clients)[0], times };
}
