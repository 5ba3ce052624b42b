// Results as lines for the terminal.
import { difference, ratio, summary } from "./stats.mjs";

export const number = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

export const factor = (value) => `x${value >= 0.1 ? value.toFixed(2) : value.toPrecision(2)}`;

/** The dials of every formula. */
export function printHerd({ title, about, formulas }) {
  console.log(`\n${title}\n${about}`);
  for (const { name, peak, peakAfterRecovery, p95BackMs, dialsPerClient } of formulas) {
    console.log(`    ${name.padEnd(44)} peak ${peak}, after recovery ${peakAfterRecovery}, 95 % back after ${p95BackMs} ms, ${dialsPerClient} dials each`);
  }
}

/** One table per kind: median and quartiles, and what the client costs against the baseline. */
export function printTimes({ title, about, unit, baseline, times }) {
  console.log(`\n${title}\n${about} Median (quartiles)${unit ? ` in ${unit}` : ""}; difference and ratio to ${baseline} by round.`);
  const kinds = [...new Set(Object.values(times).flatMap((byKind) => Object.keys(byKind)))];
  for (const kind of kinds) {
    console.log(`  ${kind}`);
    for (const [name, byKind] of Object.entries(times)) {
      const values = byKind[kind];
      if (!values) continue;
      const { median, low, high } = summary(values);
      const line = `    ${name.padEnd(26)} ${number(median).padStart(8)} (${number(low)}-${number(high)})`.padEnd(66);
      const base = times[baseline]?.[kind];
      if (!base || name === baseline) {
        console.log(line);
        continue;
      }
      const [more, share] = [difference(values, base).median, ratio(values, base)];
      console.log(`${line} ${(more >= 0 ? "+" : "") + number(more)}  ${factor(share.median)} (${factor(share.low)}-${factor(share.high)})`);
    }
  }
}
