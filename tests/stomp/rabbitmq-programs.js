// Programs for a real RabbitMQ, each for a client and a queue of its own. They give what must not depend on the client.
import { until } from "./wire.js";

/** A client whose trace of main events is in `log`. */
function connect({ Client }, { url, user, password }, conf = {}) {
  const log = [];
  const client = new Client({
    brokerURL: url, connectHeaders: { login: user, passcode: password, host: "/" }, reconnectDelay: 200, heartbeatIncoming: 0, heartbeatOutgoing: 0,
    ...conf,
  });
  client.log = log;
  client.up = new Promise((up) => { client.onConnect = () => { log.push("connected"); up(); }; });
  client.activate();
  return client;
}

async function live(stomp, broker, conf) {
  const client = connect(stomp, broker, conf);
  await client.up;
  return client;
}

const receipt = (client, id) => new Promise((done) => client.watchForReceipt(id, done));

export const programs = {
  async "large and binary bodies come back as they were"(stomp, broker) {
    const client = await live(stomp, broker);
    const got = [];
    client.subscribe(`/queue/${broker.queue}`, (message) => got.push(message), { "auto-delete": "true" });
    const texts = ["", "plain", "한국어 😀 \n\r:\\ \u0000 end", "x".repeat(1_000_000), "é".repeat(300_000)];
    for (const body of texts) client.publish({ destination: `/queue/${broker.queue}`, body });
    const octets = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256);
    client.publish({ destination: `/queue/${broker.queue}`, binaryBody: octets });
    await until(() => got.length === texts.length + 1, "all messages", 30_000);
    const same = got.slice(0, -1).map(({ body }, i) => body === texts[i]);
    const last = got.at(-1).binaryBody;
    await client.deactivate();
    return [same, last.length, last.every((octet, i) => octet === octets[i])];
  },

  async "headers survive the round trip in each version"(stomp, broker) {
    const results = [];
    for (const version of ["1.2", "1.1", "1.0"]) {
      const client = await live(stomp, broker, { stompVersions: new stomp.Versions([version]) });
      const value = version === "1.2" ? "C:\\new\\cat\nline" : "a:b";
      const got = new Promise((done) => client.subscribe(`/queue/${broker.queue}-${version}`, done, { "auto-delete": "true", id: "s" }));
      client.publish({ destination: `/queue/${broker.queue}-${version}`, headers: { value }, body: "x" });
      results.push([client.connectedVersion, (await got).headers.value === value]);
      await client.deactivate();
    }
    return results;
  },

  async "a subscription's receipt, and a transaction that is committed and one that is not"(stomp, broker) {
    const client = await live(stomp, broker);
    const got = [];
    const subscribed = receipt(client, "r1");
    client.subscribe(`/queue/${broker.queue}`, ({ body }) => got.push(body), { receipt: "r1", "auto-delete": "true" });
    await subscribed;
    const lost = client.begin();
    client.publish({ destination: `/queue/${broker.queue}`, body: "aborted", headers: { transaction: lost.id } });
    lost.abort();
    const kept = client.begin();
    client.publish({ destination: `/queue/${broker.queue}`, body: "one", headers: { transaction: kept.id } });
    client.publish({ destination: `/queue/${broker.queue}`, body: "two", headers: { transaction: kept.id } });
    kept.commit();
    const last = receipt(client, "r2");
    client.publish({ destination: `/queue/${broker.queue}`, body: "three", headers: { receipt: "r2" } });
    await last;
    await until(() => got.length >= 3, "the messages");
    await client.deactivate();
    return got;
  },

  async "client acknowledges all up to one, client-individual each; what is refused comes again"(stomp, broker) {
    const client = await live(stomp, broker);
    const trace = [];
    for (const ack of ["client", "client-individual"]) {
      const queue = `/queue/${broker.queue}-${ack}`;
      const first = [];
      const subscription = client.subscribe(queue, (message) => first.push(message), { ack, "prefetch-count": "10" });
      for (const body of ["a", "b", "c"]) client.publish({ destination: queue, body });
      await until(() => first.length === 3, "three messages");
      first[1].ack();
      if (ack === "client-individual") first[2].nack({ requeue: "false" });
      const done = receipt(client, `done-${ack}`);
      subscription.unsubscribe({ receipt: `done-${ack}` });
      await done;
      const again = [];
      client.subscribe(queue, ({ body, headers }) => again.push([body, headers.redelivered]), { "auto-delete": "true" });
      client.publish({ destination: queue, body: "end" });
      await until(() => again.some(([body]) => body === "end"), "the last message");
      trace.push([ack, again]);
    }
    await client.deactivate();
    return trace;
  },

  async "wrong credentials: ERROR, and the broker leaves the connection open"(stomp, broker) {
    const client = connect(stomp, { ...broker, password: "wrong" }, { connectionTimeout: 700, reconnectDelay: 0 });
    const errors = [];
    client.onStompError = ({ headers, body }) => errors.push([headers.message, body.trim()]);
    const closed = new Promise((done) => { client.onWebSocketClose = () => done(client.connected); });
    await until(() => errors.length, "the error");
    const connected = await closed;
    await client.deactivate();
    return [errors, connected];
  },

  async "a second subscription with the same id ends the connection"(stomp, broker) {
    const client = await live(stomp, broker, { reconnectDelay: 0 });
    const closed = new Promise((done) => { client.onWebSocketClose = ({ code }) => done(code); });
    client.subscribe(`/topic/${broker.queue}`, () => {}, { id: "same" });
    client.subscribe(`/topic/${broker.queue}-2`, () => {}, { id: "same" });
    const code = await closed;
    await client.deactivate();
    return ["closed", code];
  },

  async "the broker crashes under load and comes back"(stomp, broker) {
    const client = connect(stomp, broker);
    const got = new Set();
    let connects = 0;
    client.onConnect = () => {
      connects++;
      client.subscribe(`/topic/${broker.queue}`, ({ body }) => got.add(body));
    };
    let number = 0;
    const load = setInterval(() => {
      if (client.connected) client.publish({ destination: `/topic/${broker.queue}`, body: `${number++}` });
    }, 2);
    await until(() => got.size > 50, "messages before");
    const before = got.size;
    await globalThis.restartBroker();
    await until(() => connects > 1, "the connection after", 60_000);
    const then = got.size;
    await until(() => got.size > then + 50, "messages after", 20_000);
    clearInterval(load);
    const state = [client.active, client.connected, then >= before];
    await client.deactivate();
    return [...state, client.state];
  },

  async "one of two nodes is killed: the client goes on at the other, and nothing that a receipt confirmed is lost"(stomp, broker) {
    // The queue lives where it was declared, which is the node that stays.
    const dialled = [];
    const consumer = await live(stomp, { ...broker, url: broker.urls[1] });
    const got = new Set();
    const subscribed = receipt(consumer, "subscribed");
    consumer.subscribe(`/queue/${broker.queue}`, ({ body }) => got.add(body), { receipt: "subscribed", "auto-delete": "true" });
    await subscribed;

    let node = 0;
    let number = 0;
    const confirmed = new Set();
    const waiting = new Map();
    const client = connect(stomp, broker, {
      // The next address after each loss, the first one to begin with.
      beforeConnect: (client) => {
        client.brokerURL = broker.urls[node++ % 2];
        dialled.push(broker.urls.indexOf(client.brokerURL));
      },
    });
    const send = (body) => {
      const id = `sent-${number++}`;
      client.watchForReceipt(id, () => { confirmed.add(body); waiting.delete(body); });
      client.publish({ destination: `/queue/${broker.queue}`, body, headers: { receipt: id, "auto-delete": "true" } });
    };
    let connects = 0;
    client.onConnect = () => {
      connects++;
      // What no receipt has confirmed goes out once more.
      for (const body of waiting.keys()) send(body);
    };
    const load = setInterval(() => {
      if (!client.connected) return;
      const body = `message ${number}`;
      waiting.set(body, true);
      send(body);
    }, 2);
    try {
      await until(() => confirmed.size > 50, "receipts before", 20_000);
      await globalThis.killNode(0);
      await until(() => connects === 2, "the connection to the other node", 60_000);
      const before = confirmed.size;
      await until(() => confirmed.size > before + 50, "receipts after", 30_000);
      clearInterval(load);
      await until(() => !waiting.size, "all receipts", 30_000);
      await until(() => [...confirmed].every((body) => got.has(body)), "all that was confirmed", 30_000);
      return [dialled, consumer.connected, client.connected];
    } finally {
      clearInterval(load);
      await client.deactivate();
      await consumer.deactivate();
      await globalThis.startNode(0);
    }
  },
};
Object.assign(programs["headers survive the round trip in each version"], {
  // The peer undoes escapes by four replacements one after the other, and only in 1.2, though RabbitMQ escapes in every version.
  theirs: [["1.2", false], ["1.1", false], ["1.0", false]],
  ours: [["1.2", true], ["1.1", true], ["1.0", true]],
});
