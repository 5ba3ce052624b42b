// Part 5, the herd: how many of a thousand clients dial in the same 100 ms after an outage of 30 s. Nothing is timed; the
// simulation is crates/sim/examples/herd.rs.
import { spawnSync } from "node:child_process";

/** The dials of every formula. */
export async function run() {
  const program = process.env.EVERWIRE_HERD_PROGRAM;
  if (!program) throw new Error("EVERWIRE_HERD_PROGRAM is not set: run this through `cargo xtask bench`");
  const { status, stdout, stderr } = spawnSync(program, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the herd simulation failed: ${stderr}`);
  const formulas = stdout.trim().split("\n").map((line) => JSON.parse(line));
  if (formulas.some(({ windows }) => !windows.some((dials) => dials > 0))) throw new Error("a formula never dialled");
  return { title: "A thousand clients after an outage of 30 s", about: "Simulated; dials in a window of 100 ms.", formulas };
}
