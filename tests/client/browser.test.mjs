// Every scenario in a real Chromium, with its own sockets, clock and garbage collector. The package is loaded unbundled.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { launchChromium } from "../support/browser.mjs";
import { Endpoints } from "./support/server.mjs";
import { scenarios } from "./support/scenarios.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
// The policy that a careful site has: WebAssembly is allowed, eval is not.
const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src *";
/** A page whose policy also allows workers made of a blob. */
const BLOB_WORKERS = "/blob-workers";

const endpoints = new Endpoints();
let files;
let browser;
let context;

before(async () => {
  files = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    try {
      const body = path === "/" || path === BLOB_WORKERS ? "<!doctype html><title>everwire</title>" : await readFile(join(root, path));
      response.writeHead(200, { "content-type": TYPES[extname(path) || ".html"] ?? "text/plain", "content-security-policy": path === BLOB_WORKERS ? `${CSP}; worker-src blob:` : CSP });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => files.listen(0, "127.0.0.1", resolve));
  browser = await launchChromium();
  context = await browser.newContext();
});

after(async () => {
  await browser?.close();
  await new Promise((resolve) => files.close(resolve));
  await endpoints.shut();
});

/** A page that can command the servers. */
async function newPage(path = "/") {
  const page = await context.newPage();
  await page.exposeFunction("openEndpoint", (options) => endpoints.open(options));
  await page.exposeFunction("commandEndpoint", (id, command, ...args) => endpoints.command(id, command, ...args));
  await page.goto(`http://127.0.0.1:${files.address().port}${path}`);
  return page;
}

for (const entry of ["client.js", "slim/client.js"]) {
  const slim = entry.startsWith("slim");
  // The slim entry differs only in how the module is loaded.
  const names = Object.keys(scenarios).slice(0, slim ? 2 : undefined);
  test(`chromium, ${entry}`, { timeout: 240_000 }, async (t) => {
    const page = await newPage();
    for (const name of names) {
      await t.test(name, { timeout: 40_000 }, () => page.evaluate(async ({ entry, name }) => {
        const [everwire, { scenarios }, { runScenario }] = await Promise.all([
          import(`/pkg/dist/${entry}`), import("/tests/client/support/scenarios.mjs"), import("/tests/client/support/scenario.mjs"),
        ]);
        await everwire.init?.();
        await runScenario(scenarios[name], { everwire, open: window.openEndpoint, command: window.commandEndpoint });
      }, { entry, name }));
    }
    await page.close();
  });
}

test("the slim entry says what to do when it was not initialised", async () => {
  const page = await newPage();
  const message = await page.evaluate(async () => {
    const { connect } = await import("/pkg/dist/slim/client.js");
    try {
      connect("ws://127.0.0.1:1");
    } catch (error) {
      return error.message;
    }
  });
  await page.close();
  if (!/init\(\)/.test(message)) throw new Error(message);
});

test("an address may be relative to the page", async () => {
  const page = await newPage();
  const dialled = await page.evaluate(async () => {
    const { connect } = await import("/pkg/dist/client.js");
    const connection = connect("/live");
    const { cause } = await new Promise((resolve) => connection.on("state", (event) => event.to === "waiting" && resolve(event)));
    connection.terminate();
    return [connection.url, cause];
  });
  await page.close();
  assert.deepEqual(dialled, ["/live", "socket-closed"]);
});

test("a dedicated worker can use it", async () => {
  const page = await newPage();
  const { url } = await endpoints.open();
  const reply = await page.evaluate(async (url) => {
    const worker = new Worker("/tests/client/support/worker.mjs", { type: "module" });
    const answer = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    worker.postMessage(url);
    return answer;
  }, url);
  await page.close();
  if (reply.worker !== true) throw new Error(JSON.stringify(reply));
});

test("values that are paced go out when the page is hidden", async () => {
  const page = await newPage();
  const { id, url } = await endpoints.open();
  await page.evaluate(async (url) => {
    const { connect, debounce } = await import("/pkg/dist/client.js");
    const connection = connect(url);
    await new Promise((resolve) => connection.on("state", ({ to }) => to === "open" && resolve()));
    connection.topic("draft", { policy: debounce({ wait: 600_000, maxWait: 600_000 }) }).send({ draft: 1 });
    // Headless Chromium does not hide pages; the event is what the browser would fire.
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, url);
  const received = await endpoints.command(id, "received", 1);
  await page.close();
  if (received[0] !== '{"draft":1}') throw new Error(JSON.stringify(received));
});

test("a ticker in a worker rings while the page's own timers do not, and ends with the last connection", async () => {
  const page = await newPage(BLOB_WORKERS);
  const { id, url } = await endpoints.open();
  const results = await page.evaluate(async (url) => {
    const { connect, throttle } = await import("/pkg/dist/client.js");
    const opened = async () => {
      const connection = connect(url, { ticker: "worker" });
      await new Promise((resolve) => connection.on("state", ({ to }) => to === "open" && resolve()));
      return connection;
    };
    const [first, second] = [await opened(), await opened()];
    // A hidden page, taken to the extreme; headless Chromium neither hides nor throttles.
    globalThis.setTimeout = () => 0;
    const sent = [first, second].map((connection, n) => {
      const topic = connection.topic("state", { policy: throttle({ interval: 30 }) });
      return [1, 2].map((value) => topic.send([n, value])).at(-1).written;
    });
    globalThis.connections = [first, second];
    return (await Promise.all(sent)).map(({ status }) => status);
  }, url);
  const received = await endpoints.command(id, "received", 4);
  const shared = page.workers();
  await page.evaluate(() => globalThis.connections[0].terminate());
  const left = page.workers().length;
  const gone = shared[0]?.waitForEvent("close");
  await page.evaluate(() => globalThis.connections[1].terminate());
  await gone;
  await page.close();
  assert.deepEqual(results, ["written", "written"]);
  assert.deepEqual(received.map(String).sort(), ["[0,1]", "[0,2]", "[1,1]", "[1,2]"]);
  assert.deepEqual([shared.length, left], [1, 1]);
});

test("a policy that forbids workers of a blob, and a page without workers, keep the page's timer", async () => {
  for (const missing of [false, true]) {
    const page = await newPage();
    const { id, url } = await endpoints.open();
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.evaluate(async ({ url, missing }) => {
      if (missing) delete globalThis.Worker;
      const refused = missing ? undefined : new Promise((resolve) => addEventListener("securitypolicyviolation", resolve));
      const { connect, throttle } = await import("/pkg/dist/client.js");
      const connection = connect(url, { ticker: "worker" });
      await new Promise((resolve) => connection.on("state", ({ to }) => to === "open" && resolve()));
      await refused;
      const topic = connection.topic("state", { policy: throttle({ interval: 30 }) });
      topic.send(1);
      await topic.send(2).written;
    }, { url, missing });
    assert.deepEqual(await endpoints.command(id, "received", 2), ["1", "2"]);
    assert.deepEqual([problems, page.workers().length], [[], 0]);
    await page.close();
  }
});
