// A scripted Engine.IO server and the WebSocket class that reaches it, without a network: what it says and what it got is
// in the hands of the scenario.

/** The server that new sockets belong to. */
let current;

/** A WebSocket whose other end is the current {@link FakeServer}. */
export class FakeWebSocket {
  readyState = 0;
  bufferedAmount = 0;
  /** What the client has sent. */
  sent = [];

  constructor(url) {
    this.url = url;
    this.server = current;
    current.attach(this);
  }

  send(data) {
    if (this.readyState !== 1) throw new Error("not open");
    this.sent.push(data);
    this.server.received.push(data);
    this.server.onsent(this, data);
  }

  close() {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    queueMicrotask(() => this.drop(1005));
  }

  /** The server accepts. */
  open() {
    this.readyState = 1;
    this.onopen?.({ type: "open" });
  }

  /** The server says something. */
  say(data) {
    this.onmessage?.({ data });
  }

  /** The connection ends. */
  drop(code = 1006) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ type: "close", code, reason: "", wasClean: code !== 1006 });
  }

  /** The connection fails. */
  fail() {
    this.onerror?.({ type: "error" });
    this.drop();
  }
}

export class FakeServer {
  sockets = [];
  received = [];

  /**
   * @param {{auto?: boolean, handshake?: object, connect?: object}} options `auto`: whether to accept, shake hands and let
   *   clients join (default true); `handshake` and `connect`: what to put into the answers besides the usual
   */
  constructor({ auto = true, handshake = {}, connect = {} } = {}) {
    this.auto = auto;
    this.connect = connect;
    this.handshake = { sid: "engine", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000, ...handshake };
    current = this;
  }

  /** The latest socket. */
  get socket() {
    return this.sockets.at(-1);
  }

  /** What Socket.IO messages the latest socket got, without the Engine.IO type, pongs left out. */
  get messages() {
    return this.socket.sent.filter((data) => typeof data !== "string" || data[0] === "4").map((data) => (typeof data === "string" ? data.slice(1) : data));
  }

  attach(socket) {
    this.sockets.push(socket);
    if (!this.auto) return;
    queueMicrotask(() => {
      if (socket.readyState !== 0) return;
      socket.open();
      socket.say(`0${JSON.stringify(this.handshake)}`);
    });
  }

  onsent(socket, data) {
    if (!this.auto || typeof data !== "string" || !data.startsWith("40")) return;
    const nsp = /^40(\/[^,]*,)?/.exec(data)[1] ?? "";
    queueMicrotask(() => socket.say(`40${nsp}${JSON.stringify({ sid: `s${this.sockets.length}${nsp}`, ...this.connect })}`));
  }

  /** Says a Socket.IO message. */
  say(text) {
    this.socket.say(typeof text === "string" ? `4${text}` : text);
  }
}
