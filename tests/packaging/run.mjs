// Packs the npm package, installs the tarball into a fresh project and uses it in every way a user would: bundled by Vite,
// webpack and esbuild, Vite's dev server, without a bundler, under a Content-Security-Policy, in Node, and in TypeScript.
//
//   node run.mjs [--only ENTRY[,ENTRY]]
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import { build as vite, createServer as viteServer } from "vite";
import webpack from "webpack";
import WebSocketOfNode from "ws";
import { launchChromium, openPage } from "../support/browser.mjs";
import { check, finish } from "../support/report.mjs";
import { serveHttp, serveWebSocket } from "../support/server.mjs";
import { browserScript, ENTRIES, expectedAnswers, importMap, page } from "./fixtures.mjs";
import { checkTypes } from "./types.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const pkg = join(here, "../../pkg");
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1].split(",") : undefined;
const entries = ENTRIES.filter(({ name }) => !only || only.includes(name));

// Beside tests/node_modules, so that fixtures find the tools; the package itself is found in the fixture first.
const app = mkdtempSync(join(tmpdir(), "everwire-packaging-"));
const installed = join(app, "node_modules", "everwire");
const peer = await serveWebSocket();
const browser = await launchChromium();
try {
  install();
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  await contents(manifest);
  await bundlers();
  await unbundled(manifest);
  await node(manifest);
  await check("types: strict projects compile, wrong ones do not", () => checkTypes(app, entries));
} finally {
  await browser.close();
  await peer.close();
  rmSync(app, { recursive: true, force: true });
}
finish();

function install() {
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", app], { cwd: pkg, encoding: "utf8" });
  const [{ filename }] = JSON.parse(packed);
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "fixture", private: true, type: "module" }));
  execFileSync("npm", ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", `./${filename}`], { cwd: app, stdio: ["ignore", "ignore", "inherit"] });
  for (const folder of ["web", "plain"]) {
    mkdirSync(join(app, folder));
    cpSync(join(here, "use.js"), join(app, folder, "use.js"));
    writeFileSync(join(app, folder, "main.js"), browserScript(entries));
    writeFileSync(join(app, folder, "index.html"), page("./main.js"));
  }
}

async function contents(manifest) {
  await check("the tarball holds what exports promise, the licences and nothing of the build", () => {
    const targets = Object.values(manifest.exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
    const wanted = targets.filter((target) => !only || entries.some(({ name }) => target.includes(name)));
    for (const target of wanted) assert.ok(readFileSync(join(installed, target)).length, target);
    const top = readdirSync(installed).sort();
    assert.deepEqual(top, ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "dist", "package.json"]);
    assert.equal(manifest.dependencies, undefined);
  });
}

async function bundlers() {
  const web = join(app, "web");
  await check("Vite: production build", async () => {
    await vite({ root: web, base: "./", logLevel: "warn", build: { outDir: join(app, "out-vite"), emptyOutDir: true, target: "es2022" } });
    await opened({ "/": { dir: join(app, "out-vite") } });
  });
  await check("Vite: development server", async () => {
    const server = await viteServer({ root: web, logLevel: "warn", server: { host: "127.0.0.1", port: 0, hmr: false, fs: { strict: false } }, cacheDir: join(app, "vite-cache"), optimizeDeps: { include: [] } });
    await server.listen();
    try {
      await answersAt(`http://127.0.0.1:${server.httpServer.address().port}/`);
    } finally {
      await server.close();
    }
  });
  for (const mode of ["production", "development"]) {
    await check(`webpack: ${mode}, without configuration`, async () => {
      const out = join(app, `out-webpack-${mode}`);
      const stats = await new Promise((done, failed) => {
        webpack({ mode, context: web, entry: "./main.js", output: { path: out }, devtool: false }, (error, result) => (error ? failed(error) : done(result)));
      });
      assert.ok(!stats.hasErrors(), stats.toString({ all: false, errors: true }));
      writeFileSync(join(out, "index.html"), page("./main.js"));
      await opened({ "/": { dir: out } });
    });
  }
  await check("esbuild: minified, inline entries", async () => {
    const out = join(app, "out-esbuild");
    writeFileSync(join(web, "inline.js"), browserScript(entries, { slim: false }));
    await esbuild({ entryPoints: [join(web, "inline.js")], bundle: true, minify: true, format: "esm", outfile: join(out, "main.js"), logLevel: "error" });
    writeFileSync(join(out, "index.html"), page("./main.js"));
    await opened({ "/": { dir: out } }, { slim: false });
  });
}

