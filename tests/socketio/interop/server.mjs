// Socket.IO servers from npm in a process of their own, so that they can be killed, frozen and restarted for real.
// The parent sends `{ id, call, args }` and gets `{ id, result }`; see `calls`.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { behave } from "./behaviour.mjs";

const require = createRequire(import.meta.url);

/** Options of the servers by profile; each has a port of its own. */
const profiles = {
  main: { maxHttpBufferSize: 8e6 },
  limited: { maxHttpBufferSize: 100_000 },
  recovery: { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } },
  heartbeat: { pingInterval: 300, pingTimeout: 400 },
  msgpack: () => ({ parser: require("socket.io-msgpack-parser") }),
  custom: async () => ({ parser: (await import("./parser.js")).parser }),
  websocketOnly: { transports: ["websocket"] },
  /** Offers WebSocket, but something on the way does not let it through. */
  blocked: {},
  pollingOnly: { transports: ["polling"], allowUpgrades: false },
};

const running = new Map();

const calls = {
  /** Starts a profile on a port of 127.0.0.1, 0 for any; resolves with the port. */
  async start(name, port = 0, redis) {
    const profile = profiles[name];
    const options = typeof profile === "function" ? await profile() : profile;
    const http = createServer((_request, response) => response.writeHead(404).end());
    const io = new Server(http, { cors: { origin: true, credentials: true }, ...options });
    if (name === "blocked") {
      http.removeAllListeners("upgrade");
      http.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"));
    }
    if (redis) io.adapter(await redisAdapter(redis));
    const state = { io, http, seen: new Map(), upgraded: new Set() };
    http.on("upgrade", (_request, socket) => state.upgraded.add(socket.on("close", () => state.upgraded.delete(socket))));
    behave(state);
    await new Promise((done, failed) => http.once("error", failed).listen(port, "127.0.0.1", done));
    running.set(name, state);
    return http.address().port;
  },
  /** What clients have noted under a key. */
  seen: (name, key) => running.get(name).seen.get(key) ?? [],
  /** Number of connected sockets of a namespace. */
  clients: (name, nsp = "/") => running.get(name).io.of(nsp).sockets.size,
  /** Cuts every connection below the protocol, as a network would. */
  cut(name) {
    const { http, upgraded } = running.get(name);
    http.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
  },
};

async function redisAdapter(url) {
  const [{ createClient }, { createAdapter }] = await Promise.all([import("redis"), import("@socket.io/redis-adapter")]);
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  for (const client of [publisher, subscriber]) client.on("error", () => {});
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return createAdapter(publisher, subscriber);
}

process.on("message", async ({ id, call, args }) => {
  try {
    process.send({ id, result: await calls[call](...args) });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
});
// Without its parent nobody needs it.
process.on("disconnect", () => process.exit(0));
