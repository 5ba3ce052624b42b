// Writes docs/benchmarks.md and its plots. Every part is measured in one run; what the last run of each has measured, round by
// round, is kept in docs/benchmarks/results.json, from which the page is made whole each time. Text that is not about figures
// stands in docs/benchmarks/notes.md.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bars, herd } from "./plots.mjs";
import { factor, number } from "./print.mjs";
import { ratio, summary } from "./stats.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const docs = join(root, "docs");
const plots = join(docs, "benchmarks");
const raw = join(plots, "results.json");
const PEERS = [
  "reconnecting-websocket", "partysocket", "websocket-ts", "@stomp/stompjs", "socket.io-client", "socket.io",
  "sockjs-client", "sockjs", "lodash.throttle", "uplot", "ws",
];
/** Significant ones, of what is kept. */
const DIGITS = 4;
const HERD_PLOT_MS = 45_000;
const WINDOW_MS = 100;

/**
 * Writes page and plots.
 *
 * @param {object} results of the parts that ran
 * @param {string[]} order of all parts on the page
 */
export async function writeReport(results, order) {
  mkdirSync(plots, { recursive: true });
  const kept = existsSync(raw) ? JSON.parse(readFileSync(raw, "utf8")) : {};
  for (const [name, result] of Object.entries(results)) kept[name] = { ...result, measured: measured(result.browser) };
  if (process.env.EVERWIRE_CRITERION) kept.core = core(process.env.EVERWIRE_CRITERION);
  writeFileSync(raw, `${JSON.stringify(kept, (_, value) => (typeof value === "number" ? Number(value.toPrecision(DIGITS)) : value))}\n`);
  const parts = [head()];
  for (const name of order.filter((name) => kept[name])) {
    parts.push(kept[name].formulas ? await herdSection(name, kept[name]) : await section(name, kept[name]));
  }
  if (kept.core) parts.push(coreSection(kept.core));
  parts.push(sizes(process.env.EVERWIRE_SIZES));
  parts.push(readFileSync(join(plots, "notes.md"), "utf8").trim());
  writeFileSync(join(docs, "benchmarks.md"), `${parts.join("\n\n")}\n`);
}

function head() {
  const peers = PEERS.map((name) => `${name} ${version(name)}`).join(", ");
  return `# Benchmarks

Compare the numbers of one table with each other; on another machine all of them move. Repeat them with
\`cargo xtask bench --report\`, which writes this page, or a part of it with \`cargo xtask bench stomp,socketio --report\`. Every client
has an iframe of its own, rounds are interleaved; a cell is the median of the rounds with the quartiles in brackets, a ratio the
median of the ratios of the rounds. All rounds are in [results.json](benchmarks/results.json). Peers from npm: ${peers}.`;
}

/** When, where and with what. */
function measured(browser) {
  const processor = cpus()[0]?.model ?? "unknown processor";
  const machine = `${cpus().length} cores (${processor}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split("-")[0]}`;
  return `${new Date().toISOString().slice(0, 10)}, ${machine}, ${browser ? `Chromium ${browser}, Node ${process.version.slice(1)}, ` : ""}${rustc()}`;
}

function version(name) {
  return JSON.parse(readFileSync(join(root, "tests/node_modules", name, "package.json"), "utf8")).version;
}

