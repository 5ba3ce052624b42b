// Tests of everwire/sockjs in Chromium: against sockjs-node over every transport, through proxies that break things, against
// a server that plays scripts, and beside sockjs-client.
//
//   node run.mjs [FILTER]       a part of a check's name; RabbitMQ is started for those that begin with STOMP
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchChromium, openPage } from "../support/browser.mjs";
import { check, finish, until } from "../support/report.mjs";
import { serveHttp } from "../support/server.mjs";
import { hostile } from "./hostile.mjs";
import { driver, http } from "./http.mjs";
import { networks } from "./networks.mjs";
import { once, scenarios, shape } from "./page.js";
import { bundled, peer } from "./peer.mjs";
import { places } from "./places.mjs";
import { serveScript, serveSockJs, serveWithoutUpgrade } from "./servers.mjs";
import { stomp } from "./stomp.mjs";
import { transports } from "./transports.mjs";

const tests = join(dirname(fileURLToPath(import.meta.url)), "..");
const filter = process.argv[2] ?? "";
const run = (name, body) => (name.includes(filter) ? check(name, body) : undefined);
const TRANSPORTS = ["websocket", "xhr-streaming", "eventsource", "xhr-polling"];

const server = await serveSockJs();
const script = await serveScript();
const closed = await serveWithoutUpgrade(server.origin);
await closed.close();
const site = await serveHttp({
  "/": { body: `<!doctype html><link rel="icon" href="data:,"><title>sockjs</title>` },
  "/tests/": { dir: tests },
  "/peer.js": { body: await bundled("export { default } from 'sockjs-client'"), type: "text/javascript" },
  "/http.js": { body: await driver(), type: "text/javascript" },
  "/stompjs.js": { body: await bundled("export { Client } from '@stomp/stompjs'"), type: "text/javascript" },
  "/everwire/": { dir: join(tests, "../pkg/dist") },
});
const browser = await launchChromium();
try {
  const { page, problems } = await openPage(browser, site.origin);
  await page.evaluate(async () => {
    const [helpers, { default: SockJS }, everwire, { default: Peer }] = await Promise.all([
      import("/tests/sockjs/page.js"), import("/everwire/sockjs.js"), import("/everwire/client.js"), import("/peer.js"),
    ]);
    Object.assign(globalThis, everwire, helpers, { SockJS, Peer });
  });
  const echo = `${server.origin}/echo`;

  for (const transport of TRANSPORTS) {
    for (const name of Object.keys(scenarios)) {
      await run(`${transport}: ${name}`, async () => {
        server.seen.messages.length = 0;
        await page.evaluate(([name, url, transport]) => scenarios[name](SockJS, url, transport), [name, echo, transport]);
        if (name.includes("not lost")) {
          await until(() => server.seen.messages.length === 4, "four messages at the server");
          assert.deepEqual(server.seen.messages, ["last 1", "last 2", "last 3", "last 4"]);
        }
        await until(() => server.seen.sessions.size === 0, "the server's session to end");
      });
    }
  }
  for (const transport of TRANSPORTS.slice(1)) {
    for (const name of Object.keys(once)) {
      await run(`${transport}: ${name}`, () =>
        page.evaluate(([name, server, transport]) => once[name](SockJS, { server }, transport), [name, server.origin, transport]));
    }
  }
  for (const name of Object.keys(shape)) {
    await run(`class: ${name}`, async () => {
      problems.length = 0;
      await page.evaluate(([name, url]) => shape[name](SockJS, url), [name, echo]);
      assert.deepEqual(problems.filter((text) => !/Failed to load|WebSocket connection to/.test(text)), []);
    });
  }
  const context = { page, problems, server, script, echo, browser, site, gone: `${closed.origin}/echo` };
  for (const [name, body] of Object.entries(networks)) await run(`network: ${name}`, () => body(context));
  for (const [name, body] of Object.entries(hostile)) await run(`hostile: ${name}`, () => body(context));
  for (const [name, body] of Object.entries(http)) await run(`http: ${name}`, () => body(context));
  for (const [name, body] of Object.entries(places)) await run(`place: ${name}`, () => body(context));
  for (const [name, body] of Object.entries(peer)) await run(`as sockjs-client: ${name}`, () => body(context));
  for (const [name, body] of Object.entries(transports)) await run(`connect: ${name}`, () => body(context));
  if ("STOMP".includes(filter) || filter.startsWith("STOMP")) await stomp({ page, run });
} finally {
  await browser.close();
  await site.close();
  await script.close();
  await server.close();
}
finish();
