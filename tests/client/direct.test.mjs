// Messages that are written without the core: only where it would do no more with them, and counted as if it had. The sizes
// of texts, which are counted on the way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { batch, connect, immediate, rateLimit, text, throttle } from "../../pkg/dist/client.js";
import { fakeSocketClass } from "./support/fake-socket.mjs";

const HIGH_WATER = 64 * 1024;
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function opened(t, options) {
  const Socket = fakeSocketClass();
  const connection = connect("ws://127.0.0.1:9", { WebSocket: Socket, codec: text(), ...options });
  t.after(() => connection.terminate());
  await turn();
  Socket.last.open();
  return { connection, socket: Socket.last };
}

test("a message to an open, empty connection is written before the call returns, and counted", async (t) => {
  const { connection, socket } = await opened(t);
  const plain = connection.send("가");
  const own = connection.topic("a", { policy: immediate(), key: (value) => value, lane: "bulk" }).send("b");
  const unnamed = connection.send("c", { policy: immediate() });
  assert.deepEqual(socket.sent, ["가", "b", "c"]);
  for (const handle of [plain, own, unnamed]) {
    assert.deepEqual([handle.status, await handle.written, await handle.acked], ["written", { status: "written" }, { status: "written" }]);
    assert.equal(handle.cancel(), false);
  }
  const { accepted, written, queued, bytesSent, dropped } = connection.stats();
  assert.deepEqual({ accepted, written, queued, bytesSent, dropped }, { accepted: 3, written: 3, queued: 0, bytesSent: 5, dropped: 0 });
});

test("nothing overtakes what waits for the socket's buffer", async (t) => {
  const { connection, socket } = await opened(t);
  socket.bufferedAmount = HIGH_WATER - 1;
  connection.send("1");
  socket.bufferedAmount = HIGH_WATER;
  const waiting = connection.send("2");
  assert.deepEqual([socket.sent, waiting.status], [["1"], "queued"]);
  socket.bufferedAmount = 0;
  connection.send("3");
  assert.deepEqual(socket.sent, ["1", "2", "3"]);
  assert.equal(connection.stats().written, 3);
});

test("an open connection still refuses what is larger than its queue", async (t) => {
  const { connection, socket } = await opened(t, { queue: { maxBytes: 4 } });
  connection.send("1234");
  assert.throws(() => connection.send("12345"), { code: "too-large" });
  assert.throws(() => connection.send("가나"), { code: "too-large" });
  assert.deepEqual([socket.sent, connection.stats().accepted], [["1234"], 1]);
});

test("a time to live of 0 is over before the write", async (t) => {
  const { connection, socket } = await opened(t);
  const mine = connection.send("a", { ttl: 0 });
  const topic = connection.topic("t", { ttl: 0 }).send("b");
  assert.deepEqual([await mine.written, await topic.written, socket.sent], [{ status: "expired" }, { status: "expired" }, []]);
  connection.send("c", { ttl: 1_000 });
  assert.deepEqual(socket.sent, ["c"]);
});

test("limits hold also while nothing waits", async (t) => {
  const limit = rateLimit({ rate: 1, burst: 1 });
  const { connection, socket } = await opened(t, { rate: limit });
  connection.send("1");
  assert.equal(connection.send("2").status, "queued");
  assert.deepEqual(socket.sent, ["1"]);

  const other = await opened(t);
  const topic = other.connection.topic("limited", { policy: [immediate(), limit] });
  topic.send("1");
  assert.notEqual(topic.send("2").status, "written");
  assert.deepEqual(other.socket.sent, ["1"]);
});

test("a batch and a paced value stay with the core", async (t) => {
  const { connection, socket } = await opened(t, { codec: undefined });
  const collected = connection.topic("batch", { policy: batch({ maxItems: 10, maxWait: 60_000 }) }).send(1);
  const paced = connection.topic("paced", { policy: throttle({ interval: 60_000, leading: false }) }).send(2);
  connection.send(3);
  assert.deepEqual([collected.status, paced.status, socket.sent], ["paced", "paced", ["3"]]);
  assert.deepEqual([connection.stats().queued, connection.stats().written], [2, 1]);
});

