// The life of a connection of everwire/websocket beyond what the native class and reconnecting-websocket do, and the
// defects of those that it does not have. Each entry throws if it fails. `Socket` is the class, `url` the test peer.
import { virtualTime } from "../support/virtual-time.js";
import { equal, Fake, next, ok, record, throws, until } from "./page.js";
import { caught, FAKE, QUICK, quiet } from "./settings.js";

export const lifecycle = {
  async "close() while the url function is pending: error, close 1006, and the late url is not dialled"(Socket) {
    const before = Fake.all.length;
    let give;
    const socket = new Socket(() => new Promise((done) => { give = done; }), [], FAKE);
    const log = record(socket);
    equal(socket.readyState, 0);
    socket.close();
    equal([socket.readyState, log], [2, []]);
    await next(socket, "close");
    equal([socket.readyState, log], [3, ["error", "close 1006"]]);
    give("ws://late");
    await quiet(30);
    equal(Fake.all.length, before);
  },

  async "reconnect() while the url function is pending: its late url is not dialled, and nothing can be sent natively"(Socket) {
    const gives = [];
    const before = Fake.all.length;
    const provider = () => new Promise((give) => { gives.push(give); });
    const socket = new Socket(provider, [], FAKE);
    socket.reconnect();
    equal(gives.length, 2);
    gives[0]("ws://former");
    await quiet(30);
    equal(Fake.all.length, before);
    gives[1]("ws://latter");
    await until(() => Fake.all.length > before, "the dial");
    equal(Fake.last.url, "ws://latter");
    socket.close();
    const native = new Socket(provider, [], { ...FAKE, maxRetries: 0 });
    throws(() => native.send("x"), "InvalidStateError", /CONNECTING/);
    native.close();
  },

  async "reconnect() works after maxRetries, after close() and during a wait"(Socket, url) {
    let address = `${url}/?reject=503`;
    const spent = new Socket(() => address, [], { ...QUICK, maxRetries: 1 });
    let closes = 0;
    spent.onclose = () => closes++;
    await until(() => closes === 2, "two failures");
    ok(!spent.shouldReconnect, "given up");
    address = url;
    spent.reconnect();
    await next(spent, "open");
    ok(spent.shouldReconnect, "alive again");
    spent.close();
    await next(spent, "close");
    spent.reconnect();
    await next(spent, "open");
    spent.close();

    const waiting = new Socket("ws://x", [], { ...FAKE, minReconnectionDelay: 60_000, maxReconnectionDelay: 60_000 });
    Fake.last.fail();
    equal(waiting.readyState, 3);
    const dials = Fake.all.length;
    waiting.reconnect();
    equal([Fake.all.length, waiting.readyState, waiting.retryCount], [dials + 1, 0, 0]);
    Fake.last.open();
    equal(waiting.readyState, 1);
    waiting.close();
  },

  async "calls from within handlers are safe"(Socket) {
    const socket = new Socket("ws://x", [], FAKE);
    const log = record(socket);
    socket.addEventListener("close", () => { socket.reconnect(); });
    const first = Fake.last;
    first.open();
    first.fail(4000);
    ok(Fake.last !== first, "redialled in the handler");
    Fake.last.open();
    socket.onmessage = () => socket.close(4001, "from a handler");
    Fake.last.message("x");
    equal(Fake.last.closed, [4001, "from a handler"]);
    equal(log, ["open", "close 4000", "open", "message x"]);
    const closing = Fake.last;
    closing.fail(4001);
    equal(log.slice(4), ["close 4001"]);
    ok(Fake.last !== closing, "revived in the close handler");
    Fake.last.open();
    socket.onopen = () => socket.close();
    Fake.last.dispatchEvent(new Event("open"));
    equal(socket.readyState, 1, "an open socket opens once");
    socket.close();
    equal(socket.readyState, 2);
  },

  async "an open connection that is replaced is closed and stays silent"(Socket) {
    const socket = new Socket("ws://x", [], FAKE);
    const old = Fake.last;
    old.open();
    const log = record(socket);
    socket.reconnect(4002, "token");
    equal([log, old.closed], [["close 4002"], [4002, "token"]]);
    old.message("late");
    old.fail(4002);
    equal(log, ["close 4002"]);
    // Only the one that swallows late errors remains.
    equal(old.listeners, 1);
    socket.close();
  },

  async "heartbeat: a dead link is abandoned and dialled anew at once"(Socket, url) {
    let dials = 0;
    const socket = new Socket(() => `${url}/?${dials++ ? "" : "mute"}`, [], { minReconnectionDelay: 60_000, maxReconnectionDelay: 60_000, heartbeat: { interval: 40, timeout: 800, message: () => "ping" } });
    await next(socket, "open");
    const log = record(socket);
    await next(socket, "open");
    equal([log.slice(0, 3), dials], [["error everwire: no sign of life within heartbeat.timeout", "close 1006", "open"], 2]);
    await until(() => log.filter((line) => line === "message ping").length >= 8, "answered pings");
    equal(dials, 2, "answered pings keep the link");
    socket.close();
  },

  async "heartbeat: any traffic counts as life, also without a ping message"(Socket) {
    const time = virtualTime();
    try {
      const socket = new Socket("ws://x", [], { ...FAKE, heartbeat: { interval: 100, timeout: 100 } });
      const fake = Fake.last;
      fake.open();
      for (let i = 0; i < 40; i++) {
        fake.message("tick");
        time.advance(10);
      }
      equal([fake.sent, socket.readyState, Fake.last === fake], [[], 1, true]);
      time.advance(250);
      ok(Fake.last !== fake, "no redial after silence");
      socket.close();
    } finally {
      time.restore();
    }
  },

  async "heartbeat: pings keep their interval also where the timeout is longer"(Socket) {
    const time = virtualTime();
    try {
      const socket = new Socket("ws://x", [], { ...FAKE, heartbeat: { interval: 100, timeout: 1_000, message: "ping" } });
      const fake = Fake.last;
      fake.open();
      for (let [passed, answered] = [0, 0]; passed < 1_000; passed++) {
        time.advance(1);
        if (fake.sent.length > answered) {
          answered++;
          fake.message("pong");
        }
      }
      ok(fake.sent.length >= 9 && fake.sent.length <= 13, `${fake.sent.length} pings`);
      socket.close();
    } finally {
      time.restore();
    }
  },

  async "heartbeat: the clock of the page that a given class is of does not count"(Socket) {
    const socket = new Socket("ws://x", [], { ...FAKE, heartbeat: { interval: 100, timeout: 100 } });
    const fake = Fake.last;
    fake.open();
    fake.dispatchEvent(Object.defineProperty(new MessageEvent("message", { data: "tick" }), "timeStamp", { value: 1e9 }));
    await until(() => Fake.last !== fake, "a redial after silence");
    socket.close();
  },

  async "messages sent into a socket that is closing wait for the next one"(Socket) {
    const socket = new Socket("ws://x", [], FAKE);
    const first = Fake.last;
    first.open();
    first.readyState = 2;
    equal([socket.send("kept"), first.sent], [false, []]);
    first.fail();
    await until(() => Fake.last !== first, "the next dial");
    Fake.last.open();
    equal(Fake.last.sent, ["kept"]);
    socket.close();
  },

  async "signal: aborting closes for good"(Socket) {
    const controller = new AbortController();
    let held = 0;
    controller.signal.addEventListener = (...args) => (held++, EventTarget.prototype.addEventListener.apply(controller.signal, args));
    controller.signal.removeEventListener = (...args) => (held--, EventTarget.prototype.removeEventListener.apply(controller.signal, args));
    const ended = new Socket("ws://x", [], { ...FAKE, signal: controller.signal });
    equal(held, 1);
    Fake.last.open();
    ended.close();
    Fake.last.fail(1005);
    equal(held, 0, "abort listeners of one that has ended");
    const socket = new Socket("ws://x", [], { ...FAKE, signal: controller.signal });
    const fake = Fake.last;
    fake.open();
    controller.abort();
    equal(socket.readyState, 2);
    fake.fail(1005);
    equal([socket.readyState, socket.shouldReconnect], [3, false]);
    const dials = Fake.all.length;
    socket.reconnect();
    const never = new Socket("ws://x", [], { ...FAKE, signal: AbortSignal.abort() });
    await quiet(60);
    equal([Fake.all.length, socket.readyState, never.readyState], [dials, 3, 3]);
  },

  async "Symbol.dispose closes"(Socket) {
    if (!Symbol.dispose) return;
    const socket = new Socket("ws://x", [], FAKE);
    Fake.last.open();
    socket[Symbol.dispose]();
    equal([socket.readyState, Fake.last.closed], [2, [null, null]]);
  },

  async "a page that comes online or into view dials at once instead of waiting"(Socket) {
    for (const signal of [() => dispatchEvent(new Event("online")), () => document.dispatchEvent(new Event("visibilitychange"))]) {
      const socket = new Socket("ws://x", [], { ...FAKE, minReconnectionDelay: 60_000, maxReconnectionDelay: 60_000 });
      const failed = Fake.last;
      failed.fail();
      signal();
      // A signal dials at most once a second.
      await until(() => Fake.last !== failed, "a dial");
      socket.close();
    }
  },

  async "a page that was frozen does not trust its connection"(Socket) {
    const socket = new Socket("ws://x", [], FAKE);
    const frozen = Fake.last;
    frozen.open();
    const log = record(socket);
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false }));
    equal(Fake.last === frozen, true);
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    ok(Fake.last !== frozen, "dialled anew");
    equal(log, ["error everwire: the page was frozen", "close 1006"]);
    socket.close();
  },

  async "a server that never answers close(): over after five seconds"(Socket) {
    const socket = new Socket("ws://x", [], FAKE);
    Fake.last.open();
    const log = record(socket);
    const began = performance.now();
    socket.close();
    await next(socket, "close");
    ok(performance.now() - began < 8_000, "not a minute");
    equal(log, ["error everwire: the closing handshake took too long", "close 1006"]);
  },

  async "events that are not the platform's are passed on as such"(Socket) {
    const socket = new Socket("ws://x", [], FAKE);
    Fake.last.open();
    const seen = [];
    socket.onmessage = (event) => seen.push([event instanceof MessageEvent, event.data, event.target === socket]);
    const foreign = new Event("message");
    Object.assign(foreign, { data: "foreign" });
    Fake.last.dispatchEvent(foreign);
    equal(seen, [[true, "foreign", true]]);
    socket.close();
  },

  async "as the global class it still makes native sockets"(Socket, url) {
    const native = globalThis.WebSocket;
    const errors = caught();
    try {
      for (const Global of [Socket, class extends Socket {}]) {
        globalThis.WebSocket = Global;
        const socket = new WebSocket(url);
        await next(socket, "open");
        socket.close();
        await next(socket, "close");
      }
      // A double is looked up when the socket is made, also one that replaces us.
      globalThis.WebSocket = Fake;
      const dials = Fake.all.length;
      new Socket("ws://x").close();
      equal(Fake.all.length, dials + 1);
    } finally {
      globalThis.WebSocket = native;
    }
    equal(errors(), []);
  },

  async "listeners with a signal: nothing is left on the signal, and a later registration is its own"(Socket) {
    const socket = new Socket("ws://x", [], FAKE);
    Fake.last.open();
    const controller = new AbortController();
    const { signal } = controller;
    let held = 0;
    signal.addEventListener = (...args) => (held++, EventTarget.prototype.addEventListener.apply(signal, args));
    signal.removeEventListener = (...args) => (held--, EventTarget.prototype.removeEventListener.apply(signal, args));
    const heard = [];
    const listener = (name) => ({ handleEvent: ({ data }) => heard.push(name + data) });
    for (let i = 0; i < 100; i++) {
      const removed = listener("removed");
      socket.addEventListener("message", removed, { signal });
      socket.removeEventListener("message", removed);
      socket.addEventListener("message", listener("once"), { signal, once: true });
      Fake.last.message(i);
      socket.addEventListener("message", listener("dispatched"), { signal, once: true });
      socket.dispatchEvent(new MessageEvent("message", { data: i }));
    }
    equal(heard, Array.from({ length: 100 }, (_, i) => [`once${i}`, `dispatched${i}`]).flat());
    equal(held, 0, "abort listeners");

    heard.length = 0;
    const [again, stays] = [listener("again"), listener("stays")];
    for (const each of [again, stays]) socket.addEventListener("message", each, { signal });
    socket.removeEventListener("message", stays);
    socket.addEventListener("message", stays);
    socket.addEventListener("message", () => controller.abort(), { once: true });
    socket.addEventListener("message", listener("never"), { signal });
    Fake.last.message(1);
    socket.addEventListener("message", again);
    Fake.last.message(2);
    equal(heard, ["again1", "stays1", "stays2", "again2"]);
    socket.close();
  },

  async "a lone listener: once, or until its signal is aborted"(Socket) {
    const socket = new Socket("ws://x", [], FAKE);
    Fake.last.open();
    const heard = [];
    const controller = new AbortController();
    socket.addEventListener("message", ({ data }) => heard.push(`once ${data}`), { once: true });
    for (const n of [1, 2]) Fake.last.message(n);
    socket.addEventListener("message", ({ data }) => heard.push(`signal ${data}`), { signal: controller.signal });
    Fake.last.message(3);
    controller.abort();
    Fake.last.message(4);
    equal(heard, ["once 1", "signal 3"]);
    socket.close();
  },

  async "thousands of reconnects and objects leave nothing behind"(Socket) {
    Fake.all.length = 0;
    const socket = new Socket("ws://x", [], FAKE);
    for (let i = 0; i < 3_000; i++) {
      Fake.last.open();
      socket.reconnect();
    }
    const old = Fake.all.slice(0, -1);
    equal(Math.max(...old.map((fake) => fake.listeners)), 1, "only the swallowing listener remains");
    const sockets = old.map((fake) => new WeakRef(fake));
    const objects = [];
    for (let i = 0; i < 2_000; i++) {
      const other = new Socket("ws://x", [], FAKE);
      Fake.last.open();
      other.onmessage = () => {};
      other.close();
      Fake.last.fail(1005);
      objects.push(new WeakRef(other));
    }
    old.length = Fake.all.length = 0;
    if (typeof gc !== "function") throw new Error("start the browser with --expose-gc");
    await until(() => {
      gc();
      return [...sockets, ...objects].filter((ref) => ref.deref()).length < 10;
    }, "garbage collection");
    socket.close();
  },
};
