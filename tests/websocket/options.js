// The options of everwire/websocket: what they accept, what they do, and how a bad one is told. Each entry throws if it
// fails. `Socket` is the class, `url` the test peer.
import { virtualTime } from "../support/virtual-time.js";
import { equal, Fake, next, ok, record, throws, until } from "./page.js";
import { caught, FAKE, QUICK, quiet } from "./settings.js";

export const options = {
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
    throws(() => new Socket(url, [], { startClosed: true, maxRetries: "5" }), "RangeError", /maxRetries must be a number from 0 to Infinity, not string 5$/);
    throws(() => new Socket(url, [], { startClosed: true, shouldReconnectOnClose: "no" }), "TypeError", /shouldReconnectOnClose must be a function/);
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
    // Jitter alone would stay below 1,250.
    ok(Math.max(...first) > 2_500, `the base is drawn per object: ${first}`);
    ok(later.every((delay) => delay >= 100 && delay <= 125), `with a minimum: ${later}`);
    ok(new Set(later).size > 25, "each wait is drawn");
  },

  async "delays, uptime and timeouts are as told, and have their defaults"(Socket) {
    const time = virtualTime();
    try {
      const steady = { WebSocket: Fake, minReconnectionDelay: 1_000, debug: true };
      for (const [options, bases, longest] of [
        [{}, [1_000, 1_300, 1_690], 10_000],
        [{ reconnectionDelayGrowFactor: 2, maxReconnectionDelay: 20_000 }, [1_000, 2_000, 4_000], 20_000],
      ]) {
        const delays = [];
        const socket = new Socket("ws://x", [], { ...steady, ...options, debugLogger: (...values) => { if (values[1] === "retry") delays.push(values[4]); } });
        for (let i = 0; i < 20; i++) {
          Fake.last.fail();
          time.advance(delays[i] + 1);
        }
        ok(bases.every((base, i) => delays[i] >= base && delays[i] <= base * 1.25 + 1), `${bases}: ${delays}`);
        ok(Math.max(...delays) <= longest && delays.at(-1) >= longest / 1.25, `up to ${longest}: ${delays}`);
        socket.close();
      }

      for (const [minUptime, limit] of [[undefined, 5_000], [60, 60], [20_000, 20_000]]) {
        const socket = new Socket("ws://x", [], { ...FAKE, minUptime });
        const counts = [];
        for (const uptime of [limit - 10, limit - 10, limit + 10]) {
          Fake.last.open();
          time.advance(uptime);
          Fake.last.fail();
          counts.push(socket.retryCount);
          time.advance(100);
        }
        equal(counts, [1, 2, 1], `minUptime ${minUptime}`);
        socket.close();
      }

      for (const [connectionTimeout, limit] of [[undefined, 4_000], [80, 80], [20_000, 20_000]]) {
        const socket = new Socket("ws://x", [], { ...FAKE, connectionTimeout });
        const log = record(socket);
        time.advance(limit - 10);
        equal(log, []);
        time.advance(20);
        equal(log, ["error TIMEOUT", "close 1006"], `connectionTimeout ${connectionTimeout}`);
        socket.close();
      }

      for (const [heartbeat, interval, timeout] of [[{}, 25_000, 10_000], [{ interval: 100, timeout: 60 }, 100, 60], [{ interval: 60_000, timeout: 30_000 }, 60_000, 30_000]]) {
        const socket = new Socket("ws://x", [], { ...FAKE, heartbeat: { message: "ping", ...heartbeat } });
        const fake = Fake.last;
        fake.open();
        let silence = 0;
        for (; !fake.sent.length; silence += 1) time.advance(1);
        // Up to a fifth earlier, so that the clients of one broadcast do not ping in step.
        ok(silence >= interval * 0.8 && silence <= interval + 1, `${silence} of ${interval}`);
        time.advance(timeout - 5);
        equal([fake.sent, Fake.last === fake], [["ping"], true], "a message that is no function is sent as it is");
        time.advance(10);
        ok(Fake.last !== fake, `no redial after ${timeout}`);
        socket.close();
      }

      // The native class waits for ever.
      const native = new Socket("ws://x", [], { ...FAKE, maxRetries: 0 });
      const log = record(native);
      time.advance(3_600_000);
      equal([native.readyState, log], [0, []]);
      Fake.last.open();
      native.close();
      time.advance(3_600_000);
      equal([native.readyState, log], [2, ["open"]]);
      Fake.last.fail(1005);
    } finally {
      time.restore();
    }
  },

  async "a timer that rings exactly at its deadline is not too early"(Socket) {
    // 31.3 and a millisecond are 32.3, and a thousand times that is less than 32,300.
    const time = virtualTime(31.3);
    try {
      const socket = new Socket("ws://x", [], { ...FAKE, connectionTimeout: 1 });
      const log = record(socket);
      time.advance(1);
      equal(log, ["error TIMEOUT", "close 1006"]);
      socket.close();
    } finally {
      time.restore();
    }
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

    const kinds = new Socket("ws://x", [], FAKE);
    const { buffer } = new Uint8Array([1, 2]);
    for (const data of [buffer, 5, null, "\u{1F68C}\uD83D"]) kinds.send(data);
    new Uint8Array(buffer).fill(9);
    equal(kinds.bufferedAmount, 2 + 1 + 4 + 7, "as UTF-8, a lone surrogate as its replacement");
    // A socket that closes while the queue goes out takes no more of it.
    const first = Fake.last;
    first.send = (data) => { first.sent.push(data); first.readyState = 2; };
    first.open();
    equal([first.sent.map((data) => [...new Uint8Array(data)]), kinds.bufferedAmount], [[[1, 2]], 12]);
    first.fail();
    await until(() => Fake.last !== first, "a retry");
    Fake.last.open();
    equal(Fake.last.sent, ["5", "null", "\u{1F68C}\uD83D"]);
    kinds.close();

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
    equal([few.send("d"), few.send("e"), log.length, few.drainQueuedMessages()], [false, false, 2, ["d"]], "told anew");
    few.close();
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

    const replaced = new Socket("ws://x", [], ask(() => false));
    const old = Fake.last;
    old.open();
    replaced.reconnect();
    ok(Fake.last !== old && replaced.shouldReconnect, "reconnect() is the user's own wish");
    equal(seen.length, 2);
    replaced.close();

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

  async "debug writes where it is told to"(Socket) {
    const lines = [];
    const socket = new Socket("ws://x", [], { ...FAKE, debug: true, debugLogger: (...values) => lines.push(values.join(" ")) });
    ok(lines.length > 0 && lines.every((line) => line.startsWith("RWS> ")), String(lines));
    socket.close();
    const { log } = console;
    const printed = [];
    console.log = (...values) => printed.push(values[0]);
    try {
      new Socket("ws://x", [], FAKE).close();
      equal(printed, [], "silent unless debug is on");
      const before = lines.length;
      new Socket("ws://x", [], { ...FAKE, debugLogger: (...values) => lines.push(values) }).close();
      equal(lines.length, before);
      new Socket("ws://x", [], { ...FAKE, debug: true }).close();
    } finally {
      console.log = log;
    }
    ok(printed.length > 0 && printed.every((first) => first === "RWS>"), String(printed));
  },
};
