// The host against a socket whose every move is scripted: back-pressure, stale sockets, refusals, leaks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fakeSocketClass } from "./support/fake-socket.mjs";

// Sees which numbers the module gives to connections.
const numbers = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = function (module) {
  const { create, ...others } = new Instance(module).exports;
  return { exports: { ...others, create: () => numbers[numbers.push(create()) - 1] } };
};
const { connect, conflate } = await import("../../pkg/dist/client.js");

const HIGH_WATER = 64 * 1024;
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function opened(options) {
  const Socket = fakeSocketClass();
  const connection = connect("ws://127.0.0.1:9", { WebSocket: Socket, reconnect: { minDelay: 1, firstSpread: 0, jitter: "none" }, ...options });
  await turn();
  Socket.last.open();
  return { Socket, connection, socket: Socket.last };
}

/** Resolves with the next event that fits. */
const next = (connection, event, fits = () => true) =>
  new Promise((resolve) => connection.on(event, (payload) => fits(payload) && resolve(payload)));

test("a full socket buffer holds writes back, a slot still takes newer values, and draining goes on by itself", async () => {
  const { connection, socket } = await opened();
  socket.bufferedAmount = HIGH_WATER + 1;
  const topic = connection.topic("state", { policy: conflate() });
  const old = topic.send(1);
  const latest = topic.send(2);
  const queued = connection.send("queued");
  assert.deepEqual([socket.sent, old.status, latest.status, queued.status], [[], "superseded", "queued", "queued"]);
  assert.equal(connection.stats().bufferedAmount, HIGH_WATER + 1);
  socket.bufferedAmount = 0;
  await latest.written;
  await queued.written;
  assert.deepEqual(socket.sent, ["2", '"queued"']);
  connection.terminate();
});

test("what was written in one turn counts as buffered", async () => {
  const { connection, socket } = await opened({ queue: { maxBytes: 1 << 24 } });
  // The fake never reports what it buffers, so only the host's own count can stop the burst.
  connection.reconnect();
  const big = "x".repeat(40_000);
  for (let n = 0; n < 4; n++) connection.send(big + n);
  await turn();
  const second = socket.constructor.last;
  second.open();
  assert.equal(second.sent.length, 2);
  connection.terminate();
});

test("what an abandoned socket still says goes nowhere", async () => {
  const { Socket, connection, socket } = await opened();
  const messages = [];
  connection.on("message", (message) => messages.push(message));
  connection.reconnect();
  await turn();
  assert.equal(Socket.made.length, 2);
  assert.deepEqual(socket.closedWith, [undefined, undefined]);
  Socket.last.open();
  socket.receive("1");
  socket.lose();
  Socket.last.receive("2");
  assert.deepEqual([messages, connection.state], [[2], "open"]);
  connection.terminate();
});

test("a send that the socket refuses is dropped and said so", async () => {
  const { connection, socket } = await opened();
  const drop = next(connection, "drop");
  socket.refuse = true;
  const handle = connection.send(1);
  assert.deepEqual(await handle.written, { status: "dropped", reason: "refused" });
  assert.equal((await drop).handle, handle);
  connection.terminate();
});

test("nothing is handed to a socket that is already closing", async () => {
  const { connection, socket } = await opened();
  socket.readyState = 2;
  const handle = connection.send(1, { id: undefined });
  assert.notEqual(handle.status, "written");
  assert.deepEqual(socket.sent, []);
  connection.terminate();
});

test("a socket class that throws is retried and its error told", async () => {
  let attempts = 0;
  const Socket = fakeSocketClass();
  class Picky extends Socket {
    constructor(url) {
      if (++attempts === 1) throw new Error("blocked");
      super(url);
    }
  }
  const connection = connect("ws://127.0.0.1:9", { WebSocket: Picky, reconnect: { minDelay: 1, firstSpread: 0, jitter: "none" } });
  const error = await next(connection, "error");
  assert.deepEqual([error.code, error.cause.message], ["dial", "blocked"]);
  await next(connection, "state", (event) => event.to === "connecting");
  await turn();
  assert.equal(attempts, 2);
  connection.terminate();
});

