// Tests of everwire/stomp/connect: the scenarios in Node and in Chrome, then outages of real RabbitMQ nodes.
//
//   node run.mjs [FILTER]
//
// EVERWIRE_TEST_SERVER_PROGRAM names the built everwire-test-server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import * as everwire from "../../pkg/dist/stomp-connect.js";
import { launchChromium, openPage } from "../support/browser.mjs";
import { check, finish } from "../support/report.mjs";
import { serveHttp } from "../support/server.mjs";
import { serveBridge } from "../sockjs/stomp.mjs";
import { rabbit } from "./rabbitmq.mjs";
import { environment, scenarios } from "./scenarios.js";

const here = dirname(fileURLToPath(import.meta.url));
const filter = process.argv[2] ?? "";
const run = (name, body) => (name.includes(filter) ? check(name, body) : undefined);
/** No scenario takes as long; one that hangs is a failure of its own, not of the run. */
const bounded = (promise) => Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error("hangs")), 20_000).unref())]);

const program = spawn(process.env.EVERWIRE_TEST_SERVER_PROGRAM, ["0"], { stdio: ["ignore", "pipe", "inherit"] });
const [line] = await new Promise((done) => createInterface(program.stdout).once("line", (line) => done([line])));
const address = line.split(" ")[1];
const site = await serveHttp({
  "/": { body: `<!doctype html><link rel="icon" href="data:,"><title>stomp connect</title>` },
  "/tests/": { dir: here },
  "/everwire/": { dir: join(here, "../../pkg/dist") },
});
const bridge = await serveBridge(`ws://${address}/stomp?choose=v12.stomp`);
const browser = await launchChromium();

try {
  for (const name of Object.keys(scenarios)) {
    await run(`node: ${name}`, async () => {
      const env = environment(everwire, `ws://${address}`, WebSocket, `http://${address}`);
      await bounded(scenarios[name](env)).finally(env.closeAll);
    });
  }
  const { page, problems } = await openPage(browser, site.origin);
  await page.evaluate(async (address) => {
    const [module, { environment, scenarios }] = await Promise.all([import("/everwire/stomp-connect.js"), import("/tests/scenarios.js")]);
    globalThis.play = async (name) => {
      const env = environment(module, `ws://${address}`, undefined, `http://${address}`);
      await scenarios[name](env).finally(env.closeAll);
    };
  }, address);
  for (const name of Object.keys(scenarios)) {
    await run(`chrome: ${name}`, () => bounded(page.evaluate((name) => play(name), name)));
  }
  await run("chrome: the slim entry, once its module is there", () => bounded(page.evaluate(async (address) => {
    const [module, { environment, scenarios }] = await Promise.all([import("/everwire/slim/stomp-connect.js"), import("/tests/scenarios.js")]);
    await module.init();
    const env = environment(module, `ws://${address}`, undefined, `http://${address}`);
    await scenarios["a message goes out and comes back"](env).finally(env.closeAll);
  }, address)));
  for (const transport of ["websocket", "xhr-streaming"]) {
    await run(`chrome: over everwire/sockjs by ${transport}, also after a loss`, () => bounded(page.evaluate(async ([url, transport]) => {
      const [{ connect }, { default: SockJS }] = await Promise.all([import("/everwire/stomp-connect.js"), import("/everwire/sockjs.js")]);
      const carried = [];
      const webSocketFactory = () => {
        const socket = new SockJS(url, null, { transports: transport });
        socket.addEventListener("open", () => carried.push(socket.transport));
        return socket;
      };
      const stomp = connect({ webSocketFactory }, { reconnect: { minDelay: 10, maxDelay: 20, firstSpread: 0 } });
      const loop = stomp.subscribe("/topic/a")[Symbol.asyncIterator]();
      for (const body of ["over \u20ac", "over again"]) {
        await stomp.publish("/topic/a", body, { receipt: true }).acked;
        const { value } = await loop.next();
        if (value.body !== body) throw new Error(`${value.body} arrived`);
        if (body === "over again") break;
        const lost = new Promise((done) => stomp.on("state", ({ to }) => to === "waiting" && done()));
        stomp.publish("/command/drop");
        await lost;
      }
      await stomp.close();
      return carried;
    }, [bridge.url, transport])).then((carried) => assert.deepEqual(carried, [transport, transport])));
  }
  await run("chrome: nothing was thrown into the page", () => {
    const unexpected = problems.filter((text) => !/WebSocket connection to|Failed to load resource/.test(text));
    assert.deepEqual(unexpected, []);
  });
  // Starting two nodes takes a while: not for a filter that none of their checks fits.
  if ("rabbitmq: ".includes(filter) || filter.startsWith("rabbitmq")) await rabbit(run, everwire);
} finally {
  await browser.close();
  await site.close();
  await bridge.close();
  program.kill();
}
finish();
