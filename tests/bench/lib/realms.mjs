// Clients side by side in one page: each in an iframe of its own (in a shared realm the compiler's state of one client
// biases the others), rounds interleaved, the main thread's CPU time counted.
//
// A client is the source of a module that exports `start()`, which resolves to an object of runners: by kind a function
// `(count) => void | Promise<void>`, where it needs it `prepare <kind>` with the same signature, whose time is not counted,
// and `done()`, which resolves to what was handled by kind, so that a client that loses something fails instead of being quick.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { serveHttp } from "../../support/server.mjs";

/** The benchmarks' folder, from which the sources' imports resolve, and the one of the built package. */
export const folder = dirname(dirname(fileURLToPath(import.meta.url)));
export const dist = join(folder, "../../pkg/dist");

/** Of an isolated page the clock tells microseconds, of others tenths of milliseconds. */
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** What `call` answers in the page. */
const MISSING = "no such runner";

/** The import specifier of a built entry of the package, for use in a client's source. */
export const entry = (file) => JSON.stringify(join(dist, file));

/**
 * Runs every kind with every client and returns the nanoseconds each took per item, `{ client: { kind: [ns per round] } }`.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {object} options
 * @param {Record<string, string>} options.clients source by name
 * @param {Record<string, number | Record<string, number>>} options.kinds items per round by kind, where it matters by client
 * @param {number} options.rounds rounds that count; one more comes first, to warm up
 * @param {string} [options.prelude] source that every frame loads first, such as a fake socket
 * @param {object} [options.routes] what the page's server has besides
 */
export async function compare(browser, { clients, kinds, rounds, prelude, routes }) {
  const realms = await openRealms(browser, clients, { prelude, routes });
  try {
    const result = await measure(realms, Object.keys(clients), kinds, rounds);
    for (const name of Object.keys(clients)) await verify(realms, name, kinds, rounds);
    return result;
  } finally {
    await realms.close();
  }
}

/**
 * Loads every client into a frame of its own in one page.
 *
 * @param {object} [options]
 * @param {string} [options.prelude] source that every frame loads first
 * @param {object} [options.routes] what the page's server has besides, as `serveHttp` takes it
 * @param {object} [options.params] what the sources find as `params`
 */
export async function openRealms(browser, clients, { prelude = "", params = {}, routes = {} } = {}) {
  const out = mkdtempSync(join(tmpdir(), "everwire-bench-"));
  const server = await serveHttp({ "/": { body: "<!doctype html><title>bench</title>", headers: ISOLATED }, "/dist/": { dir: out }, ...routes });
  const page = await browser.newPage();
  const close = async () => {
    await page.close();
    await server.close();
    rmSync(out, { recursive: true, force: true });
  };
  try {
    const scripts = [];
    for (const [index, [name, source]] of Object.entries(clients).entries()) {
      await build({
        stdin: { contents: `${prelude}\n${source}`, resolveDir: folder },
        outfile: join(out, `${index}.js`), bundle: true, format: "esm", minify: true, charset: "utf8", logLevel: "error",
        define: { global: "globalThis", params: JSON.stringify(params) }, loader: { ".wasm": "binary" },
      });
      scripts.push([name, `${server.origin}/dist/${index}.js`]);
    }
    await page.goto(`${server.origin}/`);
    await page.evaluate(load, scripts);
  } catch (error) {
    await close();
    throw error;
  }
  return { page, close, call: (name, runner, ...args) => page.evaluate(call, [name, runner, args]) };
}

async function measure(realms, names, kinds, rounds) {
  const now = await mainThreadClock(realms.page);
  const result = Object.fromEntries(names.map((name) => [name, {}]));
  for (let round = 0; round <= rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      for (const kind of Object.keys(kinds)) {
        const count = countOf(kinds, kind, name);
        await realms.call(name, `prepare ${kind}`, count);
        const before = now();
        const ran = await realms.call(name, kind, count);
        const spent = (now() - before) / count;
        if (ran !== MISSING && round) (result[name][kind] ??= []).push(spent);
      }
    }
  }
  return result;
}

/**
 * A clock of the renderers' main threads in nanoseconds, from the scheduler's own count: other load on the machine does not
 * enter, and unlike the DevTools metrics it costs nothing meanwhile. Elsewhere than on Linux, the wall clock.
 */
export async function mainThreadClock(page) {
  const session = await page.context().browser().newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const files = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => `/proc/${id}/schedstat`);
  if (!files.every((file) => existsSync(file))) return () => performance.now() * 1e6;
  return () => files.reduce((sum, file) => sum + (existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[0]) : 0), 0);
}

const countOf = (kinds, kind, name) => kinds[kind][name] ?? kinds[kind];

async function verify(realms, name, kinds, rounds) {
  const handled = await realms.call(name, "done");
  for (const kind of Object.keys(kinds)) {
    const expected = countOf(kinds, kind, name) * (rounds + 1);
    if (kind in handled && handled[kind] !== expected) {
      throw new Error(`${name} handled ${handled[kind]} of ${expected} items of ${kind}`);
    }
  }
}

/** Loads every client into a frame of its own. Runs in the page. */
async function load(scripts) {
  globalThis.realms = {};
  for (const [name, script] of scripts) {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    // The import must run in the frame's own realm.
    const module = await frame.contentWindow.eval(`import(${JSON.stringify(script)})`);
    realms[name] = await module.start();
  }
}

/** Calls a runner of a client; `MISSING` if the client does not offer it. Runs in the page. */
function call([name, runner, args]) {
  return realms[name][runner] ? realms[name][runner](...args) : "no such runner";
}
