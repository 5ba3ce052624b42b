// Tests of everwire/websocket in a real browser: against the native class, against reconnecting-websocket, what it adds to
// both, and all of it once more in workers.
//
//   node run.mjs [--firefox] [FILTER]     --firefox: the comparison with the native class also in Firefox, through the
//                                         geckodriver in EVERWIRE_GECKODRIVER or on the path
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchChromium, openPage } from "../support/browser.mjs";
import { check, finish } from "../support/report.mjs";
import { serveHttp, serveWebSocket } from "../support/server.mjs";
import { launchFirefox } from "../support/webdriver.mjs";
import { lifecycle } from "./lifecycle.js";
import { options } from "./options.js";
import { peers } from "./peers.js";
import { scenarios } from "./scenarios.js";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../../pkg/dist");
const args = process.argv.slice(2);
const filter = args.find((arg) => !arg.startsWith("--")) ?? "";
const run = (name, body) => (name.includes(filter) ? check(name, body) : undefined);

const peer = await serveWebSocket();
const site = await serveHttp({
  "/": { body: `<!doctype html><link rel="icon" href="data:,"><title>websocket</title>` },
  "/tests/": { dir: here },
  "/support/": { dir: join(here, "../support") },
  "/everwire/": { dir: dist },
  "/peers/": { dir: join(here, "../node_modules/reconnecting-websocket/dist") },
});
const browser = await launchChromium(["--js-flags=--expose-gc"]);
try {
  const { page, problems } = await openPage(browser, site.origin);
  await page.evaluate(async () => {
    const [{ play }, { lifecycle }, { options }, { peers }, { default: Everwire }, { default: RWS }] = await Promise.all([
      import("/tests/scenarios.js"), import("/tests/lifecycle.js"), import("/tests/options.js"), import("/tests/peers.js"),
      import("/everwire/websocket.js"), import("/peers/reconnecting-websocket-mjs.js"),
    ]);
    Object.assign(globalThis, { play, behaviours: { ...options, ...lifecycle }, peers, Everwire, RWS, native: WebSocket });
  });

  for (const name of Object.keys(scenarios)) {
    await run(`as the native class: ${name}`, async () => {
      const [native, ours] = await page.evaluate(async ([name, url]) => [
        await play(name, native, url), await play(name, Everwire, url, { maxRetries: 0 }),
      ], [name, peer.origin]);
      assert.deepEqual(ours, native);
      assert.ok(native.length > 0);
    });
  }

  for (const name of Object.keys(peers)) {
    await run(`as reconnecting-websocket: ${name}`, async () => {
      const [theirs, ours] = await page.evaluate(async ([name, url]) => [
        await peers[name](RWS, url), await peers[name](Everwire, url),
      ], [name, peer.origin]);
      assert.deepEqual(ours, theirs);
    });
  }

  for (const name of [...Object.keys(options), ...Object.keys(lifecycle)]) {
    await run(`everwire: ${name}`, async () => {
      problems.length = 0;
      await page.evaluate(([name, url]) => behaviours[name](Everwire, url), [name, peer.origin]);
      // What the test itself provokes at the network is written to the console by the browser.
      assert.deepEqual(problems.filter((text) => !/WebSocket connection to|Failed to load/.test(text)), []);
    });
  }

  for (const kind of ["Worker", "SharedWorker"]) {
    await run(`in a ${kind}`, async () => {
      const log = await page.evaluate(([kind, url]) => new Promise((done, failed) => {
        const worker = new globalThis[kind](`/tests/worker.js?ws=${encodeURIComponent(url)}`, { type: "module" });
        const port = worker.port ?? worker;
        port.onmessage = ({ data }) => (data.error ? failed(new Error(data.error)) : done(data));
        worker.onerror = (event) => failed(new Error(event.message));
        port.start?.();
      }), [kind, peer.origin]);
      assert.deepEqual(log.ours, log.native);
      assert.equal(log.reconnected, true);
    });
  }

  if (args.includes("--firefox")) await firefox();

  await run("the module gives freed memory to the next ones", () => {
    const { exports: core } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(join(dist, "slim/websocket.wasm"))));
    const churn = (count) => {
      for (let i = 0; i < count; i++) {
        const links = Array.from({ length: 20 }, () => core.create(1_000, 10_000, 1.3, Infinity, 5_000, 4_000, 5_000, 25_000, 10_000, Math.random()));
        for (const link of links) {
          core.handle(link, 1, 0, 0, 0, 0);
          while (core.poll(link));
          core.destroy(link);
        }
      }
    };
    churn(10);
    const before = core.memory.buffer.byteLength;
    churn(5_000);
    assert.equal(core.memory.buffer.byteLength, before);
    // A handle that is gone does nothing.
    assert.equal(core.poll(1), 0);
    assert.equal(core.next_wake(9_999), Infinity);
  });
} finally {
  await browser.close();
  await site.close();
  await peer.close();
}
finish();

async function firefox() {
  const browser = await launchFirefox(process.env.EVERWIRE_GECKODRIVER ?? "geckodriver");
  try {
    await browser.open(site.origin);
    for (const name of Object.keys(scenarios).filter((name) => !name.includes("Chromium"))) {
      await run(`as the native class, in Firefox: ${name}`, async () => {
        const [native, ours] = await browser.run(`
          const { play } = await import("/tests/scenarios.js");
          const { default: Everwire } = await import("/everwire/websocket.js");
          const [name, url] = ${JSON.stringify([name, peer.origin])};
          return [await play(name, WebSocket, url), await play(name, Everwire, url, { maxRetries: 0 })];`);
        assert.deepEqual(ours, native);
        assert.ok(native.length > 0);
      });
    }
  } finally {
    await browser.close();
  }
}
