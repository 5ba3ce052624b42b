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

  async "a signal that was replaced, or belongs to an activation that is over, is not listened to"({ Client }) {
    const wire = new Wire();
    const [old, fresh] = [new AbortController(), new AbortController()];
    const listening = new Map([[old.signal, 0], [fresh.signal, 0]]);
    for (const signal of listening.keys()) {
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...args) => { listening.set(signal, listening.get(signal) + 1); addEventListener.apply(signal, args); };
      signal.removeEventListener = (...args) => { listening.set(signal, listening.get(signal) - 1); removeEventListener.apply(signal, args); };
    }
    const client = wire.client({ Client }, { signal: old.signal });
    for (let round = 0; round < 3; round++) {
      await wire.connected(client);
      await client.deactivate({ force: true });
    }
    equal([...listening.values()], [0, 0]);
    client.signal = fresh.signal;
    await wire.connected(client);
    old.abort();
    equal([client.state, ...listening.values()], [0, 0, 1]);
    fresh.abort();
    wire.socket.gone(1000, true);
    equal([client.state, ...listening.values()], [2, 0, 0]);
  },

  async "activate() in onChangeState dials at once, once, and stays connected"({ Client }) {
    const wire = new Wire();
    let again = true;
    const client = wire.client({ Client }, {
      reconnectDelay: 0, onChangeState: (state) => {
        if (state !== 2 || !again) return;
        again = false;
        client.activate();
      },
    });
    await wire.connected(client);
    const gone = client.deactivate();
    wire.socket.gone(1000, true);
    await gone;
    await until(() => wire.sockets.length === 2, "the second socket");
    wire.socket.welcome();
    equal([client.connected, client.state], [true, 0]);
    wire.socket.gone();
    equal([client.connected, wire.sockets.length], [false, 2]);
    await client.deactivate();
  },

  async "onChangeState that throws is reported and stops nothing"({ Client }) {
    const wire = new Wire();
    const reported = [];
    const hear = (event) => { reported.push(event.message); event.preventDefault(); };
    addEventListener("error", hear);
    const client = wire.client({ Client }, { onChangeState: (state) => { throw new Error(`meant to be seen ${state}`); } });
    await wire.connected(client);
    const gone = client.deactivate();
    wire.socket.gone(1000, true);
    await gone;
    removeEventListener("error", hear);
    equal([client.state, reported.map((text) => text.at(-1))], [2, ["0", "1", "2"]]);
  },

  async "a factory that deactivates leaves no socket behind, and one that begins anew a single one"({ Client }) {
    const wire = new Wire();
    const client = wire.client({ Client }, {
      webSocketFactory: () => {
        const socket = wire.make();
        if (wire.sockets.length < 3) void client.deactivate();
        if (wire.sockets.length === 2) client.activate();
        return socket;
      },
    });
    await wire.dialed(client);
    equal([client.state, client.webSocket, wire.socket.readyState], [2, undefined, 2]);
    await wire.dialed(client);
    await until(() => wire.sockets.length === 3, "the socket of the activation within");
    await turn();
    equal([wire.sockets.length, ...wire.sockets.map(({ readyState }) => readyState)], [3, 2, 2, 0]);
    wire.socket.welcome();
    equal(client.connected, true);
    await client.deactivate({ force: true });
  },

  async "a socket that refuses the first frame is closed, and the next one dialled"({ Client }) {
    const wire = new Wire();
    const client = wire.client({ Client }, {
      reconnectDelay: 10, webSocketFactory: () => {
        const socket = wire.make();
        if (wire.sockets.length === 1) Object.assign(socket, { readyState: 1, send: () => { throw new Error("refused"); } });
        return socket;
      },
    });
    client.activate();
    await until(() => wire.sockets.length === 2, "the second socket");
    equal(wire.sockets[0].readyState, 2);
    wire.socket.welcome();
    wire.sockets[0].gone();
    equal([client.connected, client.webSocket === wire.socket], [true, true]);
    await client.deactivate({ force: true });
  },

  async "a client that will not reconnect keeps nothing in the module, nor a worker"() {
    const { Instance } = WebAssembly;
    const { Worker } = globalThis;
    let records = 0;
    let workers = 0;
    globalThis.Worker = class extends Worker {
      constructor(...args) { super(...args); workers++; }
      terminate() { workers--; super.terminate(); }
    };
    WebAssembly.Instance = function (...args) {
      const { exports } = new Instance(...args);
      return { exports: {
        ...exports,
        activate: (...args) => { records++; return exports.activate(...args); },
        destroy: (...args) => { records--; return exports.destroy(...args); },
      } };
    };
    try {
      const { Client, TickerStrategy } = await import("/everwire/stomp.js?counted");
      const counts = [];
      for (const fails of [false, true]) {
        const wire = new Wire();
        const told = [];
        const conf = { reconnectDelay: 0, heartbeatStrategy: TickerStrategy.Worker, onWebSocketError: () => told.push("error"), ...(fails && { beforeConnect: () => { throw new Error("no token"); } }) };
        const client = wire.client({ Client }, conf);
        if (fails) {
          client.activate();
          await until(() => told.length, "the failure");
        } else {
          await wire.connected(client, "version:1.2\nheart-beat:1000,1000");
          counts.push(records, workers);
          wire.socket.gone();
        }
        counts.push(records, workers, client.state);
        await client.deactivate();
        counts.push(records, client.state);
      }
      equal(counts, [1, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2]);
    } finally {
      WebAssembly.Instance = Instance;
      globalThis.Worker = Worker;
    }
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

  async "users' own properties on a client or a message meet nothing"({ Client }) {
    const wire = new Wire();
    const got = [];
    const client = wire.client({ Client }, { onUnhandledMessage: (message) => got.push(message) });
    const socket = await wire.connected(client);
    socket.say("MESSAGE\n\nx\0");
    for (let object of [client, got[0]]) {
      for (; object !== Object.prototype; object = Object.getPrototypeOf(object)) {
        equal(Object.getOwnPropertyNames(object).filter((name) => name.length < 3), [], "short names");
      }
    }
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
