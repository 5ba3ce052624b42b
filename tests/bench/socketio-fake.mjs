// An Engine.IO server inside of a fake socket, in place of the frame's own WebSocket class: it opens by itself, joins the
// namespace, counts what is sent, and acknowledges what asks for it. It calls the handlers itself: the platform's dispatch of
// an event would be half of what is measured, and is the same for every client.

globalThis.fake = { current: undefined, sent: 0, acked: 0 };

const HANDSHAKE = '0{"sid":"bench","upgrades":[],"pingInterval":300000,"pingTimeout":300000,"maxPayload":1000000}';

globalThis.WebSocket = class WebSocket {
  readyState = 0;
  binaryType = "blob";

  constructor(url) {
    this.url = url;
    globalThis.fake.current = this;
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen({});
      this.say(HANDSHAKE);
    });
  }

  say(data) {
    this.onmessage({ data });
  }

  send(data) {
    const { fake } = globalThis;
    if (data === "40") queueMicrotask(() => this.say('40{"sid":"bench"}'));
    else fake.sent++;
    // An event that asks for an answer: `42<id>[...`.
    const ask = typeof data === "string" && data[2] !== "[" && /^42(\d+)\[/.exec(data);
    if (ask) {
      fake.acked++;
      queueMicrotask(() => this.say(`43${ask[1]}["ok"]`));
    }
  }

  close() {
    this.readyState = 3;
  }
};
