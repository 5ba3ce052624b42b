// What everwire/stomp does of its own, and what only real sockets show. Run in a page; `broker` is that of broker.mjs.
import { turn, until, Wire } from "./wire.js";

function assert(condition, what) {
  if (!condition) throw new Error(what);
}

function equal(actual, expected, what = "value") {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`);
}

/** A connected client on real sockets. */
async function connect({ Client }, broker, conf = {}) {
  const client = new Client({ brokerURL: broker, reconnectDelay: 10, ...conf });
  let connects = 0;
  client.onConnect = (frame) => { connects++; conf.onConnect?.(frame, client); };
  client.activate();
  await until(() => connects, "CONNECTED");
  return { client, connects: () => connects };
}

export const behaviours = {
  async "messages of all kinds go round over a real socket"(stomp, broker) {
    const { client } = await connect(stomp, broker);
    equal([client.connected, client.connectedVersion, client.webSocket.protocol], [true, "1.2", "v12.stomp"]);
    const got = [];
    client.subscribe("/topic/a", (message) => got.push(message));
    const bodies = ["", "hello", "héllo 😀 \n\r:\\", "x".repeat(1_000_000), `${"é😀".repeat(30_000)}`, "a\0b"];
    for (const body of bodies) client.publish({ destination: "/topic/a", body });
    const octets = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
    client.publish({ destination: "/topic/a", binaryBody: octets, headers: { as: "binary" } });
    await until(() => got.length === bodies.length + 1, "all messages");
    equal(got.slice(0, -1).map(({ body }) => body === bodies[got.findIndex((message) => message.body === body)]), bodies.map(() => true));
    equal(got.slice(0, -1).map(({ body }) => body.length), bodies.map((body) => body.length));
    const last = got.at(-1).binaryBody;
    equal([last.length, last.every((octet, i) => octet === octets[i]), last.buffer.byteLength], [70_000, true, 70_000]);
    await client.deactivate();
    equal([client.state, client.connected], [2, false]);
  },

  async "it comes back after each way to lose a connection"(stomp, broker) {
    const closes = [];
    const { client, connects } = await connect(stomp, broker, { onWebSocketClose: ({ code }) => closes.push(code), onConnect: (_, client) => client.subscribe("/topic/b", () => {}) });
    client.publish({ destination: "/cut" });
    await until(() => connects() === 2, "the second connection");
    client.publish({ destination: "/leave", body: "4321" });
    await until(() => connects() === 3, "the third connection");
    client.forceDisconnect();
    await until(() => connects() === 4, "the fourth connection");
    equal(closes.slice(0, 2), [1006, 4321]);
    const receipts = [];
    client.onDisconnect = (frame) => receipts.push(frame.headers["receipt-id"]);
    await client.deactivate();
    // sub-0 was the subscription's number.
    equal(receipts, ["close-1"]);
    equal(closes.length, 4);
  },

  async "what is not STOMP is named, the socket closed with a code, and the next one dialled"(stomp, broker) {
    const faults = [];
    const codes = [];
    const { client, connects } = await connect(stomp, broker, { onStompError: ({ headers }) => faults.push(headers.fault), onWebSocketClose: ({ code }) => codes.push(code) });
    client.publish({ destination: "/raw", body: "MESSAGE\nbroken\n\n\0" });
    await until(() => connects() === 2, "the next connection");
    equal([faults, codes], [["no-colon"], [4002]]);
    await client.deactivate();
  },

  async "the user's own closes are told once, also after ERROR"(stomp, broker) {
    let closes = 0;
    let errors = 0;
    const { client } = await connect(stomp, broker, { onWebSocketClose: () => closes++, onStompError: () => { errors++; client.forceDisconnect(); client.forceDisconnect(); }, reconnectDelay: 0 });
    client.publish({ destination: "/raw", body: "ERROR\nmessage:m\n\n\0" });
    await until(() => closes, "the close");
    await turn();
    equal([errors, closes], [1, 1]);
    await client.deactivate();
  },

  async "with errorTimeout it closes when the server does not"({ Client }, broker) {
    const told = [];
    const client = new Client({
      brokerURL: broker, connectHeaders: { passcode: "wrong" }, errorTimeout: 20, reconnectDelay: 10,
      onStompError: ({ headers, body }) => told.push(headers.message, body), onWebSocketClose: () => { told.push("closed"); client.connectHeaders = {}; },
    });
    client.activate();
    await until(() => client.connected, "the connection with other headers");
    equal(told, ["Bad CONNECT", "Access refuse", "closed"]);
    await client.deactivate();
  },

  async "deactivate ends on a server that never answers, whatever it waits for"({ Client }, broker) {
    const client = new Client({ brokerURL: `${broker}/silent`, deactivateTimeout: 30 });
    client.activate();
    await until(() => client.webSocket?.readyState === 1, "the open socket");
    await client.deactivate();
    equal(client.state, 2);
    const wire = new Wire();
    const other = wire.client({ Client }, { deactivateTimeout: 0 });
    await wire.connected(other);
    await other.deactivate({ timeout: 20 });
    equal([other.state, wire.trace.filter(([kind]) => kind === "onWebSocketClose").map(([, event]) => event.code)], [2, [4001]]);
  },

  async "a signal deactivates"({ Client }) {
    const wire = new Wire();
    const ending = new AbortController();
    const client = wire.client({ Client }, { signal: ending.signal });
    await wire.connected(client);
    ending.abort();
    equal(client.state, 1);
    wire.socket.gone(1000, true);
    equal(client.state, 2);
    client.activate();
    equal(client.state, 2, "activated with an aborted signal");
  },

  async "jitter lengthens waits, never beyond its part"({ Client }) {
    const wire = new Wire();
    const client = wire.client({ Client }, { reconnectDelay: 10, reconnectJitter: 1 });
    client.activate();
    for (let round = 1; round < 6; round++) {
      await until(() => wire.sockets.length === round);
      wire.socket.gone();
    }
    await client.deactivate();
    const waits = wire.trace.filter(([, text]) => /scheduling/.test(text)).map(([, text]) => Number.parseFloat(/in ([\d.]+)ms/.exec(text)[1]));
    assert(waits.length === 5 && waits.every((wait) => wait >= 10 && wait <= 20), `waits ${waits}`);
    assert(new Set(waits).size > 1, `all waits are ${waits[0]}`);
  },

  async "a worker's heart-beats go on without a worker"({ Client, TickerStrategy }) {
    const wire = new Wire();
    const client = wire.client({ Client }, { heartbeatOutgoing: 15, heartbeatIncoming: 15, heartbeatToleranceMultiplier: 8, heartbeatStrategy: TickerStrategy.Worker, reconnectDelay: 0 });
    const socket = await wire.connected(client, "version:1.2\nheart-beat:15,15");
    await until(() => wire.trace.filter(([kind, text]) => kind === "sent" && text === "\n").length > 1, "two beats");
    await until(() => wire.trace.some(([kind]) => kind === "onHeartbeatLost"), "the loss");
    socket.gone();
    await client.deactivate();
  },

  async "reading on is refused once the frame handler has left the socket"({ Client }) {
    const wire = new Wire();
    const got = [];
    const client = wire.client({ Client }, { onUnhandledMessage: ({ body }) => { got.push(body); void client.deactivate({ force: true }); } });
    const socket = await wire.connected(client);
    socket.say("MESSAGE\n\none\0MESSAGE\n\ntwo\0");
    equal(got, ["one"]);
  },

  async "a frame of many pieces is read in linear time"({ Client }) {
    const wire = new Wire();
    const sizes = [];
    const client = wire.client({ Client }, { onUnhandledMessage: ({ body }) => sizes.push(body.length), debug: () => {} });
    const socket = await wire.connected(client);
    const count = 200_000;
    for (const head of ["MESSAGE\n\n", `MESSAGE\ncontent-length:${count}\n\n`]) {
      socket.say(head);
      for (let i = 0; i < count; i++) socket.say("x");
      socket.say("\0");
      socket.say(new TextEncoder().encode(head));
      const octet = new Uint8Array([120]);
      for (let i = 0; i < count; i++) socket.say(octet);
      socket.say(new Uint8Array([0]));
    }
    equal(sizes, [count, count, count, count]);
    await client.deactivate({ force: true });
  },

  async "text and octets may take turns within a frame"({ Client }) {
    const wire = new Wire();
    const got = [];
    const client = wire.client({ Client }, { onUnhandledMessage: ({ body, headers }) => got.push([headers.k, body]) });
    const socket = await wire.connected(client);
    const [e, rest] = [new TextEncoder().encode("é"), new TextEncoder().encode("z\0")];
    socket.say("MESSAGE\nk:ü\ncontent-length:5\n\né");
    socket.say(e);
    socket.say(rest.subarray(0, 1));
    socket.say("\0");
    socket.say(new TextEncoder().encode("MESSAGE\nk:1\n"));
    socket.say("\nab");
    socket.say(rest);
    equal(got, [["ü", "ééz"], ["1", "abz"]]);
    await client.deactivate({ force: true });
  },

  async "two clients on one page do not meet"({ Client }) {
    const wires = [new Wire(), new Wire()];
    const clients = wires.map((wire) => wire.client({ Client }));
    await wires[0].connected(clients[0], "version:1.2");
    await wires[1].connected(clients[1], "version:1.0");
    const got = [];
    clients[0].subscribe("/a", ({ headers }) => got.push(headers.h));
    clients[1].subscribe("/a", ({ headers }) => got.push(headers.h));
    for (const wire of wires) wire.socket.say("MESSAGE\nsubscription:sub-0\nh:a\\cb\n\n\0");
    equal(got, ["a:b", "a\\cb"]);
    await clients[0].deactivate({ force: true });
    wires[1].socket.say("MESSAGE\nsubscription:sub-0\nh:c\n\n\0");
    equal(got.length, 3);
    await clients[1].deactivate({ force: true });
  },
};
