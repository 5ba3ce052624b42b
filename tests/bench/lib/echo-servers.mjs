// Servers that send every message back, one per protocol, and a ticker, in a process of their own so that they do not share the
// benchmark's event loop. Started by `startEchoServers`; prints its addresses as one line of JSON.
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const LOOPBACK = "127.0.0.1";
/** Messages of the burst are small, but a payload of 16 KB and its envelope must pass. */
const MAX_BYTES = 1024 * 1024;

/** The ticker: so many prices a second of so many symbols, written in portions. */
const TICKS_PER_SECOND = 20_000;
const SYMBOLS = 300;
const TICK_EVERY_MS = 5;

/**
 * Starts the process.
 *
 * @returns {Promise<{urls: {websocket: string, ticker: string, socketio: string, sockjs: string}, close(): Promise<void>}>}
 */
export async function startEchoServers() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(([code]) => { throw new Error(`the echo servers ended with status ${code}`); }),
  ]);
  return {
    urls: JSON.parse(line),
    async close() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

async function listen(server) {
  server.listen(0, LOOPBACK);
  await once(server, "listening");
  return `${LOOPBACK}:${server.address().port}`;
}

async function serve() {
  const [{ WebSocketServer }, { Server }, sockjs] = await Promise.all([
    import("ws"), import("socket.io"), import("sockjs").then((module) => module.default),
  ]);

  const plain = createServer();
  new WebSocketServer({ server: plain }).on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });

  const ticks = createServer();
  new WebSocketServer({ server: ticks }).on("connection", (socket) => tick(socket));

  const events = createServer();
  new Server(events, { cors: { origin: "*" }, maxHttpBufferSize: MAX_BYTES }).on("connection", (socket) => {
    socket.on("echo", (data) => socket.emit("echo", data));
  });

  const framed = createServer();
  const echo = sockjs.createServer({ prefix: "/echo", log: () => {} });
  echo.on("connection", (connection) => connection.on("data", (data) => connection.write(data)));
  echo.installHandlers(framed);

  const urls = {
    websocket: `ws://${await listen(plain)}/`,
    ticker: `ws://${await listen(ticks)}/`,
    socketio: `http://${await listen(events)}`,
    sockjs: `http://${await listen(framed)}/echo`,
  };
  console.log(JSON.stringify(urls));
  // The starter's end of the pipe closes with it, however it ends.
  process.stdin.on("end", () => process.exit()).resume();
}

/** Sends prices at a steady rate until the peer has enough. */
function tick(socket) {
  const began = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (const due = (performance.now() - began) * (TICKS_PER_SECOND / 1_000); sent < due; sent++) {
      const symbol = sent % SYMBOLS;
      socket.send(`{"s":${symbol},"p":${(100 + 10 * Math.sin(sent / 9_000 + symbol)).toFixed(2)},"n":${sent}}`);
    }
  }, TICK_EVERY_MS);
  socket.on("close", () => clearInterval(timer));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve();
