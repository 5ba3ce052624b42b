// everwire/stomp/connect against real RabbitMQ nodes: restarts under load, failover, and what is known of each message.
import assert from "node:assert/strict";
import WebSocket from "ws";
import { startRabbit } from "../support/rabbitmq.mjs";
import { until } from "../support/report.mjs";

const RECONNECT = { minDelay: 100, maxDelay: 500, firstSpread: 100 };
const LIMIT = 120_000;

export async function rabbit(run, { connect, conflate }) {
  const broker = await startRabbit({ nodes: 2 });
  const clients = [];
  const open = (source, options) => {
    const client = connect(source, {
      connectHeaders: { login: broker.user, passcode: broker.password, host: "/" }, reconnect: RECONNECT, WebSocket, ...options,
    });
    clients.push(client);
    return client;
  };
  try {
    await run("rabbitmq: messages, receipts, confirmed subscriptions, disconnect", async () => {
      const client = open(broker.urls[0]);
      const heard = [];
      const inbox = client.subscribe("/topic/plain", (message) => heard.push(message.body));
      await inbox.confirmed({ timeout: LIMIT });
      assert.equal((await client.publish("/topic/plain", "grüß: dich\n", { receipt: true }).acked).status, "acked");
      await until(() => heard.length, "the message", LIMIT);
      assert.deepEqual(heard, ["grüß: dich\n"]);
      await client.close();
      assert.equal(client.state, "closed");
    });

    await run("rabbitmq: a wrong passcode ends the client, and says so", async () => {
      const client = open(broker.urls[0], { connectHeaders: { login: "guest", passcode: "wrong", host: "/" } });
      const error = await client.opened({ timeout: LIMIT }).then(() => undefined, (error) => error);
      assert.equal(error?.code, "ended");
      assert.match(error.data.body, /Access refused/);
    });

    await run("rabbitmq: requests over a temporary queue", async () => {
      const server = open(broker.urls[0]);
      const questions = server.subscribe("/queue/rpc", (message) => {
        server.publish(message.headers["reply-to"], `re: ${message.body}`, { headers: { "correlation-id": message.headers["correlation-id"] } });
      });
      await questions.confirmed();
      const client = open(broker.urls[1]);
      const answers = await Promise.all(["a", "b", "c"].map((body) => client.request("/queue/rpc", body)));
      assert.deepEqual(answers.map(({ body }) => body), ["re: a", "re: b", "re: c"]);
    });

    await run("rabbitmq: acknowledged one by one, and again after a loss", async () => {
      const client = open(broker.urls[0]);
      const heard = [];
      client.subscribe("/queue/work", (message) => heard.push(message), { ack: "client-individual", headers: { "prefetch-count": 1 } });
      for (const body of ["1", "2"]) await client.publish("/queue/work", body, { receipt: true }).acked;
      await until(() => heard.length === 1, "the first message", LIMIT);
      client.reconnect();
      await until(() => heard.length === 2, "the first message again", LIMIT);
      assert.throws(() => heard[0].ack(), { code: "late-ack" });
      assert.deepEqual(heard.map(({ body, headers }) => [body, headers.redelivered]), [["1", "false"], ["1", "true"]]);
      heard[1].ack();
      await until(() => heard.length === 3, "the second message", LIMIT);
      assert.equal(heard[2].body, "2");
      heard[2].ack();
    });

    const outage = async (source, breakDown) => {
      const queue = `/queue/orders-${Math.random().toString(36).slice(2)}`;
      const durable = { headers: { durable: true, "auto-delete": false } };
      const publisher = open(source, { queue: { maxMessages: 100_000, maxBytes: 1 << 26 }, idHeader: "amqp-message-id" });
      const reader = open([...broker.urls].reverse());
      const seen = new Map();
      const inbox = reader.subscribe(queue, (message) => {
        const copies = seen.get(message.body) ?? [];
        seen.set(message.body, [...copies, message.headers["amqp-message-id"]]);
        message.ack();
      }, { ack: "client-individual", ...durable });
      await inbox.confirmed({ timeout: LIMIT });
      await publisher.opened({ timeout: LIMIT });
      const handles = [];
      const load = setInterval(() => {
        const number = handles.length;
        const sure = number % 2 === 0;
        handles.push(publisher.publish(queue, `${number}`, {
          headers: { persistent: true, ...durable.headers }, ...(sure ? { id: `order-${number}` } : { receipt: true }),
        }));
      }, 2);
      await until(() => handles.length > 200, "load", LIMIT);
      await breakDown();
      await publisher.opened({ timeout: LIMIT });
      const before = handles.length;
      await until(() => handles.length > before + 200, "load afterwards", LIMIT);
      clearInterval(load);
      const results = await Promise.all(handles.map((handle) => handle.acked));
      const confirmed = results.flatMap(({ status }, number) => (status === "acked" ? [`${number}`] : []));
      await until(() => confirmed.every((body) => seen.has(body)), "everything that was confirmed", LIMIT);
      results.forEach(({ status }, number) => {
        const copies = seen.get(`${number}`) ?? [];
        if (number % 2 === 0) assert.equal(status, "acked", `order ${number}`);
        else assert.ok(status === "acked" || status === "unknown", `message ${number} is ${status}`);
        // Without an id nothing is written twice; with one, the consumer knows copies by it.
        if (number % 2 === 0) assert.deepEqual(new Set(copies), new Set([`order-${number}`]));
      });
      return { results, seen, handles };
    };

    await run("rabbitmq: nothing confirmed is lost over a restart under load", async () => {
      const { results } = await outage(broker.urls[0], () => broker.restart());
      assert.ok(results.length > 400);
    });

    await run("rabbitmq: a killed node is failed over from, and nothing confirmed is lost", async () => {
      const { results } = await outage(broker.urls, () => broker.node(0).kill());
      assert.ok(results.length > 400);
      await broker.node(0).start();
    });

    await run("rabbitmq: conflated prices end with the latest over a restart", async () => {
      const client = open(broker.urls);
      const heard = [];
      client.subscribe("/topic/prices", (message) => heard.push(message.json()));
      const prices = client.topic("/topic/prices", { policy: conflate({ minInterval: 20 }), key: ([symbol]) => symbol });
      await client.opened({ timeout: LIMIT });
      // Before the loss is known, a price may be written to a broker that is gone: without a receipt nobody knows.
      const lost = new Promise((done) => client.on("state", ({ to }) => to === "waiting" && done()));
      const restarted = broker.restart({ kill: true });
      await lost;
      for (let price = 0; price <= 300; price++) {
        prices.publish([`s${price % 3}`, price]);
        await new Promise((next) => setImmediate(next));
      }
      await restarted;
      await until(() => heard.length >= 3, "the latest prices", LIMIT);
      assert.deepEqual(heard.map(([, price]) => price).sort(), [298, 299, 300]);
    });
  } finally {
    clients.forEach((client) => client.terminate());
    await broker.close();
  }
}
