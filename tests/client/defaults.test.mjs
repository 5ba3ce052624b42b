// The numbers of options and policies on a virtual clock, and what holds when an option is not given.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { batch, conflate, connect, debounce, rateLimit, text, throttle } from "../../pkg/dist/client.js";
import { virtualTime } from "../support/virtual-time.js";
import { fakeSocketClass } from "./support/fake-socket.mjs";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const STEADY = { jitter: "none", firstSpread: 0 };
let time;
let connections;

beforeEach(() => {
  time = virtualTime();
  connections = [];
});
afterEach(() => {
  for (const connection of connections) connection.terminate();
  time.restore();
});

/** A connection that dials; `waits` are its state events to `waiting`. */
async function dialling(options) {
  const Socket = fakeSocketClass();
  const connection = connect("ws://127.0.0.1:9", { WebSocket: Socket, ...options });
  connections.push(connection);
  const waits = [];
  connection.on("state", (event) => event.to === "waiting" && waits.push(event));
  await turn();
  return {
    Socket, connection, waits,
    /** Loses the link or the dial, and waits for the next one. */
    lose() {
      const lost = Socket.last;
      lost.lose();
      time.advance(waits.at(-1).delay);
      assert.notEqual(Socket.last, lost);
    },
  };
}

/** The first delays of many connections. */
async function firstDelays(reconnect) {
  const delays = [];
  for (let n = 0; n < 30; n++) {
    const { Socket, waits } = await dialling({ reconnect: { minDelay: 10_000, maxDelay: 10_000, ...reconnect } });
    Socket.last.lose();
    delays.push(waits[0].delay);
  }
  return delays;
}

