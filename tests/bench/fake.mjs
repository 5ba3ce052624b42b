// A socket without a network, in place of the frame's own WebSocket class: opens by itself and counts what is sent. It is
// an EventTarget of the platform, so that a message costs what the platform's dispatch costs.

// `fake.server(socket, data)`, if a benchmark sets it, is asked about everything that is sent.
globalThis.fake = { current: undefined, server: undefined };

globalThis.WebSocket = class WebSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  CONNECTING = 0;
  OPEN = 1;
  CLOSING = 2;
  CLOSED = 3;
  readyState = 0;
  binaryType = "blob";
  bufferedAmount = 0;
  extensions = "";
  protocol = "";
  /** Characters and bytes that were sent. */
  sent = 0;
  #prepared = [];

  constructor(url) {
    super();
    this.url = url;
    globalThis.fake.current = this;
    queueMicrotask(() => {
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
    });
  }

  set onopen(handler) {
    this.addEventListener("open", handler);
  }

  set onclose(handler) {
    this.addEventListener("close", handler);
  }

  set onerror(handler) {
    this.addEventListener("error", handler);
  }

  set onmessage(handler) {
    this.addEventListener("message", handler);
  }

  send(data) {
    // A string is read to its end, as a native socket does: joining its parts belongs to the cost.
    this.sent += typeof data === "string" ? data.length + (data.charCodeAt(data.length - 1) & 0) : data.byteLength;
    globalThis.fake.server?.(this, data);
  }

  close() {
    this.readyState = 3;
  }

  /** A message comes. */
  say(data) {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /**
   * Makes the events of messages that `sayNext` delivers, so that it does not count for the client: a browser makes its events
   * without any script, which is several times cheaper than `new MessageEvent`.
   */
  prepare(payloads) {
    this.#prepared = payloads.map((data) => new MessageEvent("message", { data })).reverse();
  }

  /** The next of the prepared messages comes. */
  sayNext() {
    this.dispatchEvent(this.#prepared.pop());
  }

  /** The connection is gone. */
  lose() {
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent("close", { code: 1006 }));
  }
};
