// Where else it runs, and how it behaves towards the page it is in.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launchChromium } from "../support/browser.mjs";
import { serveHttp } from "../support/server.mjs";
import { serveBuffering } from "./servers.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../../pkg/dist");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

/** One message there and back, by the class alone. */
const echo = (SockJS, url, transports) => new Promise((done, failed) => {
  const socket = new SockJS(url, null, { transports });
  const log = [];
  socket.onopen = () => socket.send("ping €");
  socket.onmessage = ({ data }) => {
    log.push(socket.transport, data);
    socket.close();
  };
  socket.onclose = ({ code }) => (log.length ? done([...log, code]) : failed(new Error(`closed with ${code}`)));
});

export const places = {
  async "in a dedicated and in a shared worker"({ page, echo: url }) {
    for (const kind of ["Worker", "SharedWorker"]) {
      const log = await page.evaluate(([kind, url]) => new Promise((done, failed) => {
        const worker = new globalThis[kind](`/tests/sockjs/worker.js?url=${encodeURIComponent(url)}`, { type: "module" });
        worker.onerror = (event) => failed(new Error(event.message));
        const port = worker.port ?? worker;
        port.onmessage = ({ data }) => done(data);
        port.start?.();
      }), [kind, url]);
      assert.deepEqual(log, ["websocket", "xhr-streaming", "eventsource", "xhr-polling"].map((name) => [name, "ping €", 1000]), kind);
    }
  },

  async "in Node, over HTTP and with the WebSocket class of ws"({ echo: url }) {
    const { default: SockJS } = await import(join(dist, "sockjs.js"));
    for (const name of ["xhr-streaming", "eventsource", "xhr-polling"]) {
      assert.deepEqual(await echo(SockJS, url, name), [name, "ping €", 1000]);
    }
    const { WebSocket } = await import("ws");
    const socket = new SockJS(url, null, { transports: "websocket", WebSocket });
    await new Promise((done) => (socket.onopen = done));
    assert.equal(socket.transport, "websocket");
    await new Promise((done) => {
      socket.onclose = done;
      socket.close();
    });
  },

  async "with an address that holds user and password"({ server }) {
    const { default: SockJS } = await import(join(dist, "sockjs.js"));
    server.seen.headers.length = 0;
    const url = `${server.origin.replace("//", "//us%40er:p%C3%A4ss@")}/echo`;
    assert.deepEqual(await echo(SockJS, url, "xhr-polling"), ["xhr-polling", "ping €", 1000]);
    const sent = new Set(server.seen.headers.map(({ authorization }) => authorization));
    assert.deepEqual([...sent], [`Basic ${Buffer.from("us@er:päss").toString("base64")}`]);
  },

  async "without streams in fetch, by XMLHttpRequest"({ browser, site, echo: url, server }) {
    const proxy = await serveBuffering(server.origin);
    const page = await browser.newPage();
    try {
      await page.goto(site.origin);
      const logs = await page.evaluate(async ([url, buffered]) => {
        globalThis.TextDecoder = undefined;
        const { scenarios, opened } = await import("/tests/sockjs/page.js");
        const { default: SockJS } = await import("/everwire/sockjs.js");
        for (const name of ["xhr-streaming", "eventsource", "xhr-polling"]) {
          await scenarios["all kinds of text come back in order"](SockJS, url, name);
          await scenarios["a cut link closes with 1006"](SockJS, url, name);
        }
        const { socket } = await opened(SockJS, buffered, { timeout: 500 });
        const { transport } = socket;
        socket.close();
        return transport;
      }, [url, `${proxy.origin}/echo`]);
      assert.equal(logs, "xhr-polling");
    } finally {
      await page.close();
      await proxy.close();
    }
  },

  async "as a transport of connect() in a bundle, in one file and with a chunk of its own"({ browser, echo: url }) {
    for (const splitting of [true, false]) {
      const { outputFiles } = await build({
        stdin: { contents: `export { connect } from ${JSON.stringify(join(dist, "client.js"))}`, resolveDir: here, sourcefile: "main.js" },
        bundle: true, minify: true, write: false, format: "esm", target: "es2022", outdir: "/out", splitting, logLevel: "error",
      });
      const files = outputFiles.map(({ path, text }) => [path.slice("/out".length), { body: text, type: "text/javascript" }]);
      const main = files.find(([path]) => !/sockjs|chunk/.test(path))[0];
      const site = await serveHttp({ "/": { body: "<!doctype html><link rel=icon href=data:,>" }, ...Object.fromEntries(files) });
      const page = await browser.newPage();
      try {
        assert.equal(files.length > 1, splitting);
        await page.goto(site.origin);
        const transport = await page.evaluate(async ([main, url]) => {
          const { connect } = await import(main);
          const connection = connect(url, { transport: "sockjs" });
          return new Promise((done) => connection.on("state", ({ to, transport }) => to === "open" && done(transport)));
        }, [main, url]);
        assert.equal(transport, "sockjs/websocket");
      } finally {
        await page.close();
        await site.close();
      }
    }
  },

  async "nothing listens for unload"({ browser, site, echo: url }) {
    const page = await browser.newPage();
    try {
      await page.goto(site.origin);
      const types = await page.evaluate(async (url) => {
        const types = [];
        const add = EventTarget.prototype.addEventListener;
        EventTarget.prototype.addEventListener = function (type, ...rest) {
          if (this === globalThis || this === document) types.push(type);
          return add.call(this, type, ...rest);
        };
        const { opened } = await import("/tests/sockjs/page.js");
        const { default: SockJS } = await import("/everwire/sockjs.js");
        for (const name of ["websocket", "xhr-streaming"]) (await opened(SockJS, url, { transports: name })).socket.close();
        return [types, globalThis.onunload, globalThis.onbeforeunload];
      }, url);
      assert.deepEqual(types, [[], null, null]);
    } finally {
      await page.close();
    }
  },

  async "a page with a session enters the back/forward cache, and the session is told from a lost one afterwards"({ site, echo: url }) {
    // playwright switches the cache off.
    const browser = await launchChromium([], { ignoreDefaultArgs: ["--disable-back-forward-cache"] });
    try {
      const page = await browser.newPage();
      await page.goto(site.origin);
      await page.evaluate(async (url) => {
        globalThis.shown = [];
        addEventListener("pageshow", ({ persisted }) => shown.push(persisted));
        const { opened } = await import("/tests/sockjs/page.js");
        const { default: SockJS } = await import("/everwire/sockjs.js");
        const { socket, log } = await opened(SockJS, url, { transports: "xhr-polling" });
        Object.assign(globalThis, { socket, log });
      }, url);
      await page.goto(`${site.origin}/tests/sockjs/worker.js`);
      // A page from the cache does not load again.
      await page.goBack({ waitUntil: "commit" });
      const result = await page.evaluate(async () => {
        const { until } = await import("/tests/websocket/page.js");
        // Either it goes on, or its end is told: never an object that is open and dead.
        if (socket.readyState === 1) socket.send("still there");
        await until(() => log.length > 1, "a message or a close");
        return { shown, last: log.at(-1) };
      });
      assert.deepEqual(result.shown, [true]);
      assert.ok(result.last[1] === "still there" || result.last[1] === 1006, JSON.stringify(result.last));
    } finally {
      await browser.close();
    }
  },

  "a TypeScript project written for @types/sockjs-client compiles after changing the import"() {
    const folder = mkdtempSync(join(tmpdir(), "everwire-sockjs-types-"));
    try {
      const source = readFileSync(join(here, "types/project.ts"), "utf8");
      writeFileSync(join(folder, "theirs.ts"), source);
      writeFileSync(join(folder, "ours.ts"), source.replace('"sockjs-client"', '"everwire/sockjs"'));
      for (const name of ["more.ts", "plain.ts"]) writeFileSync(join(folder, name), readFileSync(join(here, "types", name)));
      const compile = (files, options) => {
        writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({
          compilerOptions: {
            target: "es2022", module: "esnext", moduleResolution: "bundler", strict: true, exactOptionalPropertyTypes: true,
            skipLibCheck: false, noEmit: true, types: [], allowSyntheticDefaultImports: true, lib: ["es2022", "dom"],
            paths: {
              "sockjs-client": [join(here, "../node_modules/@types/sockjs-client/index.d.ts")],
              "everwire/sockjs": [join(dist, "types/sockjs/index.d.ts")],
              "@stomp/stompjs": [join(here, "../node_modules/@stomp/stompjs/index.d.ts")],
              everwire: [join(dist, "types/client/index.d.ts")],
            },
            ...options,
          },
          files,
        }));
        const result = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
        assert.equal(result.status, 0, `${files}: ${result.stdout}${result.stderr}`);
      };
      compile(["theirs.ts"]);
      compile(["ours.ts"]);
      compile(["more.ts", "plain.ts"], { lib: ["es2022", "dom", "esnext.disposable"] });
      compile(["plain.ts"], { lib: ["es2022"] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
