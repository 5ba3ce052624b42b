// What Socket.IO messages cost in the main thread of Chromium: everwire/socket.io beside socket.io-client. Each has an
// iframe of its own with the same fake socket, which calls the handlers and answers; rounds are interleaved, medians of
// the main thread's CPU time printed. It never asserts on speed.
//
//   node socketio.mjs [--smoke]     --smoke: one short round, checks only that both clients deliver everything
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launchChromium } from "../support/browser.mjs";
import { serveHttp } from "../support/server.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const smoke = process.argv.includes("--smoke");
const ROUNDS = smoke ? 2 : 31;
const PEER = "socket.io-client";
const OURS = "everwire/socket.io";
const CLIENTS = {
  [PEER]: join(here, "../node_modules/socket.io-client/dist/socket.io.esm.min.js"),
  [OURS]: join(here, "../../pkg/dist/socket.io.js"),
};
/** Messages per round of each kind, and the advantage that is the aim. */
const KINDS = {
  "receive small": { count: 20_000, aim: 1.3 },
  "receive 1 KB binary": { count: 10_000, aim: 1.3 },
  "receive 10 KB JSON": { count: 2_000, aim: 1 },
  "emit small": { count: 40_000, aim: 2 },
  "emit 1 KB binary": { count: 10_000, aim: 2 },
  "emit with ack": { count: 10_000, aim: 1.2 },
};
const counts = Object.fromEntries(Object.entries(KINDS).map(([kind, { count }]) => [kind, smoke ? 100 : count]));

const out = mkdtempSync(join(tmpdir(), "everwire-bench-"));
const server = await serveHttp({
  "/": { body: `<!doctype html><title>bench</title>` },
  "/dist/": { dir: out },
});
const browser = await launchChromium();
try {
  for (const [name, file] of Object.entries(CLIENTS)) {
    await build({
      stdin: { contents: `import "./socketio-fake.mjs"; export { io } from ${JSON.stringify(file)};`, resolveDir: here },
      outfile: join(out, `${fileName(name)}.js`), bundle: true, format: "esm", minify: true, charset: "utf8", logLevel: "error",
    });
  }
  const page = await browser.newPage();
  await page.goto(`${server.origin}/`);
  const names = Object.keys(CLIENTS);
  await page.evaluate(prepare, names.map((name) => [name, `/dist/${fileName(name)}.js`]));
  print(await measure(page, names));
  for (const name of names) {
    const { received, fake } = await page.evaluate((name) => ({ received: frames[name].received, fake: { ...frames[name].fake, current: 0 } }), name);
    const times = (kind) => counts[kind] * (ROUNDS + 1);
    const expected = [times("receive small") + times("receive 1 KB binary") + times("receive 10 KB JSON") + times("emit with ack"),
      times("emit small") + 2 * times("emit 1 KB binary") + times("emit with ack")];
    if (received !== expected[0] || fake.sent !== expected[1]) {
      throw new Error(`${name} lost messages: received ${received} of ${expected[0]}, sent ${fake.sent} of ${expected[1]}`);
    }
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(out, { recursive: true, force: true });
}

function fileName(client) {
  return client.replace("/", "-");
}

/** Loads both clients, each into a frame of its own. Runs in the page. */
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
      globalThis.socket = client.io("ws://localhost/", { transports: ["websocket"] });
      socket.on("small", (x) => { received += x === 1; });
      socket.on("binary", (x) => { received += x.byteLength === 1024; });
      socket.on("large", (x) => { received += x.length === 100; });
      const large = "42" + JSON.stringify(["large", Array.from({ length: 100 }, (_, id) => ({ id, name: "n".repeat(64), tags: ["a", "b"] }))]);
      const bytes = new Uint8Array(1024);
      // A real socket's messages come in tasks of their own, so what each leaves for the microtasks runs behind it.
      const each = async (count, run) => { for (let i = 0; i < count; i++) { run(); await undefined; } };
      // Several emits in one turn, as an application that has something to say makes them.
      const some = async (count, run) => { for (let i = 0; i < count; i++) { run(); if (i % 8 === 7) await undefined; } };
      globalThis.kinds = {
        "receive small": (count) => each(count, () => fake.current.say('42["small",1,"text",true]')),
        "receive 1 KB binary": (count) => each(count, () => {
          fake.current.say('451-["binary",{"_placeholder":true,"num":0}]');
          fake.current.say(new ArrayBuffer(1024));
        }),
        "receive 10 KB JSON": (count) => each(count, () => fake.current.say(large)),
        "emit small": (count) => some(count, () => socket.emit("small", 1, "text", true)),
        "emit 1 KB binary": (count) => some(count, () => socket.emit("binary", bytes)),
        "emit with ack": (count) => each(count, () => socket.emit("ask", 1, (answer) => { received += answer === "ok"; })),
      };`);
    while (!window.socket.connected) await new Promise((next) => setTimeout(next, 5));
    globalThis.frames[name] = window;
  }
}

/** Nanoseconds per message of each kind and client, by round. */
async function measure(page, names) {
  // The scheduler's own count, as in run.mjs; elsewhere than on Linux, the wall clock.
  const session = await page.context().browser().newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const files = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => `/proc/${id}/schedstat`);
  const threadTime = () => (files.every((file) => existsSync(file))
    ? files.reduce((sum, file) => sum + Number(readFileSync(file, "utf8").split(" ")[0]), 0)
    : performance.now() * 1e6);
  const result = Object.fromEntries(names.map((name) => [name, Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]))]));
  // The first round of each warms the code up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      for (const [kind, count] of Object.entries(counts)) {
        const before = threadTime();
        await page.evaluate(async ([name, kind, count]) => {
          await frames[name].kinds[kind](count);
          // What is left for later turns belongs to the round.
          await new Promise((next) => setTimeout(next));
        }, [name, kind, count]);
        if (round) result[name][kind].push((threadTime() - before) / count);
      }
    }
  }
  return result;
}

function print(result) {
  const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
  const { version } = JSON.parse(readFileSync(join(here, "../node_modules", PEER, "package.json"), "utf8"));
  console.log(`main-thread CPU time in ns per message, median of ${ROUNDS} rounds: ${PEER} ${version}, ${OURS}, ratio (aim)`);
  for (const [kind, { aim }] of Object.entries(KINDS)) {
    const [peer, ours] = [median(result[PEER][kind]), median(result[OURS][kind])];
    console.log(`${kind.padEnd(22)} ${peer.toFixed(0).padStart(7)} ${ours.toFixed(0).padStart(7)}   ${(peer / ours).toFixed(2)}x (${aim})`);
  }
}
