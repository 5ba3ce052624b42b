// What a message costs in the main thread of Chromium, by client: a bare handler, reconnecting-websocket, partysocket and
// everwire/websocket. Each has an iframe of its own with the same fake socket, which dispatches real events; rounds are
// interleaved, medians of the main thread's CPU time printed. It never asserts on speed.
//
//   node run.mjs [--smoke]     --smoke: one short round, checks only that every client delivers everything
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launchChromium } from "../support/browser.mjs";
import { serveHttp } from "../support/server.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const smoke = process.argv.includes("--smoke");
const MESSAGES = smoke ? { receive: 200, send: 200 } : { receive: 20_000, send: 400_000 };
const ROUNDS = smoke ? 2 : 31;

const CLIENTS = {
  bare: `export const connect = (url) => new WebSocket(url);`,
  "reconnecting-websocket": `import Client from "reconnecting-websocket"; export const connect = (url) => new Client(url);`,
  partysocket: `import { WebSocket as Client } from "partysocket"; export const connect = (url) => new Client(url);`,
  "everwire/websocket": `import Client from ${JSON.stringify(join(here, "../../pkg/dist/websocket.js"))}; export const connect = (url) => new Client(url);`,
};

const out = mkdtempSync(join(tmpdir(), "everwire-bench-"));
const server = await serveHttp({
  "/": { body: `<!doctype html><title>bench</title>` },
  "/dist/": { dir: out },
});
const browser = await launchChromium();
try {
  for (const [name, source] of Object.entries(CLIENTS)) {
    await build({
      stdin: { contents: `import "./fake.mjs"; ${source}`, resolveDir: here },
      outfile: join(out, `${fileName(name)}.js`), bundle: true, format: "esm", minify: true, charset: "utf8", logLevel: "error",
    });
  }
  const page = await browser.newPage();
  await page.goto(`${server.origin}/`);
  const names = Object.keys(CLIENTS);
  await page.evaluate(prepare, names.map((name) => [name, `/dist/${fileName(name)}.js`]));
  print(await measure(page, names));
  for (const name of names) {
    const [received, sent] = await page.evaluate((name) => [frames[name].received, frames[name].fake.sent], name);
    const rounds = ROUNDS + 1;
    if (received !== rounds * MESSAGES.receive * 64 || sent !== rounds * MESSAGES.send) throw new Error(`${name} lost messages`);
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(out, { recursive: true, force: true });
}

function fileName(client) {
  return client.replace("/", "-");
}

/** Loads every client into a frame of its own. Runs in the page. */
async function prepare(clients) {
  globalThis.frames = {};
  for (const [name, script] of clients) {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const window = frame.contentWindow;
    // The import must run in the frame's own realm.
    window.eval(`import(${JSON.stringify(location.origin + script)}).then((module) => { globalThis.client = module; })`);
    while (!window.client) await new Promise((next) => setTimeout(next, 5));
    window.eval(`
      globalThis.received = 0;
      globalThis.socket = client.connect("ws://localhost/");
      socket.onmessage = (event) => { received += event.data.length; };
      globalThis.receive = (count, data) => {
        const native = fake.current;
        for (let i = 0; i < count; i++) native.dispatchEvent(new MessageEvent("message", { data }));
      };
      globalThis.send = (count, data) => {
        for (let i = 0; i < count; i++) socket.send(data);
      };`);
    while (window.socket.readyState !== 1) await new Promise((next) => setTimeout(next, 5));
    globalThis.frames[name] = window;
  }
}

/** Nanoseconds per message of each kind and client, by round. */
async function measure(page, names) {
  // The scheduler's own count, in nanoseconds, of the renderers' main threads: other load on the machine does not enter,
  // and unlike the DevTools metrics it costs nothing while a listener runs. Elsewhere than on Linux, the wall clock.
  const session = await page.context().browser().newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const files = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => `/proc/${id}/schedstat`);
  const threadTime = () => (files.every((file) => existsSync(file))
    ? files.reduce((sum, file) => sum + Number(readFileSync(file, "utf8").split(" ")[0]), 0)
    : performance.now() * 1e6);
  const data = "x".repeat(64);
  const result = Object.fromEntries(names.map((name) => [name, { receive: [], send: [] }]));
  // The first round of each warms the code up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      for (const [kind, count] of Object.entries(MESSAGES)) {
        const before = threadTime();
        await page.evaluate(([name, kind, count, data]) => frames[name][kind](count, data), [name, kind, count, data]);
        if (round) result[name][kind].push((threadTime() - before) / count);
      }
    }
  }
  return result;
}

function print(result) {
  const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
  console.log(`64 B messages, main-thread CPU time in ns per message: median of ${ROUNDS} rounds (best); difference and ratio to bare`);
  for (const [name, times] of Object.entries(result)) {
    const cell = (kind) => {
      const [value, bare] = [median(times[kind]), median(result.bare[kind])];
      return `${kind} ${value.toFixed(0).padStart(5)} (${Math.min(...times[kind]).toFixed(0)}) ${(value >= bare ? "+" : "") + (value - bare).toFixed(0)} x${(value / bare).toFixed(2)}`;
    };
    console.log(`${`${name} ${version(name)}`.padEnd(30)} ${cell("receive").padEnd(36)} ${cell("send")}`);
  }
}

function version(name) {
  const file = join(here, "../node_modules", name, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : "";
}
