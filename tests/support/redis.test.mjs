import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "redis";
import { startRedis } from "./redis.mjs";

test("a started Redis answers, also after a crash, and is gone after close", async () => {
  const redis = await startRedis();
  try {
    await ping(redis.url);
    await redis.restart({ kill: true });
    await ping(redis.url);
  } finally {
    await redis.close();
  }
  await assert.rejects(ping(redis.url), /ECONNREFUSED/);
});

async function ping(url) {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  assert.equal(await client.ping(), "PONG");
  client.destroy();
}
