// Tests of everwire/socket.io: scenarios against a scripted server in Node and in Chromium, the same ones with
// socket.io-client beside them where both should behave alike. Those with real servers are in the folder `interop`.
//
//   node run.mjs [TEXT]     TEXT: only scenarios with it in their name
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { launchChromium, openPage } from "../support/browser.mjs";
import { check, finish } from "../support/report.mjs";
import { serveHttp } from "../support/server.mjs";
import { checkLeaving } from "./leaving.mjs";
import { checkMsgpack } from "./msgpack.mjs";
import { checkTypes } from "./types.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../../pkg/dist");
const only = process.argv[2] ?? "";

const out = mkdtempSync(join(tmpdir(), "everwire-socketio-"));
try {
  const peer = join(out, "peer.mjs");
  // The browser's build, with readable members; the package's own is minified, and Node would get another one.
  await build({
    entryPoints: [join(here, "../node_modules/socket.io-client/build/esm/index.js")],
    outfile: peer, bundle: true, format: "esm", platform: "browser", logLevel: "error",
  });
  await inNode(pathToFileURL(peer).href);
  await inChromium(out);
  if (!only) {
    await checkMsgpack();
    await checkLeaving();
    await checkTypes();
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
finish();

async function inNode(peer) {
  const { prepare } = await import("./unit/suite.mjs");
  const suite = await prepare({ everwire: pathToFileURL(join(dist, "socket.io.js")).href, "socket.io-client": peer }, pathToFileURL(join(dist, "socket.io-policies.js")).href);
  process.on("unhandledRejection", (error) => suite.rejections.push(error));
  for (const name of suite.names) if (name.includes(only)) await check(`Node: ${name}`, () => suite.run(name));
}

async function inChromium(out) {
  const server = await serveHttp({
    "/": { body: "<!doctype html><title>socket.io</title>" },
    "/dist/": { dir: dist }, "/peer/": { dir: out }, "/unit/": { dir: join(here, "unit") }, "/support/": { dir: join(here, "../support") },
  });
  const browser = await launchChromium();
  try {
    const { page } = await openPage(browser, `${server.origin}/`);
    const names = await page.evaluate(async () => {
      const { prepare } = await import("/unit/suite.mjs");
      globalThis.suite = await prepare({ everwire: "/dist/socket.io.js", "socket.io-client": "/peer/peer.mjs" }, "/dist/socket.io-policies.js");
      addEventListener("unhandledrejection", (event) => {
        event.preventDefault();
        suite.rejections.push(event.reason);
      });
      return suite.names;
    });
    for (const name of names) {
      if (name.includes(only)) await check(`Chromium: ${name}`, () => page.evaluate((name) => suite.run(name), name));
    }
  } finally {
    await browser.close();
    await server.close();
  }
}
