// Everything outside of the page that a scenario can ask for: servers, clusters, hostile peers, ports.
import { createServer } from "node:net";
import { freePorts } from "../../support/program.mjs";
import { startRedis } from "../../support/redis.mjs";
import { startHostile } from "./hostile.mjs";
import { ServerProcess } from "./process.mjs";

const SHARED = ["main", "limited", "recovery", "msgpack", "custom", "websocketOnly", "pollingOnly", "blocked"];

export class Stage {
  #shared;
  #own = new Map();
  #current;
  #cluster;
  #hostile = [];
  #silent;

  static async open() {
    const stage = new Stage();
    stage.#shared = await ServerProcess.start(SHARED);
    return stage;
  }

  get ports() {
    return { ...this.#shared.ports };
  }

  /** What a page may call. */
  commands = {
    seen: (profile, key) => this.#shared.call("seen", profile, key),
    clients: (profile, nsp) => this.#shared.call("clients", profile, nsp),
    cut: (profile) => this.#shared.call("cut", profile),
    closedPort: async () => (await freePorts(1))[0],
    silentPort: () => this.#silentPort(),

    /** A process that only this scenario uses, and may kill. */
    own: async (profile = "main") => {
      if (!this.#own.has(profile)) this.#own.set(profile, await ServerProcess.start([profile]));
      this.#current = this.#own.get(profile);
      return this.#current.ports[profile];
    },
    kill: () => this.#current.kill(),
    restart: () => this.#current.restart(),
    freeze: () => this.#current.freeze(),
    thaw: () => this.#current.thaw(),
    seenOwn: (key) => this.#current.call("seen", "main", key),

    cluster: async () => {
      if (!this.#cluster) {
        const redis = await startRedis();
        const options = { redis: redis.url };
        this.#cluster = { redis, first: await ServerProcess.start(["main"], options), second: await ServerProcess.start(["main"], options) };
      }
      return { first: this.#cluster.first.ports.main, second: this.#cluster.second.ports.main };
    },
    killFirst: () => this.#cluster.first.kill(),
    restartFirst: () => this.#cluster.first.restart(),
    seenSecond: (key) => this.#cluster.second.call("seen", "main", key),

    hostile: async (script) => {
      const server = await startHostile(script);
      this.#hostile.push(server);
      return server.port;
    },
  };

  /** A port that takes connections and says nothing. */
  async #silentPort() {
    if (!this.#silent) {
      const held = new Set();
      const server = createServer((socket) => held.add(socket.on("error", () => {})));
      await new Promise((done) => server.listen(0, "127.0.0.1", done));
      this.#silent = { server, held };
    }
    return this.#silent.server.address().port;
  }

  /** Puts everything back that a scenario has broken off half-way. */
  async tidy() {
    await this.#shared.revive();
    for (const server of this.#own.values()) await server.revive();
    if (this.#cluster) await this.#cluster.first.revive();
    await Promise.all(this.#hostile.splice(0).map((server) => server.close()));
  }

  async close() {
    await Promise.all(this.#hostile.map((server) => server.close()));
    const processes = [this.#shared, ...this.#own.values(), ...(this.#cluster ? [this.#cluster.first, this.#cluster.second] : [])];
    await Promise.all(processes.map((server) => server.kill()));
    await this.#cluster?.redis.close();
    this.#silent?.held.forEach((socket) => socket.destroy());
    this.#silent?.server.close();
  }
}