test("a socket that fails is asked once, and the message is told with its data", async (t) => {
  const { connection, socket } = await opened(t);
  const drops = [];
  connection.on("drop", ({ handle, status, reason, data }) => drops.push([handle, status, reason, data]));
  let asked = 0;
  socket.send = () => {
    asked++;
    throw new Error("after all");
  };
  const handle = connection.send("lost");
  assert.deepEqual(await handle.written, { status: "dropped", reason: "refused" });
  assert.equal(asked, 1);
  assert.deepEqual(drops, [[handle, "dropped", "refused", "lost"]]);
  const { accepted, written, dropped, bytesSent } = connection.stats();
  assert.deepEqual({ accepted, written, dropped, bytesSent }, { accepted: 1, written: 0, dropped: 1, bytesSent: 0 });
});

test("after a loss messages wait again, and after the next open they go out first", async (t) => {
  const { connection, socket } = await opened(t, { reconnect: { minDelay: 60_000 } });
  connection.send("1");
  socket.lose();
  const waiting = connection.send("2");
  assert.equal(waiting.status, "queued");
  connection.reconnect();
  await turn();
  const next = socket.constructor.last;
  next.open();
  connection.send("3");
  assert.deepEqual([socket.sent, next.sent, connection.stats().written], [["1"], ["2", "3"], 3]);
  void connection.close();
  assert.throws(() => connection.send("4"), { code: "closed" });
});

test("messages are told in order, also one that comes while a listener runs", async (t) => {
  const { connection, socket } = await opened(t);
  const told = [];
  connection.on("message", (message) => {
    told.push(`first ${message}`);
    if (message === "a") socket.receive("b");
  });
  connection.on("message", (message) => told.push(`second ${message}`));
  socket.receive("a");
  socket.receive("c");
  assert.deepEqual(told, ["first a", "second a", "first b", "second b", "first c", "second c"]);
});

test("an event that a listener causes is told after the message, also if a listener throws", async (t) => {
  const { connection, socket } = await opened(t);
  const told = [];
  t.mock.method(console, "error", (error) => told.push(error.message));
  connection.on("drop", ({ data }) => told.push(`drop ${data}`));
  socket.refuse = true;
  connection.on("message", () => {
    connection.send("late");
    throw new Error("listener");
  });
  connection.on("message", (message) => told.push(message));
  socket.receive("m");
  socket.receive("n");
  assert.deepEqual(told, ["listener", "m", "drop late", "listener", "n", "drop late"]);
});

test("the clock of the page that a given class is of does not count", async (t) => {
  const { connection, socket } = await opened(t, { heartbeat: { interval: 20, timeout: 20, ping: () => "ping" } });
  const lost = new Promise((resolve) => connection.on("state", ({ from, cause }) => from === "open" && resolve(cause)));
  const event = Object.assign(new Event("message"), { data: "x" });
  socket.dispatchEvent(Object.defineProperty(event, "timeStamp", { value: 1e9 }));
  assert.equal(await lost, "dead");
});

test("text is counted in UTF-8 bytes, whatever its letters and length", async (t) => {
  const { connection, socket } = await opened(t, { queue: { maxBytes: 1 << 24 } });
  const letters = ["a", "é", "ß", "\u07ff", "\u0800", "가", "\u{1f600}", "\ud800", "\udc00", "\ud800a", "\ufeff", "\0", "\x7f", "\x80", "\uffff"];
  const texts = [""];
  for (const length of [1, 127, 128, 255, 256, 257, 16_383, 16_384, 16_385, 40_000]) {
    for (const letter of letters) {
      texts.push(letter.repeat(length), "x".repeat(length) + letter, `é${letter.repeat(length)}`, letter + "x".repeat(length), `é${"x".repeat(length)}${letter}`);
    }
  }
  let [sent, received] = [0, 0];
  for (const text of texts) {
    connection.send(text);
    socket.receive(text);
    const stats = connection.stats();
    const [out, inwards] = [stats.bytesSent - sent, stats.bytesReceived - received];
    const label = `${JSON.stringify(text.slice(0, 3))} and so on, ${text.length} units`;
    assert.deepEqual([out, inwards], [Buffer.byteLength(text), Buffer.byteLength(text)], label);
    [sent, received] = [stats.bytesSent, stats.bytesReceived];
  }
});