test("delays are 1 s, doubled up to 10 s, for ever", async () => {
  const { lose, waits, connection } = await dialling({ reconnect: STEADY });
  for (let n = 0; n < 30; n++) lose();
  assert.deepEqual(waits.slice(0, 6).map(({ delay }) => delay), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  assert.equal(connection.state, "connecting");
});

test("a bound that is given moves the other one if it must", async () => {
  for (const [bound, delay] of [[{ maxDelay: 100 }, 100], [{ minDelay: 30_000 }, 30_000]]) {
    const { lose, waits } = await dialling({ reconnect: { ...STEADY, ...bound } });
    for (let n = 0; n < 3; n++) lose();
    assert.deepEqual(waits.map((wait) => wait.delay), [delay, delay, delay]);
  }
});

test("jitter takes away up to half of a delay", async () => {
  const delays = await firstDelays({ firstSpread: 0 });
  assert(delays.every((delay) => delay >= 5_000 && delay <= 10_000), String(delays));
  assert(new Set(delays).size > 10, String(delays));
});

test("the first redial comes within 2 s", async () => {
  const delays = await firstDelays();
  assert(delays.every((delay) => delay <= 2_000) && Math.max(...delays) > 1_000, String(delays));
});

test("a link is stable after 5 s", async () => {
  const { Socket, lose, waits } = await dialling({ reconnect: STEADY });
  lose();
  for (const uptime of [4_900, 5_100]) {
    Socket.last.open();
    time.advance(uptime);
    lose();
  }
  assert.deepEqual(waits.map(({ attempt }) => attempt), [1, 2, 1]);
});

test("a dial is given up after 10 s, or as told", async () => {
  for (const [connectTimeout, limit] of [[undefined, 10_000], [50, 50], [20_000, 20_000]]) {
    const { connection, waits } = await dialling({ reconnect: { connectTimeout } });
    time.advance(limit - 10);
    assert.equal(connection.state, "connecting");
    time.advance(20);
    assert.deepEqual([connection.state, waits[0].cause], ["waiting", "connect-timeout"]);
  }
});

test("a heartbeat pings after at most 20 s of silence and waits 2 s", async () => {
  for (const timeout of [undefined, "adaptive"]) {
    const { Socket, connection } = await dialling({ heartbeat: { ping: () => "ping", timeout } });
    const socket = Socket.last;
    socket.open();
    // Up to a fifth earlier, so that the clients of one broadcast do not ping in step.
    let silence = 0;
    for (; !socket.sent.length; silence += 10) time.advance(10);
    assert(silence > 15_990 && silence <= 20_010, `${silence} ms`);
    assert.deepEqual(socket.sent, ['"ping"']);
    time.advance(1_960);
    assert.equal(connection.state, "open");
    time.advance(40);
    assert.deepEqual([connection.state, Socket.made.length], ["connecting", 2]);
  }
});

test("the queue holds 1,000 messages and 1 MiB, and refuses more", async () => {
  const { connection } = await dialling();
  for (let n = 0; n < 1_000; n++) connection.send(n);
  assert.throws(() => connection.send(1_000), { code: "queue-full" });
  const { connection: large } = await dialling({ codec: text() });
  assert.throws(() => large.send("x".repeat((1 << 20) + 1)), { code: "too-large" });
  large.send("x".repeat(1 << 20));
  assert.throws(() => large.send("x"), { code: "queue-full" });
});

test("a loop may be 1,000 messages behind, then it ends with an error", async () => {
  const { Socket, connection } = await dialling();
  Socket.last.open();
  const iterator = connection[Symbol.asyncIterator]();
  for (let n = 0; n <= 1_000; n++) Socket.last.receive(String(n));
  for (let n = 0; n < 1_000; n++) assert.deepEqual(await iterator.next(), { value: n, done: false });
  await assert.rejects(iterator.next(), { code: "inbound-overflow" });
});

test("a request waits 10 s for its reply, or as told, or for ever", async () => {
  const { Socket, connection } = await dialling();
  Socket.last.open();
  const ends = [];
  connection.request({}, { timeout: 50 }).catch(({ code }) => ends.push(`${code} given`));
  time.advance(60);
  await turn();
  assert.deepEqual(ends.splice(0), ["timeout given"]);
  connection.request({}).catch(({ code }) => ends.push(code));
  const patient = connection.request({}, { timeout: Infinity, id: "patient" });
  time.advance(9_990);
  await turn();
  assert.deepEqual(ends, []);
  time.advance(20);
  await turn();
  assert.deepEqual(ends, ["timeout"]);
  time.advance(2 ** 32);
  Socket.last.receive('{"id":"patient","late":true}');
  assert.deepEqual(await patient, { id: "patient", late: true });
});

test("close waits 1 s for what can still be sent", async () => {
  const { connection } = await dialling();
  const handle = connection.send(1);
  connection.close();
  time.advance(990);
  assert.deepEqual([handle.status, connection.state], ["queued", "connecting"]);
  time.advance(20);
  assert.equal(handle.status, "dropped");
});

test("a topic is in the normal lane, a request in that of requests", async () => {
  const { Socket, connection } = await dialling();
  connection.topic("later").send("normal");
  for (const [id, lane] of [["bulk", "bulk"], ["rpc", undefined], ["control", "control"]]) connection.request({}, { id, lane }).catch(() => {});
  connection.send("rpc", { lane: "rpc" });
  Socket.last.open();
  time.advance(1_000);
  assert.deepEqual(Socket.last.sent, ['{"id":"control"}', '{"id":"rpc"}', '"rpc"', '"normal"', '{"id":"bulk"}']);
});

test("policies keep their times", async () => {
  for (const [policy, expected] of [
    // A value every 30 ms up to 390: each line is when something went out, and what.
    [debounce({ wait: 50, maxWait: 130 }), ["130 [4]", "280 [9]", "430 [13]"]],
    [debounce({ wait: 20, leading: true }), ["0 [0]", "30 [1]", "60 [2]", "90 [3]"]],
    [throttle({ interval: 100 }), ["0 [0]", "100 [3]", "200 [6]", "300 [9]", "400 [13]"]],
    [conflate({ minInterval: 150 }), ["0 [0]", "150 [4]", "300 [9]", "450 [13]"]],
    [batch({ maxWait: 80 }), ["80 [0,1,2]", "170 [3,4,5]", "260 [6,7,8]", "350 [9,10,11]", "440 [12,13]"]],
    [rateLimit({ rate: 10, burst: 3 }), ["0 [0]", "30 [1]", "60 [2]", "100 [3]", "200 [4]", "300 [5]", "400 [6]"]],
  ]) {
    const { Socket, connection } = await dialling();
    Socket.last.open();
    const { sent } = Socket.last;
    const topic = connection.topic("t", { policy });
    const log = [];
    for (let at = 0; at < 460; at += 10) {
      const before = sent.length;
      if (at) time.advance(10);
      if (at % 30 === 0 && at <= 390) topic.send(at / 30);
      for (const data of sent.slice(before)) log.push(`${at} ${JSON.stringify([JSON.parse(data)].flat())}`);
    }
    assert.deepEqual(log.slice(0, expected.length), expected, policy.kind);
    if (policy.kind !== "rateLimit" && !policy.leading) assert.equal(log.length, expected.length);
    connection.terminate();
  }
});