async function unbundled(manifest) {
  const map = importMap(manifest.exports, "/everwire");
  const files = { "/everwire/": { dir: installed }, "/": { dir: join(app, "plain") } };
  await check("no bundler: import map", () => opened({ ...files, "/index.html": { body: page("./main.js", map) } }, { path: "/index.html" }));

  const policy = (value) => ({ body: page("./main.js", map), headers: { "content-security-policy": value } });
  // The import map is an inline script and needs its own permission.
  const strict = `default-src 'self'; connect-src 'self' ${peer.origin} ${peer.origin.replace("ws", "http")}; img-src data:; script-src 'self' 'unsafe-inline'`;
  await check("Content-Security-Policy with 'wasm-unsafe-eval'", () =>
    opened({ ...files, "/index.html": policy(`${strict} 'wasm-unsafe-eval'`) }, { path: "/index.html" }));
  await check("Content-Security-Policy without it: an error that names the cure", async () => {
    const server = await serveHttp({ ...files, "/index.html": policy(strict) });
    try {
      const answers = await read(`${server.origin}/index.html`, []);
      assert.match(answers.error, /add 'wasm-unsafe-eval' to script-src/);
    } finally {
      await server.close();
    }
  });
  await check("slim: init takes an address, a Response, bytes and a module, and reports a missing file", async () => {
    const { name, slim } = entries.find(({ slim }) => slim);
    const script = `import { init } from "${slim}";
      const address = "/everwire/dist/slim/${name}.wasm";
      const answers = {};
      await init("/nothing.wasm").catch((error) => { answers.missing = error.message.replace(location.origin, ""); });
      const bytes = await (await fetch(address)).arrayBuffer();
      const fresh = async (source, query) => (await import("${importTarget(manifest, slim)}" + query)).init(source);
      await init(new URL(address, location.href));
      await fresh(address, "?1"); await fresh(fetch(address), "?2"); await fresh(bytes, "?3"); await fresh(new Uint8Array(bytes), "?4");
      await fresh(await WebAssembly.compile(bytes), "?5");
      answers.done = true;
      globalThis.answers = answers;`;
    const server = await serveHttp({ ...files, "/init.js": { body: script, type: "text/javascript" }, "/init.html": { body: page("./init.js", map) } });
    try {
      const answers = await read(`${server.origin}/init.html`, [/404/]);
      assert.deepEqual(answers, { missing: "everwire: the module at /nothing.wasm answered with status 404", done: true });
    } finally {
      await server.close();
    }
  });
}

async function node(manifest) {
  const inApp = createRequire(pathToFileURL(join(app, "main.js")));
  for (const subpath of Object.keys(manifest.exports).filter((key) => typeof manifest.exports[key] === "object")) {
    const name = `everwire${subpath.slice(1)}`;
    if (!entries.some((entry) => entry.inline === name || entry.slim === name)) continue;
    await check(`Node: import of ${name} has no need of a browser`, async () => {
      const run = (code, cwd) => execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd, encoding: "utf8" });
      assert.match(run(`import * as m from "${name}"; console.log(Object.keys(m).length > 0)`, app), /true/);
      // The package's own name inside the package, as its tests and tools would write it.
      assert.match(run(`const m = await import("${name}"); console.log(Object.keys(m).length > 0)`, installed), /true/);
    });
  }
  if (entries.some(({ name }) => name === "websocket")) {
    await check("Node: everwire/websocket over the package ws, and a clear error without any class", async () => {
      const { WebSocket } = await import(pathToFileURL(inApp.resolve("everwire/websocket")).href);
      const { useWebSocket } = await import("./use.js");
      const global = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
      Object.defineProperty(globalThis, "WebSocket", { value: undefined, configurable: true });
      try {
        assert.throws(() => new WebSocket(peer.origin), /no global WebSocket here/);
        new WebSocket(peer.origin, [], { startClosed: true });
        assert.equal(await useWebSocket({ WebSocket }, peer.origin, { WebSocket: WebSocketOfNode }), "through the class");
      } finally {
        if (global) Object.defineProperty(globalThis, "WebSocket", global);
        else delete globalThis.WebSocket;
      }
    });
  }
}

function importTarget(manifest, name) {
  return `/everwire${manifest.exports[name.replace("everwire", ".")].default.slice(1)}`;
}

/** Serves the routes, opens the page and compares its answers. */
async function opened(routes, { path = "/", slim = true } = {}) {
  const server = await serveHttp(routes);
  try {
    await answersAt(`${server.origin}${path}`, slim);
  } finally {
    await server.close();
  }
}

async function answersAt(url, slim = true) {
  assert.deepEqual(await read(url, []), expectedAnswers(entries, { slim }));
}

/** Opens the page, waits for its answers, and fails on errors in its console other than the expected ones. */
async function read(url, expectedProblems) {
  const { page: tab, problems } = await openPage(browser, `${url}?ws=${encodeURIComponent(peer.origin)}`);
  try {
    const handle = await tab.waitForFunction(() => globalThis.answers, null, { timeout: 30_000 }).catch((error) => {
      throw new Error(`${error.message}; the page says: ${problems.join("; ") || "nothing"}`);
    });
    const unexpected = problems.filter((text) => !expectedProblems.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, []);
    return await handle.jsonValue();
  } finally {
    await tab.close();
  }
}
