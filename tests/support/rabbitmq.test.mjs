import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "@stomp/stompjs";
import WebSocket from "ws";
import { startRabbit } from "./rabbitmq.mjs";

test("two started nodes are one cluster, in which one can be killed and come back", async () => {
  const rabbit = await startRabbit({ nodes: 2 });
  try {
    await carries(rabbit, 0, 1);
    await rabbit.node(0).kill();
    await carries(rabbit, 1, 1);
    await rabbit.node(0).start();
    await carries(rabbit, 1, 0);
    await rabbit.restart();
    await carries(rabbit, 0, 1);
  } finally {
    await rabbit.close();
  }
  await assert.rejects(connected(rabbit, 0), /ECONNREFUSED/);
});

/** What is published at one node arrives at a subscriber of the other. */
async function carries(rabbit, from, to) {
  const [publisher, subscriber] = [await connected(rabbit, from), await connected(rabbit, to)];
  try {
    const arrived = new Promise((done) => {
      subscriber.subscribe("/topic/smoke", (message) => done(message.body));
      // The subscription stands once its receipt is here.
      subscriber.watchForReceipt("stands", () => publisher.publish({ destination: "/topic/smoke", body: "tick" }));
      subscriber.subscribe("/topic/other", () => {}, { receipt: "stands" });
    });
    assert.equal(await arrived, "tick");
  } finally {
    await Promise.all([publisher, subscriber].map((client) => client.deactivate({ force: true })));
  }
}

function connected({ urls, user, password }, node) {
  return new Promise((done, failed) => {
    const client = new Client({
      webSocketFactory: () => new WebSocket(urls[node], ["v12.stomp"]),
      connectHeaders: { login: user, passcode: password },
      reconnectDelay: 0,
      onConnect: () => done(client),
      onStompError: ({ headers }) => failed(new Error(headers.message)),
      onWebSocketError: ({ message }) => failed(new Error(message)),
    });
    client.activate();
  });
}
