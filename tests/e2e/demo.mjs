// The demo server as a process of this test: started, killed and started again, and never any other process.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const START_WITHIN = 20_000;

/** A demo server that keeps its ports and its stored feed over restarts. */
export class Demo {
  #child;
  #folder;
  #port = 0;
  #wsPort = 0;
  #output = "";
  #options = [];

  /** Starts the server on free ports; `options` are further ones of its command line, kept over restarts. */
  static async start(options = []) {
    const demo = new Demo();
    demo.#options = options;
    demo.#folder = await mkdtemp(join(tmpdir(), "everwire-e2e-"));
    await demo.#spawn();
    const { ws } = await demo.get("/config.json");
    demo.#wsPort = Number(new URL(ws).port);
    return demo;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** What the server has printed so far, for messages of failing tests. */
  get output() {
    return this.#output;
  }

  async #spawn() {
    const { EVERWIRE_DEMO_BIN, EVERWIRE_DEMO_SERVER } = process.env;
    const binary = EVERWIRE_DEMO_BIN ?? EVERWIRE_DEMO_SERVER ?? join(root, "target", "debug", "everwire-demo");
    const dist = join(root, "www", "dist");
    if (!existsSync(binary)) throw new Error(`${binary} is missing: cargo build -p everwire-demo`);
    if (!existsSync(join(dist, "index.html"))) throw new Error(`${dist} is missing: npm --prefix www run build`);
    const options = ["--port", this.#port, "--ws-port", this.#wsPort, "--dist", dist];
    const child = spawn(binary, [...options, "--state", join(this.#folder, "feed"), ...this.#options].map(String));
    this.#child = child;
    const before = this.#output.length;
    const ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`server not ready in time: ${this.#output}`)), START_WITHIN);
      const read = (chunk) => {
        this.#output += chunk;
        const port = /everwire demo on http:\/\/127\.0\.0\.1:(\d+)\//.exec(this.#output.slice(before))?.[1];
        if (!port) return;
        clearTimeout(timer);
        resolve(Number(port));
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`server ended with ${code}: ${this.#output}`)));
    });
    this.#port = await ready;
  }

  /** Kills the process without any warning (SIGKILL) and waits until it is gone. */
  async kill() {
    const child = this.#child;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** Starts a new process on the same ports with the same stored feed. */
  restart() {
    return this.#spawn();
  }

  async get(path) {
    const response = await fetch(new URL(path, this.url));
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
    return response.json();
  }

  /** Applies faults on the server's side; `client` limits them to one tab. */
  async chaos(faults, client) {
    const url = new URL("/chaos", this.url);
    if (client) url.searchParams.set("client", client);
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(faults) });
    if (!response.ok) throw new Error(`chaos ${JSON.stringify(faults)}: ${await response.text()}`);
    return response.json();
  }

  async stop() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
