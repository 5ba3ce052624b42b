// Real RabbitMQ nodes with STOMP over WebSocket, on loopback and in a temporary folder: nothing of a broker that the
// machine runs for itself is read, used or stopped.
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import WebSocket from "ws";
import { findProgram, freePorts, remove, startProgram, tail, temporaryFolder, untilReady } from "./program.mjs";

// The scripts in sbin would switch to the user rabbitmq and its folders.
const SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";
// A start takes 5 to 8 s on an idle machine.
const START_LIMIT = 120_000;

/**
 * Starts `nodes` clustered RabbitMQ nodes. `wsFrame` is the kind of WebSocket message they send; RabbitMQ's own default is text.
 *
 * - `urls`: web-stomp addresses, one per node; they stay the same over restarts
 * - `user`, `password`: may do everything in the virtual host `/`
 * - `node(i).kill()` ends a node like a crash, `.stop()` in good order, `.start()` again; each resolves when it is done
 * - `restart({ kill })`: all nodes down (in good order, or by `kill`) and up again
 * - `log(i)`: the end of a node's log
 * - `close()`: ends all and removes the folder
 */
export async function startRabbit({ nodes: count = 1, wsFrame = "text" } = {}) {
  const server = findProgram("rabbitmq-server", "rabbitmq-server", [SERVER]);
  const epmdProgram = findProgram("epmd", "rabbitmq-server");
  const folder = temporaryFolder("rabbitmq");
  const [epmdPort, ...ports] = await freePorts(1 + 2 * count);
  // Written beforehand, because nodes that start together would each make a cookie of their own.
  writeFileSync(join(folder, ".erlang.cookie"), randomBytes(20).toString("hex"), { mode: 0o400 });
  const names = Array.from({ length: count }, (_, i) => `everwire${i + 1}@localhost`);
  const shared = { HOME: folder, ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: "127.0.0.1" };

  const epmdLog = join(folder, "epmd.log");
  const epmd = startProgram(epmdProgram, ["-port", String(epmdPort), "-address", "127.0.0.1"], { env: shared, cwd: folder, log: epmdLog });
  const nodes = names.map((name, i) => createNode({ name, names, server, folder, shared, wsFrame, port: ports[2 * i], distribution: ports[2 * i + 1] }));
  async function close() {
    await Promise.all(nodes.map((node) => node.kill()));
    await epmd.end("SIGKILL");
    remove(folder);
  }
  try {
    await untilReady(epmd, () => opens(epmdPort), "epmd", START_LIMIT);
    // One after the other: the second one finds the first and joins it.
    for (const node of nodes) await node.start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    urls: nodes.map((node) => node.url),
    user: "guest",
    password: "guest",
    node: (i) => nodes[i],
    log: (i) => nodes[i].log(),
    async restart({ kill = false } = {}) {
      await Promise.all(nodes.map((node) => (kill ? node.kill() : node.stop())));
      // Together, because the one that went down first waits for the one that went down last.
      await Promise.all(nodes.map((node) => node.start()));
    },
    close,
  };
}

function createNode({ name, names, server, folder, shared, wsFrame, port, distribution }) {
  const home = join(folder, name);
  mkdirSync(home);
  const file = (file, text) => {
    writeFileSync(join(home, file), text);
    return join(home, file);
  };
  const config = file("rabbitmq.conf", [
    "listeners.tcp = none",
    "stomp.listeners.tcp = none",
    "web_stomp.tcp.ip = 127.0.0.1",
    `web_stomp.tcp.port = ${port}`,
    `web_stomp.ws_frame = ${wsFrame}`,
    "cluster_formation.peer_discovery_backend = classic_config",
    ...names.map((peer, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${peer}`),
    "cluster_formation.node_cleanup.only_log_warning = true",
    // The disk of a machine that tests may be nearly full, its memory shared.
    "disk_free_limit.absolute = 1MB",
    "vm_memory_high_watermark.absolute = 1GB",
    "",
  ].join("\n"));
  const env = {
    ...shared,
    RABBITMQ_NODENAME: name,
    RABBITMQ_CONF_ENV_FILE: file("rabbitmq-env.conf", ""),
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ADVANCED_CONFIG_FILE: file("advanced.config", "[].\n"),
    RABBITMQ_ENABLED_PLUGINS_FILE: file("enabled_plugins", "[rabbitmq_web_stomp].\n"),
    RABBITMQ_GENERATED_CONFIG_DIR: home,
    RABBITMQ_MNESIA_BASE: join(home, "mnesia"),
    RABBITMQ_LOG_BASE: join(home, "log"),
    RABBITMQ_PID_FILE: join(home, "pid"),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    // The server then replaces its shell, so that the process we hold is the broker itself.
    RUNNING_UNDER_SYSTEMD: "true",
  };
  const output = join(home, "output.log");
  const url = `ws://127.0.0.1:${port}/ws`;
  let running;
  const ended = async (signal) => {
    await running?.end(signal);
    running = undefined;
  };
  return {
    url,
    async start() {
      if (running) return;
      running = startProgram(server, [], { env, cwd: home, log: output });
      await untilReady(running, () => accepts(url), `RabbitMQ node ${name}`, START_LIMIT).catch((error) => {
        throw new Error(`${error.message}\n${tail(join(home, "log", `${name}.log`))}`);
      });
    },
    stop: () => ended("SIGTERM"),
    kill: () => ended("SIGKILL"),
    log: () => tail(join(home, "log", `${name}.log`), 100),
  };
}

/** Whether something listens on a port of 127.0.0.1. */
function opens(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => done(true)).on("error", () => done(false));
    socket.once("close", () => done(false));
    socket.end();
  });
}

/** Whether a STOMP connection is accepted: the port opens before the broker is ready for users. */
function accepts(url) {
  return new Promise((done) => {
    const socket = new WebSocket(url, ["v12.stomp"]);
    const finish = (accepted) => {
      socket.terminate();
      done(accepted);
    };
    socket.on("error", () => finish(false)).on("close", () => finish(false));
    socket.on("open", () => socket.send("CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\n\n\0"));
    socket.on("message", (data) => finish(String(data).startsWith("CONNECTED")));
  });
}
