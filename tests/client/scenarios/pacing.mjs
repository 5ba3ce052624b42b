// Policies through the whole package; their timing rules are tested on a virtual clock in crates/core.

/** What the server received, as values. */
const values = async (server, count) => (await server.received(count)).map((message) => JSON.parse(message));

export default {
  async "throttle sends the first, then the latest, and reports what was replaced"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const topic = c.topic("t", { policy: t.throttle({ interval: 30 }) });
    const began = performance.now();
    const handles = [1, 2, 3].map((n) => topic.send(n));
    t.equal(handles.map((handle) => handle.status), ["written", "superseded", "paced"]);
    t.equal([topic.pending, topic.peek()], [true, 3]);
    const result = await handles[1].written;
    t.equal([result.status, result.by === handles[2], result.merged], ["superseded", true, false]);
    await handles[2].written;
    t.ok(performance.now() - began >= 29, "the second came too early");
    t.equal(await values(server, 2), [1, 3]);
    t.equal([topic.pending, topic.peek()], [false, undefined]);
  },

  async "throttle without a leading or a trailing edge"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const late = c.topic("late", { policy: t.throttle({ interval: 20, leading: false }) });
    t.equal(late.send(1).status, "paced");
    await late.send(2).written;
    const first = c.topic("first", { policy: t.throttle({ interval: 60_000, trailing: false }) });
    const drops = t.record(c, "drop");
    t.equal([first.send(3), first.send(4)].map((handle) => handle.status), ["written", "dropped"]);
    t.equal([drops[0].reason, drops[0].topic], ["policy", "first"]);
    t.equal(await values(server, 2), [2, 3]);
  },

  async "debounce waits for quiet, but not longer than maxWait"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const quiet = c.topic("quiet", { policy: t.debounce({ wait: 20 }) });
    const handles = [1, 2].map((n) => quiet.send(n));
    t.equal(handles.map((handle) => handle.status), ["superseded", "paced"]);
    await handles[1].written;
    const leading = c.topic("leading", { policy: t.debounce({ wait: 60_000, leading: true }) });
    t.equal([leading.send(3).status, leading.pending], ["written", false]);
    const busy = c.topic("busy", { policy: t.debounce({ wait: 50, maxWait: 60 }) });
    let sends = 0;
    await new Promise((resolve) => {
      const again = () => {
        if (c.stats().written > 2) resolve();
        else {
          busy.send(100 + sends++);
          setTimeout(again, 5);
        }
      };
      again();
    });
    t.equal((await values(server, 3)).slice(0, 2), [2, 3]);
  },

  async "keys are slots of their own, from the topic's function or the call"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const topic = c.topic("pos", { policy: t.throttle({ interval: 60_000, leading: false }), key: (value) => value.id });
    const handles = [topic.send({ id: "a", n: 1 }), topic.send({ id: "b", n: 2 }), topic.send({ id: "a", n: 3 }), topic.send({ id: "b", n: 4 }, { key: 5 })];
    t.equal(handles.map((handle) => handle.status), ["superseded", "paced", "paced", "paced"]);
    t.equal([topic.peek("a").n, topic.peek("b").n, topic.peek(5).n, topic.peek("c")], [3, 2, 4, undefined]);
    t.equal([topic.isPending("a"), topic.isPending("c")], [true, false]);
    topic.cancel("b");
    t.equal([handles[1].status, topic.isPending("b"), topic.pending], ["cancelled", false, true]);
    await topic.flush("a");
    t.equal([handles[2].status, handles[3].status], ["written", "paced"]);
    await topic.flush();
    t.equal((await values(server, 2)).map((value) => value.n), [3, 4]);
    topic.cancel();
    t.equal(topic.pending, false);
    await t.fails("invalid-option", () => topic.send({ id: {} }));
  },

  async "keys that fell quiet are forgotten and may come back"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const topic = c.topic("many", { policy: t.conflate() });
    for (let round = 0; round < 3; round++) {
      for (let key = 0; key < 50; key++) await topic.send({ round, key }, { key }).written;
    }
    const received = await values(server, 150);
    t.equal(received.map(({ round, key }) => round * 50 + key), [...Array(150).keys()]);
  },

  async "conflate keeps the place and the latest value"(t) {
    const server = await t.server();
    await server.stop();
    const c = t.connect(server.url);
    await t.state(c, "waiting");
    const topic = c.topic("state", { policy: t.conflate(), key: (value) => value.k });
    for (const [k, v] of [["a", 1], ["b", 1], ["a", 2]]) topic.send({ k, v });
    await server.listen();
    c.reconnect();
    t.equal(await values(server, 2), [{ k: "a", v: 2 }, { k: "b", v: 1 }]);
  },

  async "conflate merges, and reports the absorbed as merged"(t) {
    const server = await t.server();
    await server.stop();
    const c = t.connect(server.url);
    await t.state(c, "waiting");
    const likes = c.topic("likes", { policy: t.conflate({ merge: (older, newer) => ({ likes: older.likes + newer.likes }) }) });
    const handles = [1, 2, 4].map((n) => likes.send({ likes: n }));
    t.equal(likes.peek(), { likes: 7 });
    const result = await handles[0].acked;
    t.equal([result.status, result.merged, result.by === handles[1]], ["superseded", true, true]);
    await server.listen();
    c.reconnect();
    t.equal(await values(server, 1), [{ likes: 7 }]);
  },

  async "what is sent at once is not merged with the value it does not replace"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const likes = c.topic("likes", { policy: t.conflate({ minInterval: 60_000, merge: (older, newer) => older + newer }) });
    likes.send(1);
    likes.send(2);
    likes.send(4, { immediate: true });
    t.equal(await values(server, 3), [1, 2, 4]);
  },

  async "a merge that throws refuses that call and leaves the pending value"(t) {
    const server = await t.server();
    await server.stop();
    const c = t.connect(server.url);
    await t.state(c, "waiting");
    const topic = c.topic("m", { policy: t.conflate({ merge: () => { throw new Error("bad merge"); } }) });
    const handle = topic.send(1);
    const error = await t.fails("merge", () => topic.send(2));
    t.equal([error.cause.message, handle.status, topic.peek()], ["bad merge", handle.status, 1]);
    await server.listen();
    c.reconnect();
    t.equal(await values(server, 1), [1]);
  },

  async "batch puts messages into one array, by count or by time, and they end together"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const topic = c.topic("log", { policy: t.batch({ maxItems: 3, maxWait: 20 }) });
    const handles = [1, 2, 3, 4].map((n) => topic.send({ n }));
    t.equal(handles.map((handle) => handle.status), ["written", "written", "written", "paced"]);
    await handles[3].written;
    t.equal(await values(server, 2), [[{ n: 1 }, { n: 2 }, { n: 3 }], [{ n: 4 }]]);
    const small = c.topic("small", { policy: t.batch({ maxBytes: 20 }) });
    ["aaaaaaaa", "bbbbbbbb", "cccccccccccccccccccccccccccc"].forEach((text) => small.send(text));
    await small.flush();
    t.ok((await server.received(4)).flatMap((text) => JSON.parse(text)).includes("cccccccccccccccccccccccccccc"));
  },

  async "batch of a codec without a container is refused"(t) {
    const server = await t.server();
    for (const codec of [t.text(), t.bytes()]) {
      const c = t.connect(server.url, { codec });
      const error = await t.fails("invalid-option", () => c.topic("b", { policy: t.batch({ maxItems: 2 }) }));
      t.equal(error.option, "policy");
      await t.fails("invalid-option", () => c.send("x", { policy: t.batch({ maxItems: 2 }) }));
    }
  },

  async "rateLimit alone, with a pace, and on the connection"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { rate: t.rateLimit({ rate: 100, burst: 3 }) });
    const alone = c.topic("alone", { policy: t.rateLimit({ rate: 0.001, burst: 1, overflow: "reject" }) });
    alone.send(1);
    await t.fails("rate-limited", () => alone.send(2));
    const dropping = c.topic("dropping", { policy: t.rateLimit({ rate: 0.001, overflow: "drop-newest" }) });
    dropping.send(3);
    t.equal(await dropping.send(4).acked, { status: "dropped", reason: "rate" });
    const oldest = c.topic("oldest", { policy: t.rateLimit({ rate: 0.001, overflow: "drop-oldest" }) });
    oldest.send(5);
    const [first, second] = [oldest.send(6), oldest.send(7)];
    t.equal([first.status, second.status], ["dropped", "paced"]);
    const stacked = c.topic("stacked", { policy: [t.throttle({ interval: 1 }), t.rateLimit({ rate: 0.001, overflow: "conflate" })] });
    stacked.send(8);
    const began = performance.now();
    for (let n = 0; n < 5; n++) c.send(100 + n);
    await server.received(9);
    t.ok(performance.now() - began >= 45, "the connection's limit did not hold");
  },

  async "sends of the connection with equal policies share a slot"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const options = () => ({ policy: t.debounce({ wait: 60_000, maxWait: 60_000 }), key: "k" });
    const [old, latest] = [c.send(1, options()), c.send(2, options())];
    const other = c.send(3, { ...options(), key: "other" });
    t.equal([old, latest, other].map((handle) => handle.status), ["superseded", "paced", "paced"]);
    t.equal(c.pending, true);
    await c.flush();
    t.equal([...(await values(server, 2))].sort(), [2, 3]);
    c.send(4, options());
    c.cancel();
    t.equal(c.pending, false);
    t.equal(c.stats().cancelled, 1);
  },

  async "an immediate send flushes, ignores or cancels the pending values of its topic"(t) {
    const policy = t.debounce({ wait: 60_000, maxWait: 60_000 });
    for (const [order, status, sent] of [
      ["flush-before", "written", ["cursor", "drop"]],
      [undefined, "written", ["cursor", "drop"]],
      ["independent", "paced", ["drop"]],
      ["supersede", "cancelled", ["drop"]],
    ]) {
      const server = await t.server();
      const c = await t.opened(server.url);
      const topic = c.topic("cursor", order ? { policy, order } : { policy });
      const pending = topic.send("cursor", { key: 1 });
      topic.send("drop", { key: 2, immediate: true });
      t.equal(pending.status, status, order);
      t.equal(await values(server, sent.length), sent, order);
    }
  },

  async "a topic is the same for its name; other options are refused until it is closed"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const options = () => ({ policy: t.throttle({ interval: 60_000, leading: false }), key: (value) => value });
    const topic = c.topic("x", options());
    t.ok(c.topic("x") === topic && c.topic("x", options()) === topic);
    t.equal(topic.name, "x");
    await t.fails("invalid-option", () => c.topic("x", { policy: t.conflate() }));
    const handle = topic.send(1);
    topic.close();
    t.equal(handle.status, "cancelled");
    await t.fails("closed", () => topic.send(2));
    t.ok(c.topic("x", { policy: t.conflate() }) !== topic);
  },
};
