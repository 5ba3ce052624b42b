// Plots as SVG, drawn by Vega-Lite without a browser.
import { Error as errors, logger, parse, View } from "vega";
import { compile } from "vega-lite";

const WIDTH = 560;
const FONT = "system-ui, sans-serif";
const OURS = "#0b7a75";
const PEER = "#9aa5b1";
const isOurs = (name) => name.startsWith("everwire");

/** Horizontal bars with quartiles as lines, one row per client; everwire stands out. `rows`: name, kind, median, low, high. */
export function bars(rows, { title, unit, log = false }) {
  const scale = log ? { type: "log" } : { zero: true };
  return svg({
    title,
    data: { values: rows.map((row) => ({ ...row, ours: isOurs(row.name) })) },
    facet: { row: { field: "kind", title: null, sort: [...new Set(rows.map(({ kind }) => kind))], header: { labelAngle: 0, labelAlign: "left", labelOrient: "top", labelFontWeight: "bold" } } },
    spec: {
      width: WIDTH,
      encoding: { y: { field: "name", type: "nominal", title: null, sort: null } },
      layer: [
        {
          mark: { type: "bar", height: { band: 0.7 } },
          encoding: {
            x: { field: "median", type: "quantitative", title: unit, scale },
            ...(log ? { x2: { datum: Math.min(...rows.map(({ low }) => low)) / 2 } } : {}),
            color: { condition: { test: "datum.ours", value: OURS }, value: PEER },
          },
        },
        { mark: { type: "rule", strokeWidth: 1.5 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
      ],
    },
    resolve: { scale: { x: "independent", y: "independent" } },
  });
}

/** Dials over time, one row per formula. */
export function herd(formulas, { title, windowMs, until }) {
  const values = formulas.flatMap(({ name, windows }) =>
    windows.slice(0, until / windowMs).map((dials, i) => ({ name, s: (i * windowMs) / 1_000, dials, ours: isOurs(name) })));
  return svg({
    title,
    data: { values },
    facet: { row: { field: "name", title: null, sort: formulas.map(({ name }) => name), header: { labelAngle: 0, labelAlign: "left", labelOrient: "top", labelFontWeight: "bold" } } },
    spec: {
      width: WIDTH,
      height: 70,
      mark: { type: "bar", width: 2 },
      encoding: {
        x: {
          field: "s", type: "quantitative", scale: { domain: [0, until / 1_000] },
          title: "seconds since the outage began (the server is back after 30)",
        },
        y: { field: "dials", type: "quantitative", title: "dials / 100 ms", scale: { domain: [0, 1_000] } },
        color: { condition: { test: "datum.ours", value: OURS }, value: PEER },
      },
    },
  });
}

async function svg(spec) {
  const config = { font: FONT, background: "white", view: { stroke: null }, axis: { labelLimit: 240 } };
  const view = new View(parse(compile({ config, ...spec }, { logger: logger(errors) }).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
