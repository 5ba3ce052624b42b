// The HTTP driver by itself, in the page and in Node, by fetch and by XMLHttpRequest: exactly one outcome per request.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { writeFileSync } from "node:fs";
import { until } from "../support/report.mjs";
import { remove, temporaryFolder } from "../support/program.mjs";
import { bundled } from "./peer.mjs";

const source = join(dirname(fileURLToPath(import.meta.url)), "../../pkg/src/host/http.ts");

/** The driver as a script. */
export const driver = () => bundled(`export { request } from ${JSON.stringify(source)}`);

async function serve() {
  const state = { open: 0, calls: [] };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    state.calls.push([request.method, body, request.headers["content-type"], request.headers["x-own"]]);
    state.open++;
    response.on("close", () => state.open--);
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    response.setHeader("access-control-allow-credentials", "true");
    // As sockjs-node; of plain text Chromium holds the first kilobyte back to guess what it is, if XMLHttpRequest asked.
    response.setHeader("content-type", "application/javascript; charset=UTF-8");
    response.setHeader("access-control-allow-headers", "x-own, content-type");
    const path = request.url;
    if (request.method === "OPTIONS") response.writeHead(204).end();
    else if (path === "/split") {
      response.write(Buffer.from([0x61, 0xe2, 0x82]));
      setImmediate(() => response.end(Buffer.from([0xac, 0x62])));
    } else if (path === "/cut") {
      response.write("before");
      setImmediate(() => response.destroy());
    } else if (path === "/hang") response.write("begun");
    else response.writeHead(Number(path.slice(1)) || 200).end(path === "/204" ? undefined : `body of ${path}`);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    state,
    close: () => new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    }),
  };
}

/** Runs wherever it is sent to: outcomes of all kinds of requests. */
async function outcomes(request, origin) {
  const go = (path, options = {}) => new Promise((done) => {
    let text = "";
    let pieces = 0;
    let synchronous = true;
    request({ method: "POST", url: origin + path, credentials: true, ...options }, {
      chunk: (piece) => {
        text += piece;
        pieces += piece ? 1 : -100;
      },
      done: (status, rest) => done([synchronous, status, text, rest, pieces > 0]),
      failed: (error) => done([synchronous, error instanceof Error ? "failed" : "not an error", text]),
    });
    synchronous = false;
  });
  const results = {
    whole: await go("/200", { method: "GET" }),
    body: await go("/200", { body: "text €", headers: { "X-Own": "1" } }),
    stream: await go("/split", { stream: true }),
    notOk: await go("/404", { stream: true }),
    empty: await go("/204", { stream: true }),
    cut: await go("/cut", { stream: true }),
    refused: await go("/200", { url: "http://127.0.0.1:1/" }),
    invalid: await go("/200", { url: "http://" }),
    late: await go("/hang", { stream: true, timeout: 300 }),
    inTime: await go("/200", { timeout: 30_000 }),
  };
  let after = 0;
  const count = () => after++;
  const abort = request({ method: "POST", url: `${origin}/hang`, credentials: false, stream: true }, {
    chunk: () => {
      abort();
      abort();
    },
    done: count,
    failed: count,
  });
  request({ method: "POST", url: `${origin}/200`, credentials: false }, { done: count, failed: count })();
  return { results, after: () => after };
}

const EXPECTED = {
  whole: [false, 200, "", "body of /200", false],
  body: [false, 200, "", "body of /200", false],
  stream: [false, 200, "a€b", "", true],
  notOk: [false, 404, "", "body of /404", false],
  empty: [false, 204, "", "", false],
  refused: [false, "failed", ""],
  invalid: [false, "failed", ""],
  late: [false, "failed", "begun"],
  inTime: [false, 200, "", "body of /200", false],
};

function compare({ cut, ...results }) {
  assert.deepEqual(results, EXPECTED);
  assert.equal(cut[1], "failed");
}

export const http = {
  async "in Node"() {
    const server = await serve();
    const folder = temporaryFolder("http");
    try {
      const file = join(folder, "http.mjs");
      writeFileSync(file, await driver());
      const { request } = await import(pathToFileURL(file));
      const { results, after } = await outcomes(request, server.origin);
      compare(results);
      await until(() => server.state.open === 0, "the aborted requests to end");
      assert.equal(after(), 0);
      assert.ok(server.state.calls.some((call) => `${call}` === "POST,text €,text/plain;charset=UTF-8,1"));
    } finally {
      remove(folder);
      await server.close();
    }
  },
};
for (const missing of ["nothing", "TextDecoder", "fetch"]) {
  http[`in a page without ${missing}`] = async ({ browser, site }) => {
    const server = await serve();
    const page = await browser.newPage();
    try {
      await page.goto(site.origin);
      const results = await page.evaluate(async ([body, origin, missing]) => {
        globalThis[missing] = undefined;
        const { request } = await import("/http.js");
        globalThis.running = await new Function(`return ${body}`)()(request, origin);
        return running.results;
      }, [String(outcomes), server.origin, missing]);
      compare(results);
      await until(() => server.state.open === 0, "the aborted requests to end");
      assert.equal(await page.evaluate(() => running.after()), 0);
    } finally {
      await page.close();
      await server.close();
    }
  };
}
