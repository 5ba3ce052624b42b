// A scripted broker without a network: the sockets that a client makes, driven from the test, and a record of all that a
// client calls, says and sends. Runs in pages and in Node, with either client.

/** A socket with only what stompjs asks of one. */
export class FakeSocket {
  url = "fake://broker";
  readyState = 0;
  binaryType = "";
  onopen; onmessage; onclose; onerror;
  constructor(wire) {
    this.wire = wire;
  }

  send(data) {
    this.wire.log("sent", typeof data === "string" ? data : [data.constructor.name, ...new Uint8Array(data)]);
  }

  close(...args) {
    this.wire.log("close", ...args);
    if (this.readyState < 2) this.readyState = 2;
  }

  open() {
    this.readyState = 1;
    this.onopen?.({});
  }

  /** A message from the server: text, or octets. */
  say(data) {
    this.onmessage({ data: data instanceof Uint8Array ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data });
  }

  /** The socket is gone. */
  gone(code = 1006, wasClean = false) {
    this.readyState = 3;
    this.onclose({ code, reason: "", wasClean });
  }

  /** The handshake and CONNECTED. */
  welcome(headers = "version:1.2") {
    this.open();
    this.say(`CONNECTED\n${headers}\n\n\0`);
  }
}

/** The sockets of one client and the trace of what happened. */
export class Wire {
  sockets = [];
  trace = [];

  get socket() {
    return this.sockets.at(-1);
  }

  log(...entry) {
    this.trace.push(entry);
  }

  make = () => {
    this.log("socket");
    this.sockets.push(new FakeSocket(this));
    return this.socket;
  };

  /** A callback that leaves a trace. */
  told(name) {
    return (...args) => this.log(name, ...args.map(plain));
  }

  /** A client on this wire whose callbacks all leave a trace. */
  client({ Client }, conf = {}) {
    const callbacks = Object.fromEntries([
      "onConnect", "onDisconnect", "onStompError", "onWebSocketClose", "onWebSocketError", "onUnhandledMessage", "onUnhandledReceipt",
      "onUnhandledFrame", "onHeartbeatReceived", "onHeartbeatLost", "onChangeState",
    ].map((name) => [name, this.told(name)]));
    const client = new Client({
      webSocketFactory: this.make, beforeConnect: () => this.log("beforeConnect"), debug: (text) => this.log("debug", steady(text)), ...callbacks, ...conf,
    });
    return client;
  }

  /** Activates and waits for the socket. */
  async dialed(client) {
    const count = this.sockets.length;
    client.activate();
    await until(() => this.sockets.length > count, "a socket");
    return this.socket;
  }

  async connected(client, headers) {
    (await this.dialed(client)).welcome(headers);
    return this.socket;
  }
}

/** What a callback got, without identities and times. */
function plain(value) {
  if (value?.command) return { command: value.command, headers: value.headers, body: value.body, binary: value.isBinaryBody, octets: [...value.binaryBody], ack: typeof value.ack };
  if (value?.wasClean !== undefined) return { code: value.code, reason: steady(value.reason), wasClean: value.wasClean };
  return value instanceof Error ? String(value) : value;
}

const steady = (text) => String(text).replace(/#\d+/g, "#N").replace(/(after|last) \d+ms/g, "$1 Nms");

export async function until(condition, what = "a condition", limit = 5_000) {
  const end = Date.now() + limit;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((next) => setTimeout(next, 1));
  }
}

/** Lets all microtasks run. */
export const turn = () => new Promise((next) => setTimeout(next));

/** What a call gives, or what it throws. */
export const attempt = (body) => {
  try {
    return [body()];
  } catch (error) {
    return [error.constructor.name, error.message];
  }
};
