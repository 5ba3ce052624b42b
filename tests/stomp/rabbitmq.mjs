// everwire/stomp and @stomp/stompjs in Chromium against two clustered RabbitMQ nodes that are started for the test: the same
// programs with both, and the traces compared.
//
//   node rabbitmq.mjs [FILTER]
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchChromium, openPage } from "../support/browser.mjs";
import { startRabbit } from "../support/rabbitmq.mjs";
import { check, finish } from "../support/report.mjs";
import { serveHttp } from "../support/server.mjs";
import { programs } from "./rabbitmq-programs.js";

const here = dirname(fileURLToPath(import.meta.url));
const filter = process.argv[2] ?? "";
const rabbit = await startRabbit({ nodes: 2, wsFrame: "binary" });
const site = await serveHttp({
  "/": { body: `<!doctype html><link rel="icon" href="data:,"><title>rabbitmq</title>` },
  "/tests/": { dir: here },
  "/everwire/": { dir: join(here, "../../pkg/dist") },
  "/peers/": { dir: join(here, "../node_modules/@stomp/stompjs/esm6") },
});
const browser = await launchChromium();
try {
  const { page } = await openPage(browser, site.origin);
  await page.exposeFunction("restartBroker", () => rabbit.restart({ kill: true }));
  await page.exposeFunction("killNode", (i) => rabbit.node(i).kill());
  await page.exposeFunction("startNode", (i) => rabbit.node(i).start());
  await page.evaluate(async () => {
    const [theirs, ours, { programs }] = await Promise.all([import("/peers/index.js"), import("/everwire/stomp.js"), import("/tests/rabbitmq-programs.js")]);
    Object.assign(globalThis, { theirs, ours, programs });
  });
  const broker = { url: rabbit.urls[0], urls: rabbit.urls, user: rabbit.user, password: rabbit.password };
  for (const name of Object.keys(programs).filter((name) => name.includes(filter))) {
    await check(`on RabbitMQ: ${name}`, async () => {
      const play = (client) => page.evaluate(([name, client, broker]) => programs[name](globalThis[client], { ...broker, queue: `${client}-${Math.random()}` }), [name, client, broker]);
      const peer = await play("theirs");
      const own = await play("ours");
      assert.deepEqual(own, programs[name].ours ?? peer);
      if (programs[name].theirs) assert.deepEqual(peer, programs[name].theirs);
      assert.ok(JSON.stringify(own).length > 4);
    });
  }
} finally {
  await browser.close();
  await site.close();
  await rabbit.close();
}
finish();