test("thousands of reconnects leave no socket listened to and no timer", async () => {
  const { Socket, connection } = await opened();
  for (let n = 0; n < 2_000; n++) {
    connection.send(n);
    connection.reconnect();
    await turn();
    Socket.last.open();
  }
  connection.terminate();
  assert.equal(Socket.made.length, 2_001);
  assert.equal(connection.stats().queued, 0);
  assert(Socket.made.every((socket) => socket.closedWith), "a socket was left open");
  assert.equal(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length, 0);
});

/** A signal that counts who listens to it. */
function countedSignal() {
  const signal = new AbortController().signal;
  signal.count = 0;
  for (const [method, step] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    signal[method] = function (...args) {
      this.count += step;
      return EventTarget.prototype[method].apply(this, args);
    };
  }
  return signal;
}

test("a signal is left alone once there is nothing to abort, and a timer once there is nothing to wait for", async () => {
  const [ofConnection, ofSend, ofListener] = [countedSignal(), countedSignal(), countedSignal()];
  const { connection, socket } = await opened({ signal: ofConnection });
  socket.bufferedAmount = HIGH_WATER + 1;
  connection.on("message", () => {}, { signal: ofListener })();
  const handle = connection.send(1, { signal: ofSend });
  assert.deepEqual([ofConnection.count, ofSend.count, ofListener.count], [1, 1, 0]);
  handle.cancel();
  socket.bufferedAmount = 0;
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const [ofRequest, before] = [countedSignal(), timers()];
  const reply = connection.request({}, { id: 1, signal: ofRequest });
  assert.deepEqual([ofRequest.count, timers() > before], [1, true]);
  socket.receive('{"id":1}');
  await reply;
  connection.terminate();
  assert.deepEqual([ofConnection.count, ofSend.count, ofRequest.count, timers()], [0, 0, 0, 0]);
});

test("a key that comes back after a quiet time does not share the slot of another", async (t) => {
  const { connection, socket } = await opened();
  const topic = connection.topic("state", { policy: conflate() });
  for (const key of ["a", "b", "c"]) topic.send(key, { key });
  assert.deepEqual(socket.sent, ['"a"', '"b"', '"c"']);
  // The core forgets slots that were quiet for a while, at the next call, and gives their numbers to other keys.
  const { now } = performance;
  t.after(() => (performance.now = now));
  performance.now = () => now.call(performance) + 3_600_000;
  topic.send("d", { key: "d" });
  socket.bufferedAmount = HIGH_WATER + 1;
  const handles = ["c", "b", "a"].map((key) => topic.send(key, { key }));
  assert.deepEqual(handles.map((handle) => handle.status), ["queued", "queued", "queued"]);
  connection.terminate();
});

test("a wait for the write that begins after a loss ends with the signal", async () => {
  const { connection, socket } = await opened();
  const aborter = new AbortController();
  const handle = connection.send({}, { id: 1, signal: aborter.signal });
  socket.lose();
  const { written } = handle;
  aborter.abort(new Error("enough"));
  await assert.rejects(written, { message: "enough" });
  connection.terminate();
});

test("the id of a send that was refused is free again", async () => {
  const connection = connect("ws://127.0.0.1:9", { WebSocket: fakeSocketClass() });
  for (let n = 0; n < 2; n++) assert.throws(() => connection.send({}, { id: 1, offline: "reject" }), { code: "offline" });
  connection.terminate();
});

test("an iterator that was left receives nothing more", async () => {
  const { connection, socket } = await opened();
  const iterator = connection[Symbol.asyncIterator]();
  await iterator.return();
  socket.receive("1");
  assert.deepEqual(await iterator.next(), { value: undefined, done: true });
  connection.terminate();
});

test("connections that ended and are not referenced any more free their part of the module", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const used = new Set(numbers);
  for (let n = 0; n < 200; n++) {
    const connection = connect("ws://127.0.0.1:9", { WebSocket: fakeSocketClass(), reconnect: { retryOn: () => connection.url !== "" } });
    connection.terminate();
    await turn();
    if (n % 20 === 19) {
      collect();
      await turn();
    }
  }
  const more = new Set(numbers).size - used.size;
  assert(more <= 40, `${more} of 200 were not reused`);
});
