// The Rust test server, whose program `cargo xtask` names in the environment.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * Starts it.
 *
 * @param {number} [port] 0 for a free one
 * @returns {Promise<{url: string, stats(key: string): Promise<object>, close(): Promise<void>}>}
 */
export async function startTestServer(port = 0) {
  const program = process.env.EVERWIRE_TEST_SERVER_PROGRAM;
  if (!program) throw new Error("EVERWIRE_TEST_SERVER_PROGRAM is not set: run this through `cargo xtask bench`");
  const child = spawn(program, [String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const address = line.replace("listening ", "");
  return {
    url: `ws://${address}`,
    stats: async (key) => (await fetch(`http://${address}/stats/${key}`)).json(),
    async close() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