function rustc() {
  return spawnSync("rustc", ["--version"], { encoding: "utf8", cwd: root }).stdout.trim().replace(/ \(.*/, "");
}

async function section(name, { title, about, unit, measured, ...result }) {
  const groups = result.groups ?? { "": result };
  const lines = [`## ${title}`, `${about}${unit ? ` In ${unit}.` : ""} Measured ${measured}, ${rounds(groups)} rounds.`];
  for (const [group, { times, baseline }] of Object.entries(groups)) {
    const file = `${name}${group && `-${group}`}.svg`;
    writeFileSync(join(plots, file), await bars(rowsOf(times), { title: group || title, unit: unit ?? "" }));
    lines.push(table(times, baseline), `![${group || title}](benchmarks/${file})`);
  }
  return lines.join("\n\n");
}

/** Of the kinds, which have the same. */
const rounds = (groups) => Object.values(Object.values(Object.values(groups)[0].times)[0])[0].length;

function rowsOf(times) {
  return Object.entries(times).flatMap(([name, kinds]) =>
    Object.entries(kinds).map(([kind, values]) => ({ name, kind, ...summary(values) })));
}

function table(times, baseline) {
  const names = Object.keys(times);
  const kinds = [...new Set(Object.values(times).flatMap((kinds) => Object.keys(kinds)))];
  const lines = [`| | ${names.join(" | ")} |`, `|---|${"---|".repeat(names.length)}`];
  for (const kind of kinds) {
    const cells = names.map((name) => {
      const values = times[name][kind];
      if (!values) return "";
      const { median, low, high } = summary(values);
      const base = times[baseline]?.[kind];
      const against = base && name !== baseline ? `, ${factor(ratio(values, base).median)}` : "";
      return `${number(median)} (${number(low)}-${number(high)})${against}`;
    });
    lines.push(`| ${kind} | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}

async function herdSection(name, { title, about, formulas, measured }) {
  writeFileSync(join(plots, `${name}.svg`), await herd(formulas, { title, windowMs: WINDOW_MS, until: HERD_PLOT_MS }));
  const rows = formulas.map(({ name, peak, peakAfterRecovery, p95BackMs, dialsPerClient }) =>
    `| ${name} | ${peak} | ${peakAfterRecovery} | ${(p95BackMs / 1_000).toFixed(1)} s | ${dialsPerClient} |`);
  return [
    `## ${title}`, `${about} Simulated ${measured}.`,
    ["| Formula | most dials in 100 ms | after recovery | 95 % back after | dials per client |", "|---|---|---|---|---|", ...rows].join("\n"),
    `![${title}](benchmarks/${name}.svg)`,
  ].join("\n\n");
}

/** What criterion measured of the core: medians in nanoseconds and the bounds that hold them with 95 % confidence. */
function core(folder) {
  const rows = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(join("new", "benchmark.json")))
    .map((file) => {
      const json = (name) => JSON.parse(readFileSync(join(folder, dirname(file), name), "utf8"));
      const { full_id: id, throughput } = json("benchmark.json");
      const { point_estimate: median, confidence_interval: bounds } = json("estimates.json").median;
      return { id, median, low: bounds.lower_bound, high: bounds.upper_bound, elements: throughput?.Elements };
    })
    .sort((a, b) => a.id.localeCompare(b.id));
  return { rows, measured: measured() };
}

function coreSection({ rows: benchmarks, measured }) {
  const rows = benchmarks.map(({ id, median, low, high, elements }) => {
    const rate = elements ? `${((elements / median) * 1e3).toFixed(1)} M/s` : "";
    return `| ${id} | ${time(median)} | ${time(low)} to ${time(high)} | ${rate} |`;
  });
  return ["## The core, natively", `By criterion. Measured ${measured}.`, ["| Benchmark | median | 95 % confidence | |", "|---|---|---|---|", ...rows].join("\n")].join("\n\n");
}

const time = (ns) => (ns < 1e6 ? `${number(ns)} ns` : `${number(ns / 1e6)} ms`);

/** Bytes of the npm entries: script and module, each file compressed by itself. */
function sizes(file) {
  const rows = JSON.parse(readFileSync(file, "utf8"))
    .map(([entry, ...bytes]) => `| \`${entry}\` | ${bytes.map((count) => count.toLocaleString("en")).join(" | ")} |`);
  return ["## Size", ["| Entry | raw | gzip | brotli |", "|---|---|---|---|", ...rows].join("\n")].join("\n\n");
}
