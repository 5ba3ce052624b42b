// Part 3: how long from the navigation to the first message, with a cold and a warm cache, and what travels for it. Scripts
// and modules are served compressed, with far-future caching, as a web server in production does. What is imported only when
// it is asked for is a file of its own, as bundlers make it.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { serveHttp } from "../../support/server.mjs";
import { startServers } from "../lib/servers.mjs";
import { dist, entry, folder } from "../lib/realms.mjs";

const ROUNDS = 9;
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

const first = (connect) => `
const first = () => { globalThis.firstMessage ??= performance.now(); };
${connect}`;
const websocketLike = (imported, className = "Client") => `${imported}
${first(`const socket = new ${className}(params.url);
socket.onopen = () => socket.send("x");
socket.onmessage = first;`)}`;
const socketIo = (imported) => `${imported}
${first(`const socket = io(params.url, { transports: ["websocket"] });
socket.on("connect", () => socket.emit("echo", "x"));
socket.on("echo", first);`)}`;
const stomp = (imported) => `import { Client } from ${imported};
${first(`const client = new Client({ brokerURL: params.url, connectHeaders: { login: params.user, passcode: params.password, host: "/" } });
const destination = "/topic/start-" + Math.random().toString(36).slice(2);
client.onConnect = () => {
  client.subscribe(destination, first);
  client.publish({ destination, body: "x" });
};
client.activate();`)}`;
/** A slim entry: the same code after its module has come. */
const slim = (source) => source.replace(/^(import .*? from ".*?";)/, (all) => `${all}\nawait init();`);

/** By protocol: name, source and, for slim entries, the module that is served beside the script. */
const GROUPS = {
  websocket: {
    native: { source: websocketLike("", "WebSocket") },
    "reconnecting-websocket": { source: websocketLike(`import Client from "reconnecting-websocket";`) },
    partysocket: { source: websocketLike(`import { WebSocket as Client } from "partysocket";`) },
    "websocket-ts": {
      source: `import { WebsocketBuilder } from "websocket-ts";
${first(`const socket = new WebsocketBuilder(params.url).onMessage(first).onOpen(() => socket.send("x")).build();`)}`,
    },
    "everwire/websocket": { source: websocketLike(`import Client from ${entry("websocket.js")};`) },
    "everwire/slim/websocket": {
      source: slim(websocketLike(`import Client, { init } from ${entry("slim/websocket.js")};`)),
      module: "slim/websocket.wasm",
    },
    "everwire connect()": {
      source: `import { connect, text } from ${entry("client.js")};
${first(`const client = connect(params.url, { codec: text() });
client.on("message", first);
client.send("x");`)}`,
    },
  },
  stomp: {
    "@stomp/stompjs": { source: stomp(`"@stomp/stompjs"`) },
    "everwire/stomp": { source: stomp(entry("stomp.js")) },
  },
  socketio: {
    "socket.io-client": { source: socketIo(`import { io } from "socket.io-client";`) },
    "everwire/socket.io": { source: socketIo(`import { io } from ${entry("socket.io.js")};`) },
  },
  sockjs: {
    "sockjs-client": { source: websocketLike(`import Client from "sockjs-client";`) },
    "everwire/sockjs": { source: websocketLike(`import Client from ${entry("sockjs.js")};`) },
  },
};

/** Milliseconds to the first message and bytes over the wire, by protocol. */
export async function run({ browser, smoke }) {
  const servers = await startServers();
  const groups = {};
  try {
    for (const [group, clients] of Object.entries(GROUPS)) {
      groups[group] = await measure(browser, clients, servers.params[group], smoke ? 1 : ROUNDS);
    }
  } finally {
    await servers.close();
  }
  return { title: "Start", about: "From navigation to the first message; scripts compressed with brotli.", groups };
}

async function measure(browser, clients, params, rounds) {
  const out = mkdtempSync(join(tmpdir(), "everwire-start-"));
  const routes = {};
  const times = {};
  for (const [index, [name, client]] of Object.entries(clients).entries()) {
    times[name] = {};
    Object.assign(routes, await pageOf(join(out, String(index)), `/${index}/`, client, params));
  }
  const server = await serveHttp(routes);
  try {
    const names = Object.keys(clients);
    for (let round = 0; round <= rounds; round++) {
      for (let i = 0; i < names.length; i++) {
        const index = (i + round) % names.length;
        const seen = await visit(browser, `${server.origin}/${index}/`);
        if (!round) continue;
        for (const [kind, value] of Object.entries(seen)) (times[names[index]][kind] ??= []).push(value);
      }
    }
  } finally {
    await server.close();
    rmSync(out, { recursive: true, force: true });
  }
  return { baseline: Object.keys(clients)[0], times };
}

/** The routes of one client's page. */
async function pageOf(out, base, { source, module }, params) {
  await build({
    stdin: { contents: source, resolveDir: folder },
    outdir: out, entryNames: "app", bundle: true, splitting: true, format: "esm", minify: true, charset: "utf8", logLevel: "error",
    define: { global: "globalThis", params: JSON.stringify(params) },
  });
  if (module) await copyFile(join(dist, module), join(out, basename(module)));
  const routes = { [base]: { body: `<!doctype html><title>start</title><link rel="icon" href="data:,"><script type="module" src="app.js"></script>` } };
  for (const file of readdirSync(out)) {
    const path = join(out, file);
    if (!existsSync(path)) continue;
    routes[base + file] = {
      body: brotliCompressSync(readFileSync(path)),
      type: TYPES[file.slice(file.lastIndexOf("."))],
      headers: { "content-encoding": "br", "cache-control": "public, max-age=31536000, immutable" },
    };
  }
  return routes;
}

/** A first and a second visit in a fresh profile. */
async function visit(browser, address) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const once = async () => {
      await page.goto(address);
      await page.waitForFunction(() => globalThis.firstMessage !== undefined);
      return page.evaluate(() => ({
        ms: globalThis.firstMessage,
        bytes: performance.getEntriesByType("resource").filter(({ name }) => /\.(js|wasm)$/.test(name)).reduce((sum, { transferSize }) => sum + transferSize, 0),
      }));
    };
    const [cold, warm] = [await once(), await once()];
    if (!cold.bytes || warm.bytes >= cold.bytes) throw new Error(`${address}: ${cold.bytes} B cold, ${warm.bytes} B warm: the cache was not used`);
    return { "cold cache, ms": cold.ms, "warm cache, ms": warm.ms, "bytes over the wire": cold.bytes };
  } finally {
    await context.close();
  }
}
