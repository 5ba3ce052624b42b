// Runs script examples, each in a page of its own.
import { createServer } from "node:http";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";

/** Time for an example to open its socket; generous, since a loaded machine starts pages slowly. */
const OPEN_TIMEOUT = 20_000;
const EXAMPLE_ADDRESS = /wss?:\/\/(?:[a-z0-9-]+\.)*example\.(?:com|org|net)(?::\d+)?(?:\/[^\s"'`?]*)?/g;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--disable-background-networking",
];

/**
 * @param {{ path: string, code: string, at: string }[]} examples
 * @param {{ chrome: string, server: string, folder: string }} options
 */
export async function runInChrome(examples, { chrome, server, folder }) {
  const files = wasmFiles(folder);
  for (const [index, example] of examples.entries()) {
    files.set(`/${index}.js`, { type: "text/javascript", body: await bundle(example, server) });
  }
  const pages = createServer((request, response) => {
    const page = `<!doctype html><title>example</title><script type="module" src="${request.url}.js"></script>`;
    const { type, body } = files.get(request.url) ?? { type: "text/html", body: page };
    response.setHeader("content-type", type);
    response.end(body);
  });
  pages.listen(0, "127.0.0.1");
  await once(pages, "listening");
  const browser = await chromium.launch({ executablePath: chrome, args: FLAGS });
  try {
    for (const [index, example] of examples.entries()) {
      await visit(browser, `http://127.0.0.1:${pages.address().port}/${index}`, example, server);
    }
  } finally {
    await browser.close();
    pages.close();
  }

  async function bundle(example, server) {
    const source = readFileSync(example.path, "utf8");
    writeFileSync(example.path, source.replace(EXAMPLE_ADDRESS, `ws://${server}/echo`));
    const result = await build({
      entryPoints: [example.path],
      absWorkingDir: folder,
      bundle: true,
      format: "esm",
      target: "es2022",
      write: false,
      logLevel: "error",
    });
    return result.outputFiles[0].text;
  }
}

/** The modules of the slim entries, beside the bundles: esbuild leaves copying them to its user. */
function wasmFiles(folder) {
  const slim = join(folder, "node_modules/everwire/dist/slim");
  const names = readdirSync(slim).filter((name) => name.endsWith(".wasm"));
  return new Map(names.map((name) => [`/${name}`, { type: "application/wasm", body: readFileSync(join(slim, name)) }]));
}

async function visit(browser, url, example, server) {
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`threw ${error.stack || error}`));
  page.on("console", (message) => {
    // The browser itself asks for an icon and logs the answer.
    if (message.type() === "error" && !message.location().url.endsWith("favicon.ico")) faults.push(`logged ${message.text()}`);
  });
  const opens = new RegExp(EXAMPLE_ADDRESS).test(example.code);
  const socket = opens && page.waitForEvent("websocket", { timeout: OPEN_TIMEOUT });
  await page.goto(url, { waitUntil: "load" });
  if (opens) {
    await socket.catch(() => faults.push("opened no WebSocket"));
  }
  // When a later socket has had its echo, the example's has opened too and its handlers have run.
  await page.evaluate(
    (address) =>
      new Promise((resolve, reject) => {
        const probe = new WebSocket(address);
        probe.onopen = () => probe.send("probe");
        probe.onmessage = () => probe.close();
        probe.onclose = (event) => (event.wasClean ? resolve() : reject(new Error("the test server does not answer")));
      }),
    `ws://${server}/echo`,
  );
  await page.close();
  if (faults.length > 0) throw new Error(`${example.at}: the example ${faults.join("; ")}`);
  console.log(`ran ${example.at}`);
}
