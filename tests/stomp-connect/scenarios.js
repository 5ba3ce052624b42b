// Scenarios of everwire/stomp/connect that run in a page and in Node alike, against the small broker of the test server.
// Each throws if something is wrong.

const QUICK = { minDelay: 10, maxDelay: 20, jitter: "none", firstSpread: 0 };
let keys = 0;

function equal(actual, expected, what = "value") {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what} is ${a}, not ${b}`);
}

async function rejects(promise, code) {
  const error = await promise.then(() => undefined, (error) => error);
  if (!error || (error.code !== code && error.name !== code)) throw new Error(`expected ${code}, got ${error}`);
  return error;
}

function throws(run, code) {
  try {
    run();
  } catch (error) {
    if (error.code === code) return error;
    throw error;
  }
  throw new Error(`expected ${code}`);
}

const state = (client, wanted) => client.state === wanted ? undefined : new Promise((done) => {
  const off = client.on("state", ({ to }) => {
    if (to !== wanted) return;
    off();
    done();
  });
});

/** Scenarios by name; `env`: server (ws origin), WebSocket (undefined in a page), connect and the rest of the module. */
export const scenarios = {
  async "a message goes out and comes back"({ open }) {
    const { client } = open();
    const heard = [];
    const inbox = client.subscribe("/topic/a", (message) => heard.push(message.body));
    const loop = inbox[Symbol.asyncIterator]();
    const handle = client.publish("/topic/a", "grüß: dich\n", { headers: { "a:b": "c\nd\\e", n: 7 }, receipt: true });
    const { value } = await loop.next();
    equal(value.body, "grüß: dich\n");
    equal(value.destination, "/topic/a");
    equal((await handle.acked).status, "acked");
    await inbox.confirmed({ timeout: 5_000 });
    await client.opened({ timeout: 5_000 });
    equal(heard, ["grüß: dich\n"]);
    equal(client.version, "1.2");
    equal(client.stats().received, 1);
  },

  async "octets stay octets and objects are JSON"({ open }) {
    const { client } = open();
    const loop = client.subscribe("/topic/a")[Symbol.asyncIterator]();
    client.publish("/topic/a", new Uint8Array([0, 255, 10, 128]));
    equal([...(await loop.next()).value.binary], [0, 255, 10, 128]);
    client.publish("/topic/a", { price: 3 });
    equal((await loop.next()).value.json(), { price: 3 });
  },

  async "subscriptions come back before what was queued, once"({ open, frames }) {
    const { client, key } = open();
    const heard = [[], []];
    heard.forEach((list) => client.subscribe("/topic/a", (message) => list.push(message.body)));
    await client.opened();
    for (let round = 0; round < 3; round++) {
      client.publish("/command/drop");
      await state(client, "waiting");
      const handle = client.publish("/topic/a", `${round}`, { receipt: true });
      await handle.acked;
    }
    equal(heard, [["0", "1", "2"], ["0", "1", "2"]]);
    equal((await frames(key, "SUBSCRIBE")).length, 4);
    equal(client.stats().reconnects, 3);
  },

  async "an id is written again, a mere receipt is unknown"({ open, frames }) {
    const { client, key } = open({ query: "&receipts=no", confirm: 0 });
    const sure = client.publish("/queue/a", "sure", { id: "order-1" });
    const plain = client.publish("/queue/a", "plain", { receipt: true });
    await sure.written;
    await plain.written;
    client.publish("/command/drop");
    equal((await plain.acked).status, "unknown");
    await state(client, "open");
    while ((await frames(key, "SEND destination:/queue/a")).length < 3);
    const sent = await frames(key, "SEND destination:/queue/a");
    equal(sent[2], sent[0]);
    equal(sent[0].includes("idempotency-key:order-1"), true);
  },

  async "a topic keeps the latest value of each key"({ open, frames, conflate }) {
    const { client, key } = open();
    const prices = client.topic("/topic/prices", { policy: conflate(), key: ([symbol]) => symbol, receipt: true });
    const old = prices.publish(["a", 1]);
    prices.publish(["b", 1]);
    equal(prices.peek("a"), ["a", 1]);
    const last = prices.publish(["a", 2]);
    equal((await old.acked).status, "superseded");
    equal((await last.acked).status, "acked");
    await prices.flush();
    equal((await frames(key, "SEND")).map((frame) => frame.split("|")[1]), ['["a",2]', '["b",1]']);
    equal(client.topic("/topic/prices") === prices, true);
    throws(() => client.topic("/topic/prices", { receipt: true }), "invalid-option");
    const sums = client.topic("/topic/sum", { policy: conflate({ merge: (a, b) => a + b }) });
    await state(client, "open");
    client.publish("/command/drop");
    await state(client, "waiting");
    sums.publish(1);
    sums.publish(2);
    await sums.publish(3).written;
    while (!(await frames(key, "SEND destination:/topic/sum")).length);
    equal((await frames(key, "SEND destination:/topic/sum")).map((frame) => frame.split("|")[1]), ["6"]);
  },

  async "requests are answered, time out, and are given up"({ open }) {
    const { client } = open();
    equal((await client.request("/rpc", "one")).body, "one");
    equal((await client.request("/rpc", "two", { replyTo: "/user/queue/replies" })).body, "two");
    await rejects(client.request("/command/raw", "\n", { timeout: 30 }), "timeout");
    const controller = new AbortController();
    const aborted = client.request("/command/raw", "\n", { signal: controller.signal });
    controller.abort();
    await rejects(aborted, "AbortError");
    const lost = client.request("/command/raw", "\n");
    client.publish("/command/drop");
    await rejects(lost, "not-delivered");
  },

  async "acknowledging late is refused"({ open, frames }) {
    const { client, key } = open();
    const loop = client.subscribe("/queue/a", { ack: "client-individual" })[Symbol.asyncIterator]();
    client.publish("/queue/a", "1");
    const { value: message } = await loop.next();
    message.ack();
    message.nack();
    while (!(await frames(key, "NACK")).length);
    equal((await frames(key, "ACK"))[0].startsWith("ACK id:ack-0 subscription:sub-"), true);
    client.publish("/command/drop");
    await state(client, "waiting");
    await state(client, "open");
    throws(() => message.ack(), "late-ack");
    const automatic = client.subscribe("/topic/a")[Symbol.asyncIterator]();
    client.publish("/topic/a", "2");
    const second = (await automatic.next()).value;
    throws(() => second.ack(), "late-ack");
  },

  async "a transaction is written as a whole"({ open, frames }) {
    const { client, key } = open();
    const aborted = client.begin();
    aborted.publish("/queue/a", "no");
    aborted.abort();
    throws(() => aborted.commit(), "closed");
    const transaction = client.begin();
    transaction.publish("/queue/a", "1");
    transaction.publish("/queue/a", "2");
    equal((await transaction.commit().acked).status, "acked");
    equal((await frames(key, "")).map((frame) => frame.split(/[ |]/)[0]), ["CONNECT", "BEGIN", "SEND", "SEND", "COMMIT"]);
    throws(() => client.begin().commit(), "invalid-option");
  },

  async "a refused login ends the connection and says why"({ open }) {
    const { client } = open({ query: "&passcode=right", connectHeaders: { passcode: "wrong" } });
    const errors = [];
    client.on("error", (error) => errors.push(error));
    const inbox = client.subscribe("/topic/a");
    const error = await rejects(client.opened(), "ended");
    equal(error.data.body, "Access refused");
    await rejects(inbox[Symbol.asyncIterator]().next(), "ended");
    equal(errors.map(({ code, message }) => [code, message]), [["server", "Bad CONNECT"]]);
    equal(inbox.active, false);
  },

  async "each attempt has a fresh token"({ open }) {
    let attempts = 0;
    const { client } = open({ query: "&passcode=token-3", connectHeaders: async () => ({ passcode: `token-${++attempts}` }) });
    await client.opened();
    equal(attempts, 3);
  },

  async "a refused subscription ends alone, a refused message is told"({ open }) {
    const { client } = open();
    const good = client.subscribe("/topic/a");
    const bad = client.subscribe("/secret/a");
    const error = await rejects(bad.confirmed(), "refused");
    equal(error.data.headers.message, "not allowed here");
    const dropped = await client.publish("/secret/b", "", { id: "1" }).acked;
    equal([dropped.status, dropped.reason], ["dropped", "refused"]);
    const loop = good[Symbol.asyncIterator]();
    client.publish("/topic/a", "on");
    equal((await loop.next()).value.body, "on");
    equal([good.active, bad.active], [true, false]);
  },

  async "malformed frames and silence are errors, and the connection comes back"({ open }) {
    const { client } = open();
    await client.opened();
    const error = new Promise((done) => client.on("error", done));
    client.publish("/command/raw", "MESSAGE\nno colon\n\n\0");
    equal((await error).code, "protocol");
    await state(client, "open");
    const silent = open({ query: "&beat=50,0", heartbeat: { outgoing: 0, incoming: 50 } }).client;
    equal((await new Promise((done) => silent.on("error", done))).code, "protocol");
  },

  async "a dead endpoint is passed over"({ open }) {
    const { client } = open({ before: ["/refuse-first?n=1000000"] });
    await client.opened({ timeout: 5_000 });
  },

  async "close drains, says goodbye, and ends for ever"({ open, frames }) {
    const { client, key } = open();
    await client.opened();
    const last = client.publish("/queue/a", "last", { receipt: true });
    await client.close();
    equal(client.state, "closed");
    equal(last.status, "acked");
    equal((await frames(key, "")).at(-1).split(" ")[0], "DISCONNECT");
    throws(() => client.publish("/queue/a"), "closed");
    throws(() => client.subscribe("/queue/a"), "closed");
    await client.close();
  },

  async "a signal takes back what is not written, and ends subscriptions"({ open, frames }) {
    const { client, key } = open();
    const controller = new AbortController();
    const { signal } = controller;
    const inbox = client.subscribe("/topic/a", () => {}, { signal });
    const message = client.publish("/queue/a", "no", { signal });
    controller.abort();
    equal((await message.acked).status, "cancelled");
    equal(inbox.active, false);
    await client.publish("/x", "", { receipt: true }).acked;
    equal((await frames(key, "SEND destination:/queue/a")).length, 0);
    await rejects(open().client.opened({ signal: AbortSignal.abort() }), "AbortError");
  },

  async "sockets with on-handlers only, as SockJS has"({ open, server, WebSocket }) {
    const made = [];
    const { client } = open({ source: (url) => ({ webSocketFactory: (attempt) => {
      const native = new WebSocket(url, ["v12.stomp"]);
      const socket = { get readyState() { return native.readyState; }, send: (data) => native.send(data), close: () => native.close() };
      native.onopen = () => socket.onopen();
      native.onmessage = ({ data }) => socket.onmessage({ data });
      native.onclose = ({ code, reason }) => socket.onclose({ code, reason });
      native.onerror = () => {};
      made.push(attempt);
      return socket;
    } }) });
    const loop = client.subscribe("/topic/a")[Symbol.asyncIterator]();
    client.publish("/topic/a", "over");
    equal((await loop.next()).value.body, "over");
    client.publish("/command/drop");
    await state(client, "waiting");
    await state(client, "open");
    equal(made, [0, 1]);
  },

  async "octets arrive over a factory's own WebSocket"({ open, WebSocket }) {
    const { client } = open({ source: (url) => ({ webSocketFactory: () => new WebSocket(url, ["v12.stomp"]) }) });
    const loop = client.subscribe("/topic/a")[Symbol.asyncIterator]();
    client.publish("/topic/a", new Uint8Array([0, 255]));
    equal([...(await loop.next()).value.binary], [0, 255]);
  },

  async "headers of a message count where its topic has the same"({ open, frames }) {
    const { client, key } = open();
    const orders = client.topic("/queue/a", { headers: { priority: 1, origin: "page" }, receipt: true });
    await orders.publish("x", { headers: { priority: 9 } }).acked;
    equal((await frames(key, "SEND"))[0].replace(/ (receipt|content).*\|/, "|"), "SEND destination:/queue/a origin:page priority:9|x");
  },

  async "a signal is let go of with the subscription"({ open }) {
    const { client } = open();
    const { signal } = new AbortController();
    let held = 0;
    for (const [name, step] of [["addEventListener", 1], ["removeEventListener", -1]]) {
      signal[name] = (...args) => {
        held += step;
        AbortSignal.prototype[name].apply(signal, args);
      };
    }
    const inbox = client.subscribe("/topic/a", { signal });
    equal(held, 1);
    inbox.unsubscribe();
    equal(held, 0);
  },

  async "a policy for very many destinations"({ open, frames, throttle }) {
    const { client, key } = open({ queue: { maxMessages: 3_000 } });
    await client.opened();
    const policy = throttle({ interval: 60_000 });
    for (let i = 0; i < 1_500; i++) client.publish(`/topic/${i}`, "1", { policy });
    await client.publish("/queue/a", "", { receipt: true }).acked;
    equal((await frames(key, "SEND destination:/topic/")).length, 1_500);
    const paced = client.publish("/topic/1499", "2", { policy });
    equal(paced.status, "paced");
    equal(client.publish("/topic/1499", "3", { policy }).status, "paced");
    equal(paced.status, "superseded");
  },

  async "wrong options are named"({ open, connect, WebSocket }) {
    for (const options of [{ colour: 1 }, { versions: [] }, { heartbeat: { outgoing: -1 } }, { confirm: NaN }, { replyTo: "" }]) {
      throws(() => connect("ws://127.0.0.1:1", options), "invalid-option");
    }
    const { client } = open();
    throws(() => client.publish("/q", "", { recipt: true }), "invalid-option");
    throws(() => client.publish("", ""), "invalid-option");
    throws(() => client.publish("/q", "", { headers: { a: "\0" } }), "encode");
    throws(() => client.topic("/q", { policy: { kind: "batch" } }), "invalid-option");
    throws(() => client.subscribe("/q", { ack: "never" }), "invalid-option");
    const named = (run, option) => equal(throws(run, "invalid-option").option, option);
    named(() => connect("ws://127.0.0.1:1", { connectHeaders: "token", WebSocket }), "connectHeaders");
    named(() => connect("ws://127.0.0.1:1", { connectHeaders: { token: undefined }, WebSocket }), "connectHeaders.token");
    named(() => connect("ws://127.0.0.1:1", { WebSocket: 5 }), "WebSocket");
    equal(throws(() => connect("ws://127.0.0.1:1", { WebSocket: 5 }), "invalid-option").message, "WebSocket must be a class, not 5");
    for (const value of [undefined, null, {}]) named(() => client.publish("/q", "", { headers: { a: value } }), "headers.a");
  },

  async "a provider that gives nothing is named, and asked again"({ open, WebSocket }) {
    for (const [what, source] of [["url", () => () => undefined], ["webSocketFactory", () => ({ webSocketFactory: () => undefined })]]) {
      const { client } = open({ source, WebSocket });
      const error = await new Promise((done) => client.on("error", done));
      equal([error.code, error.message.includes(what)], ["dial", true], error.message);
      await state(client, "waiting");
      await state(client, "connecting");
    }
  },
};

/** What a scenario gets. `closeAll` ends the clients it opened. */
export function environment(module, server, WebSocket, http) {
  const clients = [];
  return {
    ...module, server, WebSocket: WebSocket ?? globalThis.WebSocket,
    open({ query = "", before = [], source, ...options } = {}) {
      const key = `connect-${Math.random().toString(36).slice(2)}-${++keys}`;
      const url = `${server}/stomp?choose=v12.stomp&key=${key}${query}`;
      const from = source ? source(url) : before.length ? [...before.map((path) => server + path), url] : url;
      const client = module.connect(from, { reconnect: QUICK, ...(WebSocket && !source && { WebSocket }), ...options });
      clients.push(client);
      return { client, key };
    },
    async frames(key, command) {
      const all = await (await fetch(`${http}/received/${key}`)).json();
      return all.filter((frame) => frame.startsWith(command));
    },
    closeAll: () => clients.forEach((client) => client.terminate()),
  };
}
