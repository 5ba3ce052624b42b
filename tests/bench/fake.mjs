// A socket without a network, in place of the frame's own WebSocket class: opens by itself and counts what is sent. It is
// an EventTarget of the platform, so that a message costs what the platform's dispatch costs.

globalThis.fake = { current: undefined, sent: 0 };

globalThis.WebSocket = class WebSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  readyState = 0;
  binaryType = "blob";
  bufferedAmount = 0;
  extensions = "";
  protocol = "";

  constructor(url) {
    super();
    this.url = url;
    globalThis.fake.current = this;
    queueMicrotask(() => {
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
    });
  }

  set onmessage(handler) {
    this.addEventListener("message", handler);
  }

  send(data) {
    globalThis.fake.sent += data.length > 0 ? 1 : 0;
  }

  close() {
    this.readyState = 3;
  }
};
