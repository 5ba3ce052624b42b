// What is given up is gone: closed topics, requests that nobody waits for, closes that are called off, messages that wait
// behind one that is being read.

const LONG = { wait: 60_000, maxWait: 60_000 };

/** A codec that needs time for `{ slow }` until `ready(text)` or `broken(error)` is called for the oldest one. */
function slow() {
  const waits = [];
  return {
    encode: (value) => (value.slow === undefined ? JSON.stringify(value)
      : new Promise((resolve, reject) => waits.push({ resolve, reject }))),
    decode: (data) => data,
    ready: (text) => waits.shift().resolve(text),
    broken: (error) => waits.shift().reject(error),
  };
}

export default {
  async "a closed topic touches no other, also not one that took over its number"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const options = { policy: t.debounce(LONG) };
    const old = c.topic("a", options);
    old.send(1);
    old.send(1, { key: "k" });
    old.close();
    const topic = c.topic("b", options);
    const handles = [topic.send(2), topic.send(2, { key: "other" })];
    t.equal([old.pending, old.peek(), old.isPending("k"), old.peek("k")], [false, undefined, false, undefined]);
    for (const key of [undefined, "k"]) {
      old.cancel(key);
      await old.flush(key);
    }
    old.close();
    t.equal(handles.map((handle) => handle.status), ["paced", "paced"]);
  },

  async "closing a topic takes back what waits behind a message that is being read"(t) {
    const server = await t.server();
    const codec = slow();
    const c = await t.opened(server.url, { codec });
    const topic = c.topic("a");
    const handles = [topic.send({ slow: 1 }), topic.send({ n: 1 }), c.send({ n: 2 })];
    topic.close();
    t.equal(handles.map((handle) => handle.status), ["cancelled", "cancelled", handles[2].status]);
    codec.ready("gone");
    await handles[2].written;
    t.equal(await server.received(1), ['{"n":2}']);
  },

  async "requests that timed out or were aborted leave room for others"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url, { queue: { maxMessages: 3 } });
    for (const id of [undefined, "given"]) {
      for (let round = 0; round < 2; round++) {
        await Promise.all([1, 2, 3].map((n) =>
          t.fails("timeout", () => c.request({ n }, { timeout: 5, id: id && `${id}${round}${n}` }))));
      }
    }
    const aborter = new AbortController();
    const aborted = [1, 2, 3].map((n) => t.caught(() => c.request({ n }, { signal: aborter.signal, id: `abort${n}` })));
    await server.received(15);
    aborter.abort(new Error("enough"));
    t.equal((await Promise.all(aborted)).map((error) => error.message), ["enough", "enough", "enough"]);
    t.equal([c.stats().queued, c.stats().unknown, c.pending], [0, 15, false]);
    await server.mode({ answer: true });
    t.equal((await c.request({ last: 1 }, { id: "last" })).id, "last");
  },

  async "late replies are known for as many requests as the queue has room for"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url, { queue: { maxMessages: 2 } });
    const messages = t.record(c, "message");
    for (const id of ["a", "b", "c"]) await t.fails("timeout", () => c.request({}, { timeout: 5, id }));
    await t.when(t.next(c, "message", (message) => message === "end"), () => server.send('{"id":"c"}', '{"id":"b"}', '{"id":"a"}', '"end"'));
    t.equal(messages, [{ id: "a" }, "end"]);
  },

  async "a request that was given up is not sent again after a loss"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    const error = await t.fails("timeout", () => c.request({ pay: 1 }, { id: "p1", timeout: 5 }));
    t.ok(/may have taken effect/.test(error.message));
    await t.when(t.next(c, "state", (event) => event.to === "open"), () => server.cut());
    await c.send({ end: 1 }).written;
    t.equal(await server.received(2), ['{"pay":1,"id":"p1"}', '{"end":1}']);
    t.equal([c.stats().resent, c.stats().queued], [0, 0]);
  },

  async "a request that waits to be sent again says on giving up that it may have taken effect"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    const aborter = new AbortController();
    const reply = t.fails("timeout", () => c.request({ pay: 1 }, { id: "p1", timeout: 300 }));
    const aborted = t.caught(() => c.request({ pay: 2 }, { id: "p2", signal: aborter.signal }));
    await server.received(2);
    await t.when(t.next(c, "state", (event) => event.to === "waiting"), () => server.stop());
    aborter.abort(new Error("enough"));
    t.equal((await aborted).message, "enough");
    t.equal(c.stats().queued, 1);
    t.ok(/may have taken effect/.test((await reply).message));
    t.equal([c.stats().queued, c.pending], [0, false]);
    await server.listen();
    c.reconnect();
    await c.send({ end: 1 }).written;
    t.equal(await server.received(3), ['{"pay":1,"id":"p1"}', '{"pay":2,"id":"p2"}', '{"end":1}']);
  },

  async "a request can be tried again with the same id, and the late reply of the first is no message"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    const messages = t.record(c, "message");
    await t.fails("timeout", () => c.request({ n: 1 }, { id: "x", timeout: 5 }));
    const again = c.request({ n: 1 }, { id: "x" });
    await server.received(2);
    await server.send('{"id":"x","first":1}', '{"id":"x","second":1}', '"end"');
    t.equal((await again).first, 1);
    if (!messages.length) await t.next(c, "message");
    t.equal(messages, ["end"]);
  },

  async "reconnect calls a close off: its promise says so and everything is accepted again"(t) {
    const server = await t.server();
    const codec = slow();
    const c = await t.opened(server.url, { codec });
    c.topic("z", { policy: t.debounce(LONG) }).send({ n: 1 });
    const draining = t.fails("called-off", () => c.close());
    c.reconnect();
    await draining;
    await t.state(c, "open");
    const blob = c.send({ slow: 1 });
    codec.ready("read");
    t.equal((await blob.written).status, "written");

    await server.mode({ answer: false });
    c.send({ n: 2 }, { id: undefined, lane: "bulk" });
    const goodbye = t.fails("called-off", () => c.close({ flush: false }));
    t.equal(c.state, "closing");
    c.reconnect();
    await goodbye;
    await t.state(c, "open");
    t.equal((await c.send({ n: 3 }).written).status, "written");
    await c.close();
    t.equal(c.state, "closed");
    // Nobody awaits this one.
    c.reconnect();
    await t.state(c, "open");
    c.close();
    c.reconnect();
    await t.state(c, "open");
  },

  async "a close that was done is no close that was called off"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const off = c.on("state", ({ to }) => {
      if (to !== "closed") return;
      off();
      c.reconnect();
    });
    await c.close();
    await t.state(c, "open");
  },

  async "what waits behind a message that is being read does not outlive the connection"(t) {
    const server = await t.server();
    for (const end of [(c) => c.close({ flush: false }), (c) => c.terminate(), (c) => server.close(1008, "no")]) {
      const codec = slow();
      const c = await t.opened(server.url, { codec });
      const drops = t.record(c, "drop");
      const handles = [c.send({ slow: 1 }), c.send({ n: 1 })];
      const before = (await server.received()).length;
      await end(c);
      await t.state(c, "closed");
      t.equal(handles.map((handle) => handle.status), ["dropped", "dropped"]);
      t.equal(drops.map(({ reason }) => reason), ["close", "close"]);
      t.equal([c.pending, c.stats().queued], [false, 0]);
      c.reconnect();
      await t.state(c, "open");
      // The old queue of the lane ends while a new one has begun.
      const next = c.send({ slow: 2 });
      const last = c.send({ n: 2 });
      codec.ready("dead");
      codec.ready("alive");
      await Promise.all([next.written, last.written]);
      t.equal((await server.received(before + 2)).slice(before), ["alive", '{"n":2}']);
    }
  },

  async "close sends what can be sent and drops only what is still being read"(t) {
    const server = await t.server();
    const codec = slow();
    const c = await t.opened(server.url, { codec });
    const handles = [c.send({ slow: 1 }), c.send({ n: 1 })];
    await c.close();
    t.equal(handles.map((handle) => handle.status), ["dropped", "written"]);
    t.equal(await server.received(1), ['{"n":1}']);
  },

  async "what waits behind a message that is being read counts: bounds, stats, pending, flush, cancel"(t) {
    const server = await t.server();
    const codec = slow();
    const c = await t.opened(server.url, { codec, queue: { maxBytes: 20 } });
    const topic = c.topic("t", { policy: t.debounce(LONG), key: ({ key }) => key });
    const first = c.send({ slow: 1 });
    const held = topic.send({ key: 1 });
    t.equal([topic.pending, topic.isPending(1), topic.isPending(2), c.pending], [true, true, false, true]);
    t.equal([c.stats().queued, c.stats().queuedBytes], [2, '{"key":1}'.length]);
    await t.fails("too-large", () => topic.send({ key: "123456789012345678901" }));
    await t.fails("queue-full", () => topic.send({ key: "1234" }));
    topic.cancel(2);
    t.equal(held.status, "paced");
    let done = false;
    const flushed = topic.flush(1).then(() => (done = true));
    await null;
    t.equal(done, false);
    codec.ready("x");
    await flushed;
    t.equal([first.status, held.status], ["written", "written"]);
    c.send({ slow: 2 });
    const taken = topic.send({ key: 2 });
    topic.cancel(2);
    t.equal([taken.status, topic.pending, c.pending], ["cancelled", false, true]);
    c.cancel();
    t.equal([c.pending, c.stats().queued], [false, 0]);
    codec.broken(new Error("too late"));
    await c.send({ n: 1 }).written;
    t.equal(await server.received(3), ["x", '{"key":1}', '{"n":1}']);
  },

  async "what waits behind a message that is being read counts in number, too"(t) {
    const server = await t.server();
    const codec = slow();
    const c = await t.opened(server.url, { codec, queue: { maxMessages: 2 } });
    const handles = [c.send({ slow: 1 }), c.send({ n: 1 })];
    await t.fails("queue-full", () => c.send({ n: 2 }));
    codec.ready("x");
    await Promise.all(handles.map((handle) => handle.written));
    t.equal((await c.send({ n: 3 }).written).status, "written");
  },

  async "the bytes of a Blob count while it is being read"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { codec: t.bytes(), queue: { maxBytes: 20 } });
    const handle = c.send(new Blob([new Uint8Array(15)]));
    t.equal(c.stats().queuedBytes, 15);
    await t.fails("queue-full", () => c.send(new Blob([new Uint8Array(6)])));
    await t.fails("too-large", () => c.send(new Blob([new Uint8Array(21)])));
    await handle.written;
    t.equal((await c.send(new Blob([new Uint8Array(6)])).written).status, "written");
  },

  async "a time to live runs while a message waits behind one that is being read"(t) {
    const server = await t.server();
    const codec = slow();
    const c = await t.opened(server.url, { codec });
    const handles = [
      c.send({ slow: 1 }), c.send({ n: 1 }, { ttl: 5 }), c.topic("short", { ttl: 5 }).send({ n: 2 }), c.send({ n: 3 }, { ttl: 60_000 }),
    ];
    const began = performance.now();
    while (performance.now() - began < 6);
    codec.ready("x");
    await handles[3].written;
    t.equal(handles.map((handle) => handle.status), ["written", "expired", "expired", "written"]);
    t.equal(await server.received(2), ["x", '{"n":3}']);
  },

  async "an aborted signal keeps the connection closed"(t) {
    const server = await t.server();
    const aborter = new AbortController();
    const c = await t.opened(server.url, { signal: aborter.signal });
    aborter.abort();
    c.reconnect();
    t.equal(c.state, "closed");
    const late = t.connect(server.url, { signal: AbortSignal.abort() });
    late.reconnect();
    t.equal(late.state, "closed");
    t.equal((await server.opened()).length, 1);
  },

  async "a topic is refused with another key or merge, and takes over equal options"(t) {
    const server = await t.server();
    const c = t.connect(server.url);
    const merge = (older, newer) => older + newer;
    const topic = c.topic("m", { policy: t.conflate({ merge }), key: () => "a" });
    for (const other of [
      { policy: t.conflate(), key: () => "a" },
      { policy: t.conflate({ merge }) },
      { policy: t.conflate() },
    ]) await t.fails("invalid-option", () => c.topic("m", other));
    t.ok(c.topic("m") === topic);
    topic.send(2);
    t.ok(c.topic("m", { policy: t.conflate({ merge: (older, newer) => older * newer }), key: () => "a" }) === topic);
    topic.send(3);
    t.equal(topic.peek("a"), 6);
    c.topic("m", { policy: t.conflate({ merge }), key: () => "b" }).send(1);
    t.equal([topic.peek("a"), topic.peek("b")], [6, 1]);
  },

  async "sends of the connection with and without a merge do not meet"(t) {
    const server = await t.server();
    const c = t.connect(server.url);
    const handles = [
      c.send(1, { policy: t.conflate({ merge: (a, b) => a + b }) }),
      c.send(5, { policy: t.conflate() }),
      c.send(2, { policy: t.conflate({ merge: (a, b) => a + b }) }),
    ];
    t.equal(handles.map((handle) => handle.status === "superseded"), [true, false, false]);
    await handles[2].written;
    t.equal((await server.received(2)).sort(), ["3", "5"]);
  },

  async "a listener that was unsubscribed is not called any more, also in the same delivery"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const called = [];
    c.on("message", () => {
      called.push("first");
      off();
      aborter.abort();
    });
    const off = c.on("message", () => called.push("second"));
    const aborter = new AbortController();
    c.on("message", () => called.push("third"), { signal: aborter.signal });
    const last = t.next(c, "message");
    await server.send('"hello"');
    await last;
    t.equal(called, ["first"]);
  },
};
