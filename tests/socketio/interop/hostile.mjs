// A scripted Socket.IO server. Its first connection gets what the script says, every later one is served well: what a
// client does with nonsense shows, and also that it recovers. After either it emits the event "done".
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const GOOD = () => `0${JSON.stringify({ sid: randomUUID(), upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 })}`;
const DONE = '42["done"]';
const joined = () => `40${JSON.stringify({ sid: randomUUID() })}`;

/**
 * Starts a server on a free port of 127.0.0.1.
 *
 * @param {{frames?: (string | number[])[], handshake?: string, body?: string, status?: number}} script what the first
 *   connection gets: frames right after the namespace is joined, another handshake, the body of a poll, or a status
 */
export async function startHostile(script) {
  let connections = 0;
  const polls = new Map();
  const http = createServer(async (request, response) => {
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    const sid = new URL(request.url, "http://localhost").searchParams.get("sid");
    const give = (body, status = 200) => response.writeHead(status, { "content-type": "text/plain; charset=UTF-8" }).end(body);
    if (sid === null) {
      const first = connections++ === 0;
      const handshake = first && script.handshake !== undefined ? script.handshake : GOOD();
      if (first && script.status) return give('{"code":3,"message":"Bad request"}', script.status);
      const known = /"sid":"([^"]+)"/.exec(handshake)?.[1];
      if (known) polls.set(known, { queue: [], waiting: undefined, hostile: first });
      return give(handshake);
    }
    const session = polls.get(sid);
    if (!session) return give('{"code":1,"message":"Session ID unknown"}', 400);
    if (request.method === "GET") {
      session.waiting = give;
      return flush(session);
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (String(Buffer.concat(chunks)).startsWith("40")) {
      session.queue.push(joined());
      if (session.hostile && script.body !== undefined) session.queue.push(script.body);
      session.queue.push(DONE);
    }
    give("ok");
    flush(session);
  });
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket) => {
    socket.on("error", () => {});
    const first = connections++ === 0;
    socket.send(first && script.handshake !== undefined ? script.handshake : GOOD());
    socket.on("message", (data) => {
      if (!String(data).startsWith("40")) return;
      socket.send(joined());
      for (const frame of (first && script.frames) || []) socket.send(Array.isArray(frame) ? Uint8Array.from(frame) : frame);
      socket.send(DONE);
    });
  });
  await new Promise((done, failed) => http.once("error", failed).listen(0, "127.0.0.1", done));
  return {
    port: http.address().port,
    close: () => new Promise((done) => {
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      http.close(done);
    }),
  };
}

/** One packet per poll, so that the script's is alone. */
function flush(session) {
  if (!session.waiting || session.queue.length === 0) return;
  const give = session.waiting;
  session.waiting = undefined;
  give(session.queue.shift());
}
