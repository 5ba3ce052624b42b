// Servers for the tests of SockJS, on ephemeral ports of 127.0.0.1: the real one from npm, proxies in front of it as they
// stand in offices, and a scripted one that answers as no server should.
import { createServer, request as httpRequest } from "node:http";
import { connect, createServer as createTcp } from "node:net";
import sockjs from "sockjs";

async function listen(server) {
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise((done, failed) => server.once("error", failed).listen(0, "127.0.0.1", done));
  const { port } = server.address();
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    sockets,
    close: () => new Promise((done) => {
      server.close(done);
      for (const socket of sockets) socket.destroy();
    }),
  };
}

/**
 * sockjs-node 0.3.24 with several endpoints. All echo; the message `close CODE REASON` makes the server close, `batch N` sends
 * N messages in one go, `cut` cuts the TCP connection that carries the session.
 *
 * - `/echo`: as it comes
 * - `/nows`: WebSocket switched off
 * - `/small`: answers end after 4 KiB
 * - `/beat`: a heartbeat every 100 ms
 * - `/disown`: closes every session at once with 4001
 *
 * Other paths are answered with 404. A session without a receiver ends after 500 ms.
 */
export async function serveSockJs() {
  const server = createServer();
  const seen = { urls: [], headers: [], messages: [], sessions: new Set(), ended: 0 };
  const endpoint = (prefix, options, greet) => {
    const app = sockjs.createServer({ log: () => {}, sockjs_url: "/none", disconnect_delay: 500, ...options });
    app.on("connection", (connection) => {
      seen.sessions.add(connection);
      greet?.(connection);
      connection.on("data", (data) => {
        seen.messages.push(data);
        const close = /^close (\d+) (.*)$/.exec(data);
        const batch = /^batch (\d+)$/.exec(data);
        if (close) connection.close(Number(close[1]), close[2]);
        else if (batch) for (let i = 0; i < Number(batch[1]); i++) connection.write(`b${i}`);
        else if (data === "cut") cut(connection);
        else connection.write(data);
      });
      connection.on("close", () => {
        seen.sessions.delete(connection);
        seen.ended++;
      });
    });
    app.installHandlers(server, { prefix });
  };
  endpoint("/echo", {});
  endpoint("/nows", { websocket: false });
  endpoint("/small", { response_limit: 4096 });
  endpoint("/beat", { heartbeat_delay: 100 });
  endpoint("/disown", {}, (connection) => connection.close(4001, "not you"));
  // Behind the endpoints: they pass on only what is not theirs to listeners that were there before them.
  server.on("request", (request, response) => {
    seen.urls.push(`${request.method} ${request.url}`);
    seen.headers.push({ ...request.headers, url: request.url, method: request.method });
    setImmediate(() => response.headersSent || /^\/(echo|nows|small|beat|disown)\b/.test(request.url) || response.writeHead(404).end());
  });
  server.on("upgrade", (request) => seen.urls.push(`UPGRADE ${request.url}`));
  const running = await listen(server);
  const cut = (connection) => {
    const { recv } = connection._session;
    if (recv) (recv.connection ?? recv.response.connection).destroy();
    // Between two polls no connection carries the session.
    else if (seen.sessions.has(connection)) setImmediate(cut, connection);
  };
  return { ...running, seen };
}

/** A proxy that passes HTTP on and answers every upgrade with 400, as old ones do; `silent` ones never answer it. */
export async function serveWithoutUpgrade(target, { silent = false } = {}) {
  const server = createServer((request, response) => {
    const { port } = new URL(target);
    const onward = httpRequest({ host: "127.0.0.1", port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  let upgrades = 0;
  server.on("upgrade", (request, socket) => {
    upgrades++;
    if (!silent) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  const running = await listen(server);
  return { ...running, get upgrades() { return upgrades; } };
}

/** A proxy that collects each answer before it passes it on, and has no upgrade. */
export async function serveBuffering(target) {
  const { port } = new URL(target);
  const server = createServer((request, response) => {
    const onward = httpRequest({ host: "127.0.0.1", port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", () => response.destroy());
      answer.on("end", () => {
        const { "transfer-encoding": _, ...headers } = answer.headers;
        response.writeHead(answer.statusCode, headers).end(Buffer.concat(parts));
      });
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  server.on("upgrade", (_, socket) => socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"));
  return listen(server);
}

/**
 * A server that plays a script. `script(call)` gets every request but `/info`, as `{ method, path, transport, body, count }`
 * where `count` counts the requests of this kind, and answers by `reply(status, text)`, `write(text)`, `end()`, `cut()`.
 */
export async function serveScript() {
  const state = { script: undefined, info: {}, calls: [], open: 0 };
  const counts = new Map();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const url = new URL(request.url, "http://localhost");
    const headers = {
      "access-control-allow-origin": request.headers.origin ?? "*",
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "",
      "cache-control": "no-store",
    };
    if (request.method === "OPTIONS") {
      response.writeHead(204, headers).end();
      return;
    }
    const transport = url.pathname.split("/").at(-1);
    const count = (counts.get(transport) ?? 0) + 1;
    counts.set(transport, count);
    const call = { method: request.method, path: request.url, transport, body, count, headers: request.headers };
    state.calls.push(call);
    state.open++;
    response.on("close", () => state.open--);
    const begin = (status = 200) => {
      if (!response.headersSent) response.writeHead(status, headers);
    };
    Object.assign(call, {
      reply: (status, text = "") => {
        begin(status);
        response.end(text);
      },
      write: (text) => {
        begin();
        response.write(text);
      },
      end: () => response.end(),
      cut: () => response.destroy(),
    });
    if (transport === "info" && state.info) call.reply(200, JSON.stringify({ websocket: false, ...state.info }));
    else state.script?.(call);
  });
  server.on("upgrade", (request, socket) => {
    state.calls.push({ method: "UPGRADE", path: request.url });
    socket.destroy();
  });
  const running = await listen(server);
  return {
    ...running,
    state,
    play(script, info = {}) {
      counts.clear();
      state.calls.length = 0;
      state.script = script;
      state.info = info;
    },
  };
}

/** A TCP relay whose connections can be held back: bytes are taken and nothing passes, in neither direction. */
export async function serveRelay(target) {
  const { port } = new URL(target);
  const pairs = new Set();
  const server = createTcp((near) => {
    const far = connect(Number(port), "127.0.0.1");
    const pair = [near, far];
    pairs.add(pair);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on("data", (data) => pair.held || to.write(data));
      from.on("error", () => {});
      from.on("close", () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
  });
  const running = await listen(server);
  return { ...running, hold: () => { for (const pair of pairs) pair.held = true; } };
}
