// A real Redis on loopback and in a temporary folder, without persistence.
import { connect } from "node:net";
import { join } from "node:path";
import { findProgram, freePorts, remove, startProgram, temporaryFolder, untilReady } from "./program.mjs";

/**
 * Starts redis-server.
 *
 * - `url`: `redis://127.0.0.1:PORT`, the same over restarts; `port`
 * - `kill()` ends it like a crash, `stop()` in good order, `start()` again, `restart({ kill })` down and up; the data is
 *   lost each time
 * - `close()`: ends it and removes the folder
 */
export async function startRedis() {
  const program = findProgram("redis-server", "redis-server");
  const folder = temporaryFolder("redis");
  const [port] = await freePorts(1);
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--save", "", "--appendonly", "no"];
  let running;
  const ended = async (signal) => {
    await running?.end(signal);
    running = undefined;
  };
  const redis = {
    url: `redis://127.0.0.1:${port}`,
    port,
    async start() {
      if (running) return;
      running = startProgram(program, args, { cwd: folder, log: join(folder, "redis.log") });
      await untilReady(running, () => answers(port), "redis-server", 30_000);
    },
    stop: () => ended("SIGTERM"),
    kill: () => ended("SIGKILL"),
    async restart({ kill = false } = {}) {
      await (kill ? redis.kill() : redis.stop());
      await redis.start();
    },
    async close() {
      await redis.kill();
      remove(folder);
    },
  };
  try {
    await redis.start();
  } catch (error) {
    await redis.close();
    throw error;
  }
  return redis;
}

/** Whether Redis answers PING. */
function answers(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.on("error", () => done(false)).on("close", () => done(false));
    socket.on("data", (data) => {
      done(String(data) === "+PONG\r\n");
      socket.destroy();
    });
  });
}
