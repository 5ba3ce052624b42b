// What everwire costs beside what people use today: every part in one Chromium, ratios to a baseline, interleaved rounds. It
// never asserts on speed; a client that loses something fails.
//
//   node run.mjs [--smoke] [--only PART,..] [--report]
//
//   --smoke   the shortest run of every part, to see that it works
//   --only    some parts
//   --report  also writes the figures and plots of these parts into docs/benchmarks.md and docs/benchmarks/
import { launchChromium } from "../support/browser.mjs";
import { printHerd, printTimes } from "./lib/print.mjs";
import { writeReport } from "./lib/report.mjs";

/** Files of parts/, in the order of the report. */
const PARTS = ["message", "stomp", "socketio", "sockjs", "network", "start", "policies", "receiving", "scale", "herd", "rust"];

const args = process.argv.slice(2);
const smoke = args.includes("--smoke");
const only = args.includes("--only") ? args[args.indexOf("--only") + 1]?.split(",") : PARTS;
const unknown = only?.filter((part) => !PARTS.includes(part)) ?? ["--only"];
if (unknown.length) {
  console.error(`unknown part ${unknown.join(", ")}: one of ${PARTS.join(", ")}`);
  process.exit(2);
}

const results = {};
for (const part of PARTS.filter((part) => only.includes(part))) {
  const { run } = await import(`./parts/${part}.mjs`);
  // A browser per part: what one leaves in memory must not burden the next.
  const browser = await launchChromium(["--enable-precise-memory-info"]);
  try {
    const result = (results[part] = { ...await run({ browser, smoke }), browser: browser.version() });
    if (result.formulas) printHerd(result);
    else if (!result.groups) printTimes(result);
    else for (const [group, tables] of Object.entries(result.groups)) printTimes({ ...result, ...tables, title: `${result.title}: ${group}` });
  } finally {
    await browser.close();
  }
}
if (args.includes("--report")) await writeReport(results, PARTS);
