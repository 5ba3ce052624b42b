// Bad input: every option with a wrong type, out of range and unknown throws at the call and names itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import * as everwire from "../../pkg/dist/client.js";

const { EverwireError, connect } = everwire;
const URL_OK = "ws://127.0.0.1:9";
const at = (options) => () => connect(URL_OK, { WebSocket, ...options }).terminate();

/** Checks the code, the named option and that the text says what is allowed. */
function rejects(option, run, text) {
  assert.throws(run, (error) => {
    assert(error instanceof EverwireError, `${error}`);
    assert.equal(error.code, "invalid-option");
    assert.equal(error.name, "EverwireError");
    assert.equal(error.option, option);
    assert(error.message.startsWith(option), error.message);
    if (text) assert.match(error.message, text);
    return true;
  });
}

const numbers = {
  "reconnect.minDelay": [0, 2 ** 31 - 1], "reconnect.maxDelay": [1_000, 2 ** 31 - 1], "reconnect.factor": [1, 1_000],
  "reconnect.firstSpread": [0, 2 ** 31 - 1], "reconnect.maxRetries": [0, 2 ** 31 - 1, "integer"],
  "reconnect.minUptime": [0, 2 ** 31 - 1], "reconnect.connectTimeout": [0, 2 ** 31 - 1, "open"],
  "heartbeat.interval": [10, 2 ** 31 - 1], "heartbeat.timeout": [10, 2 ** 31 - 1],
  "queue.maxMessages": [1, 2 ** 31 - 1, "integer"], "queue.maxBytes": [1, 2 ** 31 - 1, "integer"],
  "inbound.maxMessages": [1, 2 ** 31 - 1, "integer"],
};

for (const [path, [min, max, kind]] of Object.entries(numbers)) {
  test(`${path} has a range`, () => {
    const [group, name] = path.split(".");
    const base = group === "heartbeat" ? { ping: () => 1 } : name === "minDelay" ? { maxDelay: 2 ** 31 - 1 } : name === "maxDelay" ? { minDelay: 1_000 } : {};
    const set = (value) => at({ [group]: { ...base, [name]: value } });
    set(max)();
    set(kind === "open" ? min + 0.5 : min)();
    for (const bad of [kind === "open" ? min : min - 1, max + 1, NaN, -Infinity, "5", null, {}]) {
      rejects(path, set(bad), new RegExp(`${min}.*${max}`));
    }
    if (kind === "integer") rejects(path, set(min + 0.5), /integer/);
  });
}

test("Infinity stands for no limit where there may be none", () => {
  at({ reconnect: { maxRetries: Infinity, connectTimeout: Infinity } })();
  at({ heartbeat: { ping: () => 1, timeout: Infinity } })();
  rejects("queue.maxMessages", at({ queue: { maxMessages: Infinity } }));
});

test("words", () => {
  rejects("reconnect.jitter", at({ reconnect: { jitter: "half" } }), /'full' or 'equal' or 'none', not "half"/);
  rejects("queue.overflow", at({ queue: { overflow: "drop" } }), /drop-oldest/);
  rejects("ticker", at({ ticker: true }), /'page' or 'worker'/);
  rejects("inbound.overflow", at({ inbound: { overflow: 1 } }), /drop-newest/);
});

test("functions, objects and the rest", () => {
  for (const [option, options] of Object.entries({
    "reconnect.retryOn": { reconnect: { retryOn: true } },
    "heartbeat.ping": { heartbeat: {} },
    "heartbeat.isPong": { heartbeat: { ping: () => 1, isPong: 1 } },
    heartbeat: { heartbeat: true },
    reconnect: { reconnect: true },
    queue: { queue: 5 },
    inbound: { inbound: [] },
    correlation: { correlation: "id" },
    "correlation.tag": { correlation: { tag: "id" } },
    "correlation.replyTo": { correlation: { replyTo: "id" } },
    "correlation.isError": { correlation: { isError: "id" } },
    codec: { codec: {} },
    schema: { schema: { parse() {} } },
    handshake: { handshake: {} },
    signal: { signal: {} },
    rate: { rate: { rate: 5 } },
    protocols: { protocols: 5 },
  })) rejects(option, at(options));
  rejects("options", () => connect(URL_OK, 5));
  for (const [wrong, shown] of [[5, "5"], [{}, "an object"], ["ws", '"ws"'], [0, "0"]]) {
    assert.throws(() => connect(URL_OK, { WebSocket: wrong }), { code: "invalid-option", option: "WebSocket", message: `WebSocket must be a class, not ${shown}` });
  }
});

test("a list in the wrong place is called one", () => {
  rejects("queue", at({ queue: [] }), /must be an object, not an empty list$/);
  rejects("inbound", at({ inbound: [1] }), /must be an object, not a list$/);
  rejects("transport", at({ transport: [] }), /a list of at least one, not an empty list$/);
  rejects("url", () => connect([], { WebSocket }), /a list of at least one, or a function, not an empty list$/);
  const { debounce, throttle } = everwire;
  const c = connect(URL_OK, { WebSocket });
  rejects("policy", () => c.topic("t", { policy: [throttle({ interval: 1 }), debounce({ wait: 1 })] }), /one pace, one rateLimit, or both, not a list$/);
  rejects("policy", () => c.topic("t", { policy: {} }), /not an object$/);
  c.terminate();
});

