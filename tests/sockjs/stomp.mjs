// STOMP over SockJS as Spring users have it: a real broker behind a SockJS endpoint, and on the client side @stomp/stompjs and
// everwire/stomp. RabbitMQ has no SockJS of its own any more, so a bridge passes messages on to its WebSocket.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import sockjs from "sockjs";
import WebSocket from "ws";
import { until } from "../support/report.mjs";
import { startRabbit } from "../support/rabbitmq.mjs";

/** A SockJS endpoint `/stomp` in front of a WebSocket address. */
export async function serveBridge(target) {
  const server = createServer();
  const app = sockjs.createServer({ log: () => {}, sockjs_url: "/none", disconnect_delay: 500 });
  const links = new Set();
  app.on("connection", (connection) => {
    const link = new WebSocket(target, ["v12.stomp"]);
    links.add(link);
    const early = [];
    connection.on("data", (text) => (link.readyState === 1 ? link.send(text) : early.push(text)));
    link.on("open", () => early.forEach((text) => link.send(text)));
    link.on("message", (data) => connection.write(String(data)));
    link.on("error", () => {});
    link.on("close", () => {
      links.delete(link);
      connection.close(1006, "the broker is gone");
    });
    connection.on("close", () => link.close());
  });
  app.installHandlers(server, { prefix: "/stomp" });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}/stomp`,
    links,
    close: () => new Promise((done) => {
      for (const link of links) link.terminate();
      server.close(done);
      server.closeAllConnections();
    }),
  };
}

/** In the page: subscribes, sends 20 messages with receipts, and leaves in good order. */
const TALK = `globalThis.talk = async (Client, url, transports) => {
  const received = [];
  const carried = [];
  let connects = 0;
  const client = new Client({
    webSocketFactory: () => {
      const socket = new SockJS(url, null, { transports });
      socket.addEventListener("open", () => carried.push(socket.transport));
      return socket;
    },
    connectHeaders: { login: "guest", passcode: "guest" },
    reconnectDelay: 50,
    heartbeatIncoming: 2_000,
    heartbeatOutgoing: 2_000,
  });
  globalThis.stompClient = client;
  const topic = "/topic/sockjs." + Math.random().toString(36).slice(2);
  client.onConnect = () => {
    connects++;
    client.subscribe(topic, ({ body }) => received.push(body));
    if (connects > 1) return client.publish({ destination: topic, body: "back again" });
    for (let i = 0; i < 20; i++) client.publish({ destination: topic, body: "message " + i + " \\u20ac" });
  };
  client.activate();
  await until(() => received.length === 20, "twenty messages");
  return {
    received, carried,
    loss: () => until(() => received.at(-1) === "back again", "the reconnect"),
    leave: async () => {
      await client.deactivate();
      return connects;
    },
  };
}`;

/** Runs `run` for each check of STOMP over SockJS. */
export async function stomp({ page, run }) {
  const rabbit = await startRabbit();
  const bridge = await serveBridge(rabbit.urls[0]);
  try {
    await page.evaluate(TALK);
    for (const entry of ["/stompjs.js", "/everwire/stomp.js"]) {
      for (const transport of ["websocket", "xhr-streaming", "eventsource", "xhr-polling"]) {
        await run(`STOMP over ${transport}: ${entry === "/stompjs.js" ? "@stomp/stompjs" : "everwire/stomp"} with RabbitMQ`, async () => {
          const result = await page.evaluate(async ([entry, url, transport]) => {
            const { Client } = await import(entry);
            globalThis.running = await talk(Client, url, transport);
            return { received: running.received, carried: running.carried };
          }, [entry, bridge.url, transport]);
          assert.deepEqual(result, { received: Array.from({ length: 20 }, (_, i) => `message ${i} €`), carried: [transport] });
          // The session is lost on the way: the client comes back by itself.
          for (const link of bridge.links) link.terminate();
          await page.evaluate(() => running.loss());
          assert.equal(await page.evaluate(() => running.leave()), 2);
          await until(() => !bridge.links.size, "the broker's connection to end");
        });
      }
    }
    await run("STOMP over SockJS: everwire/stomp takes the class", async () => {
      const result = await page.evaluate(async (url) => {
        const { Client } = await import("/everwire/stomp.js");
        const client = new Client({ brokerURL: url, SockJS, connectHeaders: { login: "guest", passcode: "guest" } });
        const topic = "/topic/sockjs.class";
        const body = new Promise((received) => {
          client.onConnect = () => {
            client.subscribe(topic, (message) => received(message.body));
            client.publish({ destination: topic, body: "by class" });
          };
        });
        client.activate();
        const dialled = [await body, client.webSocket instanceof SockJS, client.webSocket.url];
        await client.deactivate();
        return dialled;
      }, bridge.url);
      assert.deepEqual(result, ["by class", true, bridge.url]);
    });
  } finally {
    await bridge.close();
    await rabbit.close();
  }
}
