// Servers for the tests, on ephemeral ports of 127.0.0.1: static files and generated pages, and a WebSocket peer.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { WebSocketServer } from "ws";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

/**
 * Serves folders and texts over HTTP.
 *
 * @param {Record<string, {dir: string} | {body: string | Buffer, type?: string, headers?: Record<string, string>}>} routes
 *   by path; a folder's path ends with a slash
 */
export async function serveHttp(routes) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const exact = routes[path];
    if (exact?.body !== undefined) {
      response.writeHead(200, { "content-type": exact.type ?? TYPES[".html"], ...exact.headers }).end(exact.body);
      return;
    }
    const prefix = Object.keys(routes).filter((route) => route.endsWith("/") && path.startsWith(route)).sort((a, b) => b.length - a.length)[0];
    const { dir, headers } = routes[prefix] ?? {};
    const name = path.slice(prefix?.length ?? 0) || "index.html";
    const file = dir && normalize(join(dir, name));
    try {
      if (!file?.startsWith(normalize(dir + sep))) throw new Error("outside");
      const body = await readFile(file);
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", ...headers }).end(body);
    } catch {
      response.writeHead(404).end("not found");
    }
  });
  const origin = await listen(server);
  return { origin, server, close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }) };
}

/**
 * A WebSocket peer. What it does is in the query of the address:
 *
 * - nothing: echoes, as text or binary; the text `close CODE REASON` makes it close, `terminate` cuts the connection
 * - `reject=STATUS`: refuses the handshake
 * - `close=CODE` `reason=TEXT`: closes right after opening; `close=none` without a code, `close=cut` without a frame
 * - `hello=TEXT`: sends it after opening
 * - `mute`: never answers messages (the connection stays up)
 * - `hang`: never answers the handshake
 */
export async function serveWebSocket() {
  const server = createServer();
  const peer = new WebSocketServer({ noServer: true, handleProtocols: (offered) => (offered.has("refuse") ? false : [...offered][0]) });
  const received = [];
  const held = new Set();
  let connections = 0;
  server.on("upgrade", (request, socket, head) => {
    const query = new URL(request.url, "http://localhost").searchParams;
    connections++;
    if (query.has("hang")) {
      held.add(socket);
      socket.on("error", () => {});
      return;
    }
    if (query.has("reject")) {
      socket.end(`HTTP/1.1 ${query.get("reject")} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    peer.handleUpgrade(request, socket, head, (ws) => serve(ws, query));
  });
  function serve(ws, query) {
    ws.on("error", () => {});
    ws.on("message", (data, binary) => {
      const text = binary ? undefined : String(data);
      received.push(text ?? data);
      if (query.has("mute")) return;
      const close = text?.match(/^close(?: (\d+)(?: (.*))?)?$/);
      if (close) ws.close(close[1] && Number(close[1]), close[2]);
      else if (text === "terminate") ws.terminate();
      else ws.send(data, { binary });
    });
    if (query.has("hello")) ws.send(query.get("hello"));
    const close = query.get("close");
    if (close === "none") ws.close();
    else if (close === "cut") ws.terminate();
    else if (close) ws.close(Number(close), query.get("reason") ?? "");
  }
  const origin = (await listen(server)).replace("http", "ws");
  return {
    origin,
    received,
    sockets: peer.clients,
    get connections() {
      return connections;
    },
    close: () => new Promise((done) => {
      for (const ws of peer.clients) ws.terminate();
      for (const socket of held) socket.destroy();
      server.closeAllConnections();
      server.close(done);
    }),
  };
}

async function listen(server) {
  await new Promise((done, failed) => server.once("error", failed).listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${server.address().port}`;
}
