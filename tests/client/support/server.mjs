// A WebSocket server that a scenario commands. Every command takes and returns JSON, so that a page can give it as well
// as a Node process. One endpoint per scenario, on a port of its own.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const GIVE_UP_MS = 15_000;

export class Endpoints {
  #endpoints = [];

  /** Starts an endpoint. `options.protocol` is the subprotocol to choose. */
  async open(options = {}) {
    const endpoint = new Endpoint(options);
    this.#endpoints.push(endpoint);
    await endpoint.listen();
    return { id: this.#endpoints.length - 1, url: `ws://127.0.0.1:${endpoint.port}` };
  }

  /** Calls a method of an endpoint. */
  command(id, name, ...args) {
    return this.#endpoints[id][name](...args);
  }

  async shut() {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.stop()));
  }
}

class Endpoint {
  port = 0;
  #options;
  #http;
  #sockets = new Set();
  #raw = new Set();
  #received = [];
  #opened = [];
  #closed = [];
  #waiters = new Set();
  #mode = {};

  constructor(options) {
    this.#options = options;
  }

  /** Accepts connections (again), on the port of the first time. */
  async listen() {
    this.#http = createServer();
    this.#http.on("connection", (raw) => {
      this.#raw.add(raw);
      raw.on("close", () => this.#raw.delete(raw));
      raw.on("error", () => {});
    });
    const server = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => this.#options.protocol ?? [...offered][0] ?? false,
    });
    this.#http.on("upgrade", (request, raw, head) => {
      if (this.#mode.silent) return;
      server.handleUpgrade(request, raw, head, (socket) => this.#accept(socket, request));
    });
    await new Promise((resolve, reject) => this.#http.once("error", reject).listen(this.port, "127.0.0.1", resolve));
    this.port = this.#http.address().port;
  }

  #accept(socket, request) {
    this.#sockets.add(socket);
    this.#opened.push({ url: request.url, protocols: request.headers["sec-websocket-protocol"] ?? null });
    socket.on("error", () => {});
    socket.on("close", (code, reason) => {
      this.#sockets.delete(socket);
      this.#closed.push({ code, reason: String(reason) });
      this.#check();
    });
    socket.on("message", (data, binary) => {
      if (this.#mode.deaf) return;
      const message = binary ? [...data] : String(data);
      this.#received.push(message);
      this.#check();
      if (this.#mode.answer === false || binary) return;
      let parsed;
      try {
        parsed = JSON.parse(message);
      } catch {
        return;
      }
      // Answers what names itself, as servers do that acknowledge by id.
      if (parsed?.ping !== undefined) socket.send(JSON.stringify({ pong: parsed.ping }));
      else if (parsed?.id !== undefined) socket.send(JSON.stringify({ id: parsed.id, ...parsed.answer }));
    });
    if (this.#mode.greet !== undefined) socket.send(this.#mode.greet);
    if (this.#mode.closeWith) socket.close(this.#mode.closeWith);
    this.#check();
  }

  #check() {
    for (const check of this.#waiters) check();
  }

  #until(ready) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(check);
        reject(new Error(`server waited in vain; received ${JSON.stringify(this.#received).slice(0, 400)}, opened ${this.#opened.length}`));
      }, GIVE_UP_MS);
      const check = () => {
        const result = ready();
        if (result === undefined) return;
        clearTimeout(timer);
        this.#waiters.delete(check);
        resolve(result);
      };
      this.#waiters.add(check);
      check();
    });
  }

  /** Waits for `count` messages and returns all that have come. */
  received(count = 0) {
    return this.#until(() => (this.#received.length >= count ? this.#received : undefined));
  }

  /** Waits for `count` accepted connections and returns all of them. */
  opened(count = 0) {
    return this.#until(() => (this.#opened.length >= count ? this.#opened : undefined));
  }

  /** Waits for `count` ended connections and returns how they ended. */
  closed(count = 0) {
    return this.#until(() => (this.#closed.length >= count ? this.#closed : undefined));
  }

  /** Merges into the mode: `answer` false, `deaf` (reads nothing), `silent` (no handshake), `greet` text, `closeWith` code. */
  mode(mode) {
    Object.assign(this.#mode, mode);
  }

  /** Sends texts, or arrays of bytes, in order. */
  send(...messages) {
    for (const socket of this.#sockets) {
      for (const message of messages) socket.send(typeof message === "string" ? message : Uint8Array.from(message));
    }
  }

  /** Stops reading at the TCP level: the link is half-open, the client's bytes pile up. */
  freeze() {
    for (const raw of this.#raw) raw.pause();
  }

  /** Closes every connection in the orderly way. */
  close(code, reason) {
    for (const socket of this.#sockets) socket.close(code, reason);
  }

  /** Cuts every connection. */
  cut() {
    for (const raw of this.#raw) raw.resetAndDestroy();
  }

  /** Cuts every connection and accepts no more. */
  async stop() {
    if (!this.#http?.listening) return;
    const ended = new Promise((resolve) => this.#http.close(resolve));
    this.cut();
    await ended;
  }
}
