// Child processes of the README check.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * Runs a program to its end and returns what it printed; throws with its output if it failed.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onFailure?: string }} options
 */
export function run(program, args, { cwd, env, onFailure = `${program} failed` } = {}) {
  const result = spawnSync(program, args, { cwd, env, encoding: "utf8" });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${onFailure}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

/**
 * Starts a server that prints `listening HOST:PORT` as its first line.
 *
 * @param {string} program
 */
export async function startServer(program) {
  const child = spawn(program, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${program} ended with ${code} before it listened`);
  });
  // After the race nobody waits for it, and being stopped is no error then.
  ended.catch(() => {});
  const [line] = await Promise.race([once(lines, "line"), ended]);
  const address = /^listening (127\.0\.0\.1:\d+)$/.exec(line)?.[1];
  if (!address) {
    child.kill();
    throw new Error(`${program} printed ${JSON.stringify(line)} instead of its address`);
  }
  return { address, stop: () => child.kill() };
}
