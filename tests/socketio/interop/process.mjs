// The parent's side of server.mjs.
import { fork } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const children = new Set();
// Also one that is frozen at that moment.
process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")));

const program = join(dirname(fileURLToPath(import.meta.url)), "server.mjs");

/** Socket.IO servers in a process of their own that keep their ports over a restart. */
export class ServerProcess {
  #child;
  #calls = new Map();
  #last = 0;
  #redis;
  /** Ports by profile. */
  ports = {};

  /** Starts a process with these profiles; with `redis` (a URL) they are joined by its adapter. */
  static async start(profiles, { redis } = {}) {
    const server = new ServerProcess();
    server.#redis = redis;
    for (const name of profiles) server.ports[name] = 0;
    await server.restart();
    return server;
  }

  /** Starts a new process on the same ports. */
  async restart() {
    const child = fork(program, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child = child;
    children.add(child);
    child.on("message", ({ id, result, error }) => {
      const { done, failed } = this.#calls.get(id);
      this.#calls.delete(id);
      if (error) failed(new Error(error));
      else done(result);
    });
    child.once("exit", (status, signal) => {
      children.delete(child);
      for (const { failed } of this.#calls.values()) failed(new Error(`the server ended with ${signal ?? status}`));
      this.#calls.clear();
    });
    for (const name of Object.keys(this.ports)) this.ports[name] = await this.call("start", name, this.ports[name], this.#redis);
  }

  /** Calls into the process; see `calls` in server.mjs. */
  call(name, ...args) {
    const id = ++this.#last;
    return new Promise((done, failed) => {
      this.#calls.set(id, { done, failed });
      this.#child.send({ id, call: name, args }, (error) => error && failed(error));
    });
  }

  /** Ends it without any warning and waits until it is gone. */
  async kill() {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
  }

  /** Lets it run again, whatever was done to it; one that has ended by itself is an error. */
  async revive() {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null) throw new Error(`a server of the test has ended with status ${exitCode}; see its output above`);
    if (signalCode !== null) await this.restart();
    else this.thaw();
  }

  /** Stops it from running, as a machine that hangs: connections stay up and are silent. */
  freeze() {
    this.#child.kill("SIGSTOP");
  }

  thaw() {
    this.#child.kill("SIGCONT");
  }
}