test("unknown names are errors that list the known ones", () => {
  for (const [option, options] of Object.entries({
    retries: { retries: 1 },
    "reconnect.delay": { reconnect: { delay: 1 } },
    "heartbeat.pong": { heartbeat: { ping: () => 1, pong: 1 } },
    "queue.max": { queue: { max: 1 } },
    "inbound.max": { inbound: { max: 1 } },
    "correlation.id": { correlation: { id: 1 } },
  })) rejects(option, at(options), /known are \w+/);
});

test("a fixed address is checked as the native class does", () => {
  const throwsSyntax = (url) => assert.throws(() => connect(url, { WebSocket }), (error) => error instanceof DOMException && error.name === "SyntaxError");
  for (const url of ["nonsense", "ftp://x", "ws://x#fragment", "ws://x#", "ws://x:99999", ["ws://ok", "bad"]]) throwsSyntax(url);
  rejects("url", () => connect([], { WebSocket }));
  rejects("url", () => connect(5, { WebSocket }));
  for (const url of [new URL("wss://localhost:9"), "http://127.0.0.1:9", "https://localhost:9"]) connect(url, { WebSocket }).terminate();
});

test("fixed subprotocols are checked as the native class does", () => {
  for (const protocols of ["", "a b", ["a", "a"], ["a", "A"], "ü"]) {
    assert.throws(at({ protocols }), (error) => error instanceof DOMException && error.name === "SyntaxError");
  }
});

test("without any WebSocket class the error says what to do", { skip: typeof globalThis.WebSocket === "function" }, () => {
  assert.throws(() => connect(URL_OK), { code: "invalid-option", option: "WebSocket", message: /package ws/ });
});

test("policies check their numbers", () => {
  const { batch, conflate, debounce, rateLimit, throttle } = everwire;
  for (const bad of [undefined, 0, -1, NaN, Infinity, "1"]) {
    rejects("debounce.wait", () => debounce({ wait: bad }), /above 0 and up to/);
    rejects("throttle.interval", () => throttle({ interval: bad }), /above 0 and up to/);
    rejects("rateLimit.rate", () => rateLimit({ rate: bad }), /above 0 and up to 1000000/);
  }
  rejects("debounce.maxWait", () => debounce({ wait: 10, maxWait: 9 }), /from 10/);
  rejects("debounce.leading", () => debounce({ wait: 10, trailing: false }), /nothing is ever sent/);
  rejects("throttle.leading", () => throttle({ interval: 1, leading: false, trailing: false }));
  rejects("throttle.trailing", () => throttle({ interval: 1, trailing: 1 }), /boolean/);
  rejects("conflate.merge", () => conflate({ merge: 1 }));
  rejects("conflate.minInterval", () => conflate({ minInterval: -1 }));
  rejects("batch", () => batch({}));
  for (const name of ["maxItems", "maxBytes"]) rejects(`batch.${name}`, () => batch({ [name]: 0 }));
  rejects("batch.maxWait", () => batch({ maxWait: -1 }));
  rejects("rateLimit.burst", () => rateLimit({ rate: 1, burst: 0 }));
  rejects("rateLimit.overflow", () => rateLimit({ rate: 1, overflow: "wait" }), /conflate/);
  rejects("throttle.wait", () => throttle({ interval: 1, wait: 1 }));
  assert.deepEqual(debounce({ wait: 7 }), { kind: "debounce", wait: 7, maxWait: 35, leading: false, trailing: true });
  assert.deepEqual(throttle({ interval: 7 }), { kind: "throttle", interval: 7, leading: true, trailing: true });
  assert.deepEqual(rateLimit({ rate: 7 }), { kind: "rateLimit", rate: 7, burst: 1, overflow: "queue" });
  assert(Object.isFrozen(conflate()));
});

test("options of topics, sends, requests and close", async () => {
  const { conflate, rateLimit, throttle } = everwire;
  const c = connect(URL_OK, { WebSocket });
  const topic = c.topic("t");
  for (const [option, options] of Object.entries({
    lane: { lane: "fast" }, offline: { offline: "keep" }, order: { order: "none" }, overflow: { overflow: "x" }, ttl: { ttl: -1 },
    key: { key: "id" }, interval: { interval: 5 },
  })) rejects(option, () => c.topic("bad", options));
  for (const policy of ["throttle", {}, [conflate(), conflate()], [rateLimit({ rate: 1 }), rateLimit({ rate: 1 })], [throttle({ interval: 1 }), conflate()]]) {
    rejects("policy", () => c.topic("bad", { policy }));
  }
  rejects("name", () => c.topic(5));
  for (const send of [(options) => topic.send(1, options), (options) => c.send(1, options)]) {
    for (const [option, options] of Object.entries({
      lane: { lane: 1 }, offline: { offline: "x" }, ttl: { ttl: NaN }, id: { id: {} }, ack: { id: 1, ack: "yes" },
      resend: { id: 1, resend: 0 }, immediate: { immediate: 1 }, key: { key: NaN }, signal: { signal: 1 }, priority: { priority: 1 },
    })) rejects(option, () => send(options));
  }
  for (const options of [{ timeout: 0 }, { timeout: "1" }, { retries: 1 }, { signal: 5 }]) {
    await assert.rejects(c.request({}, options), { code: "invalid-option", option: Object.keys(options)[0] });
  }
  rejects("deadline", () => c.close({ deadline: -1 }));
  rejects("flush", () => c.close({ flush: 1 }));
  rejects("when", () => c.close({ when: 1 }));
  assert.equal(c.stats().accepted, 0);
  c.terminate();
});

test("the version is the package's", async () => {
  const { default: manifest } = await import("../../pkg/package.json", { with: { type: "json" } });
  assert.equal(everwire.version, manifest.version);
});
