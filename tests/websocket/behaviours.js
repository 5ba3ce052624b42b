// What everwire/websocket adds to the native class and to reconnecting-websocket, and the defects of those that it does
// not have. Each entry throws if it fails. `Socket` is the class, `url` the test peer.
import { equal, Fake, next, ok, record, throws, until } from "./page.js";

const QUICK = { minReconnectionDelay: 20, maxReconnectionDelay: 40 };
const FAKE = { ...QUICK, WebSocket: Fake };
// Only for what must not happen: there is no condition to wait for.
const quiet = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** Collects the messages of reported errors; the returned function stops that and gives them. */
function caught() {
  const messages = [];
  const note = (event) => {
    event.preventDefault();
    messages.push(event.error.message);
  };
  addEventListener("error", note);
  return () => {
    removeEventListener("error", note);
    return messages;
  };
}

export const behaviours = {
  async "a failing url function is told and called again"(Socket, url) {
    let calls = 0;
    const failures = [() => Promise.reject(new Error("no token")), () => { throw new TypeError("broken"); }, () => 42, () => `${url}/#fragment`];
    const socket = new Socket(() => (failures[calls++] ?? (() => url))(), [], QUICK);
    const errors = [];
    const log = record(socket);
    socket.addEventListener("error", ({ error }) => errors.push(error.name));
    await next(socket, "open");
    equal(errors, ["Error", "TypeError", "TypeError", "SyntaxError"]);
    equal(log.filter((line) => line.startsWith("close")), Array(4).fill("close 1006"));
    equal(log.slice(0, 2), ["error no token", "close 1006"], "error comes first");
    equal(socket.retryCount, 4);
    socket.close();
  },

  async "protocols may be null or a function, now or later"(Socket, url) {
    for (const [protocols, expected] of [[null, ""], [() => "a", "a"], [async () => ["b", "c"], "b"], [() => null, ""]]) {
      const socket = new Socket(url, protocols, QUICK);
      await next(socket, "open");
      equal(socket.protocol, expected);
      socket.close();
    }
  },

  async "a bad url or protocol given as a value throws at once and leaves nothing behind"(Socket, url) {
    throws(() => new Socket(`${url}/#x`), "SyntaxError", /./);
    throws(() => new Socket(url, ["a", "a"]), "SyntaxError", /./);
    const socket = new Socket(`${url}/#x`, [], { startClosed: true });
    const log = record(socket);
    throws(() => socket.reconnect(), "SyntaxError", /./);
    await quiet(60);
    equal([log, socket.readyState, socket.shouldReconnect], [[], 3, false]);
  },

  async "options out of range are named"(Socket, url) {
    const wrong = [
      [{ minReconnectionDelay: -1 }, /minReconnectionDelay must be a number from 0/], [{ maxRetries: NaN }, /maxRetries/], [{ minUptime: "5" }, /minUptime/],
      [{ reconnectionDelayGrowFactor: 0.5 }, /reconnectionDelayGrowFactor must be a number from 1 to 1000/], [{ heartbeat: { interval: 5 } }, /heartbeat.interval must be a number from 10/],
      [{ heartbeat: { interval: 50, timeout: 1 } }, /heartbeat.timeout/], [{ connectionTimeout: null }, /connectionTimeout/], [{ maxEnqueuedBytes: -1 }, /maxEnqueuedBytes/],
    ];
    for (const [options, pattern] of wrong) throws(() => new Socket(url, [], { startClosed: true, ...options }), "RangeError", pattern);
    throws(() => new Socket(), "TypeError", /url/);
  },

  async "a lower maximum lowers the minimum, as everybody who sets only one expects"(Socket) {
    const delays = [];
    const socket = new Socket("ws://x", [], { WebSocket: Fake, maxReconnectionDelay: 30, debug: true, debugLogger: (...values) => { if (values[1] === "retry") delays.push(values[4]); } });
    Fake.last.fail();
    equal(delays, [30]);
    socket.close();
  },

  async "retries wait at least minReconnectionDelay, at random, and the default base differs per object"(Socket) {
    const first = [];
    const later = [];
    for (let i = 0; i < 50; i++) {
      const log = (into) => (...values) => { if (values[1] === "retry") into.push(values[4]); };
      const a = new Socket("ws://x", [], { WebSocket: Fake, debug: true, debugLogger: log(first) });
      Fake.last.fail();
      a.close();
      const b = new Socket("ws://x", [], { WebSocket: Fake, minReconnectionDelay: 100, debug: true, debugLogger: log(later) });
      Fake.last.fail();
      b.close();
    }
    ok(first.every((delay) => delay >= 1_000 && delay <= 6_250), `defaults: ${first}`);
    ok(new Set(first.map(Math.round)).size > 40, "the base is drawn per object");
    ok(later.every((delay) => delay >= 100 && delay <= 125), `with a minimum: ${later}`);
    ok(new Set(later).size > 25, "each wait is drawn");
  },

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
    const socket = new Socket(() => `${url}/?${dials++ ? "" : "mute"}`, [], { minReconnectionDelay: 60_000, maxReconnectionDelay: 60_000, heartbeat: { interval: 40, timeout: 60, message: () => "ping" } });
    await next(socket, "open");
    const log = record(socket);
    await next(socket, "open");
    equal([log.slice(0, 3), dials], [["error everwire: no sign of life within heartbeat.timeout", "close 1006", "open"], 2]);
    await until(() => log.filter((line) => line === "message ping").length >= 8, "answered pings");
    equal(dials, 2, "answered pings keep the link");
    socket.close();
  },

  async "heartbeat: any traffic counts as life, also without a ping message"(Socket) {
    const socket = new Socket("ws://x", [], { ...FAKE, heartbeat: { interval: 100, timeout: 100 } });
    const fake = Fake.last;
    fake.open();
    for (let i = 0; i < 40; i++) {
      fake.message("tick");
      await quiet(10);
    }
    equal([fake.sent, socket.readyState, Fake.last === fake], [[], 1, true]);
    await until(() => Fake.last !== fake, "a redial after silence");
    socket.close();
  },

  async "the queue: bounds are named, nothing is lost silently, copies are sent"(Socket) {
    const socket = new Socket("ws://x", [], { ...FAKE, maxEnqueuedBytes: 10 });
    const bytes = new Uint8Array([1, 2, 3, 4]);
    equal([socket.send(bytes.subarray(1, 3)), socket.send("한")], [false, false]);
    bytes.fill(9);
    equal(socket.bufferedAmount, 5);
    throws(() => socket.send("123456"), "QuotaExceededError", /send queue.*maxEnqueuedBytes 10/);
    equal([socket.send("12345"), socket.bufferedAmount], [false, 10]);
    Fake.last.open();
    equal(Fake.last.sent.map((data) => (typeof data === "string" ? data : [...new Uint8Array(data)])), [[2, 3], "한", "12345"]);
    equal([socket.send("now"), socket.bufferedAmount, Fake.last.sent.length], [true, 0, 4]);
    socket.close();

    const standard = new Socket("ws://x", [], FAKE);
    const mebibyte = "x".repeat(1 << 20);
    for (let i = 0; i < 16; i++) standard.send(mebibyte);
    throws(() => standard.send("x"), "QuotaExceededError", /maxEnqueuedBytes 16777216/);
    equal(standard.drainQueuedMessages().length, 16);
    equal(standard.send("room again"), false);
    standard.close();

    const few = new Socket("ws://x", [], { ...FAKE, maxEnqueuedMessages: 1 });
    const log = record(few);
    equal([few.send("a"), few.send("b"), few.send("c")], [false, false, false]);
    equal(log, ["error everwire: message dropped, the send queue is full (maxEnqueuedMessages 1)"], "told once");
    equal(few.drainQueuedMessages(), ["a"]);
    few.close();
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

  async "shouldReconnectOnClose decides for lost, failed and abandoned ones; if it throws, retries go on"(Socket) {
    const seen = [];
    const ask = (answer) => ({ ...FAKE, shouldReconnectOnClose: (event) => { seen.push(event.code); return answer(event); } });
    const socket = new Socket("ws://x", [], ask((event) => event.code !== 4000));
    Fake.last.fail();
    ok(socket.shouldReconnect, "1006 is retried");
    const failed = Fake.last;
    await until(() => Fake.last !== failed, "a retry");
    Fake.last.open();
    let inHandler;
    socket.onclose = () => { inHandler = socket.shouldReconnect; };
    Fake.last.fail(4000);
    equal([seen, inHandler, socket.readyState], [[1006, 4000], false, 3]);

    const slow = new Socket("ws://x", [], { ...ask(() => false), connectionTimeout: 20 });
    await next(slow, "close");
    await quiet(60);
    equal([slow.shouldReconnect, slow.readyState], [false, 3]);

    const reported = next(globalThis, "error");
    globalThis.addEventListener("error", (event) => event.preventDefault(), { once: true });
    const throwing = new Socket("ws://x", [], ask(() => { throw new Error("mine"); }));
    Fake.last.fail();
    equal((await reported).error.message, "mine");
    ok(throwing.shouldReconnect, "still retrying");
    throwing.close();
  },

  async "a provider may take longer than connectionTimeout, which is for the handshake"(Socket) {
    let calls = 0;
    const socket = new Socket(() => (calls++, quiet(120).then(() => "ws://x")), [], { ...FAKE, connectionTimeout: 50 });
    const log = record(socket);
    const before = Fake.all.length;
    await until(() => Fake.all.length > before, "the dial");
    equal([calls, log], [1, []]);
    Fake.last.open();
    await quiet(100);
    equal(log, ["open"]);
    socket.close();
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

  async "a debugLogger or a custom socket that throws is reported, and reconnecting goes on"(Socket) {
    class Brittle extends Fake {
      send(data) {
        if (data === "bad") throw new Error("send");
        super.send(data);
      }
      close() {
        throw new Error("close");
      }
    }
    const errors = caught();
    const debugLogger = () => { throw new Error("log"); };
    const socket = new Socket("ws://x", [], { ...FAKE, WebSocket: Brittle, debug: true, debugLogger });
    const log = record(socket);
    for (const data of ["bad", "good"]) socket.send(data);
    Fake.last.open();
    equal([log, Fake.last.sent], [["open"], ["good"]]);
    const lost = Fake.last;
    lost.fail();
    await until(() => Fake.last !== lost, "a retry");
    Fake.last.open();
    socket.close();
    equal(socket.readyState, 1, "this socket did not close");
    await next(socket, "close");
    equal(log, ["open", "close 1006", "open", "error everwire: the closing handshake took too long", "close 1006"]);
    equal([...new Set(errors())].sort(), ["close", "log", "send"]);
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

  async "debug writes where it is told to"(Socket) {
    const lines = [];
    const socket = new Socket("ws://x", [], { ...FAKE, debug: true, debugLogger: (...values) => lines.push(values.join(" ")) });
    ok(lines.length > 0 && lines.every((line) => line.startsWith("RWS> ")), String(lines));
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
