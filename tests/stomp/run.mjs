// Tests of everwire/stomp in a real browser: the same programs with @stomp/stompjs, where it does better, malformed input,
// and all over real sockets.
//
//   node run.mjs [FILTER]
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchChromium, openPage } from "../support/browser.mjs";
import { check, finish } from "../support/report.mjs";
import { serveHttp } from "../support/server.mjs";
import { behaviours } from "./behaviours.js";
import { serveBroker } from "./broker.mjs";
import { differences } from "./differences.js";
import { faults } from "./faults.js";
import { scenarios } from "./scenarios.js";

const here = dirname(fileURLToPath(import.meta.url));
const filter = process.argv[2] ?? "";
const run = (name, body) => (name.includes(filter) ? check(name, body) : undefined);

const broker = await serveBroker();
const site = await serveHttp({
  "/": { body: `<!doctype html><link rel="icon" href="data:,"><title>stomp</title>` },
  "/strict": { body: `<!doctype html><link rel="icon" href="data:,"><meta http-equiv="Content-Security-Policy" content="worker-src 'self'"><title>stomp</title>` },
  "/tests/": { dir: here },
  "/everwire/": { dir: join(here, "../../pkg/dist") },
  "/peers/": { dir: join(here, "../node_modules/@stomp/stompjs/esm6") },
});
const browser = await launchChromium();

async function open(path) {
  const { page, problems } = await openPage(browser, site.origin + path);
  await page.evaluate(async (broker) => {
    const [theirs, ours, ...tests] = await Promise.all([
      import("/peers/index.js"), import("/everwire/stomp.js"), import("/tests/scenarios.js"), import("/tests/differences.js"),
      import("/tests/behaviours.js"), import("/tests/faults.js"),
    ]);
    Object.assign(globalThis, { theirs, ours, broker }, ...tests);
    // A trace crosses to Node as text, in which undefined, functions and octets still differ.
    globalThis.text = (value) => JSON.stringify(value, (_, value) => (value === undefined ? "(undefined)" : typeof value === "function" ? "(function)" : value), 1);
  }, broker.origin);
  return { page, problems };
}

try {
  const { page, problems } = await open("/");

  for (const name of Object.keys(scenarios)) {
    await run(`as stompjs: ${name}`, async () => {
      const [peer, own] = await page.evaluate(async (name) => [text(await scenarios[name](theirs)), text(await scenarios[name](ours))], name);
      assert.ok(peer.length > 10);
      assert.equal(own, peer);
    });
  }

  for (const [name, { theirs, ours }] of Object.entries(differences)) {
    await run(`unlike stompjs: ${name}`, async () => {
      const [peer, own] = await page.evaluate(async (name) => {
        const play = (stomp) => Promise.race([differences[name].play(stomp), new Promise((none) => setTimeout(() => none("nothing"), 2_000))]);
        return [await play(globalThis.theirs), await play(globalThis.ours)];
      }, name);
      assert.deepEqual(own, ours);
      assert.deepEqual(peer, theirs);
    });
  }

  for (const name of Object.keys(behaviours)) {
    await run(`everwire: ${name}`, async () => {
      problems.length = 0;
      await page.evaluate((name) => behaviours[name](ours, broker), name);
      assert.deepEqual(problems.filter((problem) => !/WebSocket connection to|meant to be seen/.test(problem)), []);
    });
  }

  for (const name of Object.keys(faults)) {
    await run(`malformed: ${name}`, () => page.evaluate((name) => globalThis.refuse(ours, faults[name]), name));
  }

  await run("the slim entry needs init, and then does the same", async () => {
    const [before, trace, peer] = await page.evaluate(async () => {
      const slim = await import("/everwire/slim/stomp.js");
      let before;
      try {
        new slim.Client({ brokerURL: broker }).activate();
      } catch (error) {
        before = error.message;
      }
      await slim.init();
      const { init, ...exported } = slim;
      const name = "a whole session";
      return [before, text(await scenarios[name](exported)), text(await scenarios[name](theirs))];
    });
    assert.match(before, /init\(\)/);
    assert.equal(trace, peer);
  });

  await run("Node imports it without a WebSocket class, without a TextDecoder and without a page", async () => {
    const { TextDecoder } = globalThis;
    globalThis.TextDecoder = undefined;
    const { Client } = await import("../../pkg/dist/stomp.js").finally(() => {
      globalThis.TextDecoder = TextDecoder;
    });
    const client = new Client({ brokerURL: "ws://localhost" });
    assert.equal(client.connected, false);
    assert.throws(() => client.publish({ destination: "/q" }), TypeError);
  });

  await run("heart-beats by a worker where the policy forbids it", async () => {
    const { page } = await open("/strict");
    assert.ok(await page.evaluate(() => behaviours["a worker's heart-beats go on without a worker"](ours).then(() => true)));
  });
} finally {
  await browser.close();
  await site.close();
  await broker.close();
}
finish();
