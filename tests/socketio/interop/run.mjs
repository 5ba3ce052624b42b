// everwire/socket.io beside socket.io-client in a real browser, against real servers: every scenario is played with both,
// and their traces must be equal but for the differences that differences.mjs lists and explains.
//
//   node run.mjs [--peer-only] [--twice] [FILTER]     --peer-only: socket.io-client alone; --twice: it is compared with
//                                                     itself, which shows whether the scenarios depend on chance
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launchChromium } from "../../support/browser.mjs";
import { check, finish } from "../../support/report.mjs";
import { serveHttp } from "../../support/server.mjs";
import { differences, expected } from "./differences.mjs";
import { acks } from "./scenarios/acks.js";
import { connecting } from "./scenarios/connecting.js";
import { hostile } from "./scenarios/hostile.js";
import { internals } from "./scenarios/internals.js";
import { losses } from "./scenarios/losses.js";
import { namespaces } from "./scenarios/namespaces.js";
import { pacing } from "./scenarios/pacing.js";
import { parsers } from "./scenarios/parsers.js";
import { payloads } from "./scenarios/payloads.js";
import { redis } from "./scenarios/redis.js";
import { Stage } from "./stage.mjs";

const groups = { connecting, payloads, acks, namespaces, losses, internals, parsers, hostile, redis };

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const args = process.argv.slice(2);
const filter = args.find((arg) => !arg.startsWith("--")) ?? "";
const libs = args.includes("--peer-only") ? ["peer"] : args.includes("--twice") ? ["peer", "again"] : ["peer", "everwire"];

const bundled = await build({
  stdin: { contents: 'export * from "socket.io-msgpack-parser"; export { default } from "socket.io-msgpack-parser";', resolveDir: here },
  bundle: true, format: "esm", write: false, logLevel: "error",
});
const site = await serveHttp({
  "/": { body: '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>socket.io</title><script src="/peer/socket.io.js"></script>' },
  "/interop/": { dir: here },
  "/everwire/": { dir: join(here, "../../../pkg/dist") },
  "/peer/": { dir: join(dirname(require.resolve("socket.io-client/package.json")), "dist") },
  "/msgpack.js": { body: Buffer.from(bundled.outputFiles[0].contents), type: "text/javascript" },
});
const stage = await Stage.open();
const browser = await launchChromium();

/** Plays a scenario in a page of its own. */
async function trace(group, name, lib, mode) {
  const page = await browser.newPage();
  try {
    await page.exposeFunction("command", (command, ...given) => stage.commands[command](...given));
    await page.goto(site.origin);
    return await page.evaluate(async ([group, name, which, mode, ports]) => {
      const [{ play }, scenarios, msgpack, boxed, pacing] = await Promise.all([
        import("/interop/play.js"), import(`/interop/scenarios/${group}.js`), import("/msgpack.js"),
        // The peer has none in its box.
        import(which === "everwire" ? "/everwire/socket.io-msgpack.js" : "/msgpack.js"),
        which === "everwire" ? import("/everwire/socket.io-policies.js") : undefined,
      ]);
      const library = which === "everwire" ? await import("/everwire/socket.io.js") : globalThis.io;
      const { io, Manager, Socket } = library;
      const lib = { name: which, io, Manager, Socket, msgpack: msgpack.default, boxed: boxed.default, pacing };
      return play(scenarios[group][name].run, lib, { mode, ports, command: globalThis.command });
    }, [group, name, lib, mode, stage.ports]);
  } finally {
    await page.close();
    await stage.tidy();
  }
}

/** The parts of two traces that differ, the expected lines with `-`, the others with `+`; empty if there are none. */
function difference(wanted, got) {
  const parts = (lines) => lines.join("\n").split(/^(?=--- )/m);
  const [wantedParts, gotParts] = [parts(wanted), parts(got)];
  const count = Math.max(wantedParts.length, gotParts.length);
  const marked = (mark, part = "") => part.trimEnd().split("\n").map((line) => `${mark} ${line}`);
  return Array.from({ length: count }, (_, index) => [wantedParts[index], gotParts[index]])
    .filter(([before, after]) => before !== after)
    .flatMap(([before, after]) => [...marked("-", before), ...marked("+", after)])
    .join("\n");
}

const explained = new Map();
try {
  for (const [group, scenarios] of Object.entries(groups)) {
    for (const [name, { modes }] of Object.entries(scenarios)) {
      for (const mode of modes) {
        const title = `${name}, ${mode}`;
        if (!`${group}: ${title}`.includes(filter)) continue;
        await check(`${group}: ${title}`, async () => {
          const [theirs, ours] = [await trace(group, name, libs[0], mode), libs[1] && (await trace(group, name, libs[1], mode))];
          assert.ok(theirs.length > 0, "the scenario says nothing");
          if (args.includes("--print")) console.log((ours ?? theirs).map((line) => `     ${line}`).join("\n"));
          if (!ours) return;
          const { lines, why } = libs[1] === "everwire" ? expected(name, mode, theirs) : { lines: theirs, why: [] };
          const found = difference(lines, ours);
          if (found) throw new Error(`an unexplained difference, - as expected, + as it is:\n${found}`);
          for (const reason of why) explained.set(reason, [...(explained.get(reason) ?? []), title]);
        });
      }
    }
  }
  for (const [name, { modes, wanted, polling = wanted }] of libs[1] === "everwire" ? Object.entries(pacing) : []) {
    for (const mode of modes) {
      const title = `pacing: ${name}, ${mode}`;
      if (title.includes(filter)) await check(title, async () => assert.deepEqual(await trace("pacing", name, "everwire", mode), mode === "polling" ? polling : wanted));
    }
  }
  if (libs[1] === "everwire" && filter === "") {
    await check("every listed difference is one", () => {
      assert.deepEqual(differences.filter(({ used }) => !used).map(({ scenario, why }) => `${scenario}: ${why}`), []);
    });
  }
} finally {
  await browser.close();
  await stage.close();
  await site.close();
}
if (explained.size > 0) {
  console.log("\nDifferences from socket.io-client, all of them on purpose:");
  for (const [reason, titles] of explained) console.log(`- ${reason}\n    in: ${titles.join("; ")}`);
}
finish();
