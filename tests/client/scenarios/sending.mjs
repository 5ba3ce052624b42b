// What becomes of a send: statuses, acknowledgements, offline rules, bounds, lanes, signals.

/** A connection that dials a server which is not there yet; `go` starts it. */
async function offline(t, options) {
  const server = await t.server();
  await server.stop();
  const c = t.connect(server.url, options);
  await t.state(c, "waiting");
  return { server, c, go: async () => { await server.listen(); c.reconnect(); await t.state(c, "open"); } };
}

export default {
  async "a send is queued while dialling, written when open, once and in order"(t) {
    const server = await t.server();
    const c = t.connect(server.url);
    const handles = [1, 2, 3].map((n) => c.send({ n }));
    t.equal(handles.map((handle) => handle.status), ["queued", "queued", "queued"]);
    t.equal(c.pending, true);
    t.equal(await Promise.all(handles.map((handle) => handle.written)), Array(3).fill({ status: "written" }));
    t.equal(await server.received(3), ['{"n":1}', '{"n":2}', '{"n":3}']);
    t.equal([handles[0].status, handles[0].cancel(), c.pending], ["written", false, false]);
    t.equal(await handles[0].acked, { status: "written" });
  },

  async "the value is encoded at the call"(t) {
    const { server, c, go } = await offline(t);
    const value = { n: 1 };
    c.send(value);
    value.n = 2;
    await go();
    t.equal(await server.received(1), ['{"n":1}']);
  },

  async "a value without an encoding is refused at the call"(t) {
    const server = await t.server();
    const c = t.connect(server.url);
    const cycle = {};
    cycle.self = cycle;
    for (const value of [undefined, () => {}, 1n, cycle]) await t.fails("encode", () => c.send(value));
    t.equal(c.stats().accepted, 0);
  },

  async "an id is put into the message, and its echo acknowledges it"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const messages = t.record(c, "message");
    const handle = c.send({ order: 1 }, { id: "a1" });
    t.equal(await handle.written, { status: "written" });
    t.equal(handle.status, "written");
    t.equal(await handle.acked, { status: "acked", reply: { id: "a1" } });
    t.equal([handle.status, handle.id], ["acked", "a1"]);
    t.equal(await server.received(1), ['{"order":1,"id":"a1"}']);
    t.equal(messages, [{ id: "a1" }], "an acknowledgement is delivered as well");
  },

  async "a message with an id is sent again after a loss, and only until it is acknowledged"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    const handle = c.send({ post: 1 }, { id: "p1" });
    await server.received(1);
    await server.cut();
    await server.received(2);
    t.equal(c.stats().resent, 1);
    await server.send('{"id":"p1"}');
    t.equal((await handle.acked).status, "acked");
    const reopened = t.next(c, "state", (event) => event.to === "open");
    await server.cut();
    await reopened;
    await c.send({ end: 1 }).written;
    t.equal(await server.received(3), ['{"post":1,"id":"p1"}', '{"post":1,"id":"p1"}', '{"end":1}']);
  },

  async "written is told at the write, also of what awaits an acknowledgement, and those are bounded"(t) {
    const { server, c, go } = await offline(t, { queue: { maxMessages: 2 } });
    await server.mode({ answer: false });
    const written = [1, 2].map((id) => c.send({}, { id, resend: false }).written);
    await go();
    t.equal(await Promise.all(written), [{ status: "written" }, { status: "written" }]);
    await t.fails("queue-full", () => c.send({}, { id: 3, resend: false }));
    await c.send({ plain: 1 }).written;
    await t.when(t.next(c, "message"), () => server.send('{"id":1}'));
    t.equal((await c.send({}, { id: 3, resend: false }).written).status, "written");
  },

  async "without a resend a loss leaves a written message unknown"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    const handle = c.send({ pay: 1 }, { id: 7, resend: false });
    await server.received(1);
    await server.cut();
    t.equal(await handle.acked, { status: "unknown" });
    await t.state(c, "open");
    await c.send({ end: 1 }).written;
    t.equal(await server.received(2), ['{"pay":1,"id":7}', '{"end":1}']);
  },

  async "an id without an acknowledgement is only a tag"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const handle = c.send({}, { id: "x", ack: false });
    t.equal(await handle.acked, { status: "written" });
    t.equal(await server.received(1), ['{"id":"x"}']);
  },

  async "a refusal is no success"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const drops = t.record(c, "drop");
    const handle = c.send({ answer: { error: "no" } }, { id: 1 });
    t.equal(await handle.acked, { status: "dropped", reason: "refused", reply: { id: 1, error: "no" } });
    t.equal([handle.status, drops.length], ["dropped", 1]);
  },

  async "two messages cannot wait with the same id, and an acknowledgement needs an id"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = t.connect(server.url);
    c.send({}, { id: 1 });
    t.equal((await t.fails("invalid-option", () => c.send({}, { id: 1 }))).option, "id");
    t.equal((await t.fails("invalid-option", () => c.send({}, { ack: true }))).option, "id");
    t.equal((await t.fails("invalid-option", () => c.send("text", { id: 2 }))).option, "correlation.tag");
  },

  async "correlation options name the fields of other protocols"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, {
      correlation: {
        tag: (value, id) => ({ ref: id, body: value }),
        replyTo: (message) => message.ack,
        isError: (message) => message.bad === true,
      },
    });
    const good = c.send("a", { id: 1 });
    const bad = c.send("b", { id: 2 });
    t.equal(await server.received(2), ['{"ref":1,"body":"a"}', '{"ref":2,"body":"b"}']);
    await server.send('{"ack":1}', '{"ack":2,"bad":true}');
    t.equal([(await good.acked).status, (await bad.acked).status], ["acked", "dropped"]);
  },

  async "replyTo goes before id"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    const handle = c.send({}, { id: 1 });
    await server.received(1);
    await server.send('{"id":99,"replyTo":1}');
    t.equal((await handle.acked).status, "acked");
  },

  async "a time to live ends an unwritten message, and only that"(t) {
    const { server, c, go } = await offline(t);
    const drops = t.record(c, "drop");
    const short = c.send({ n: 1 }, { ttl: 20 });
    const long = c.send({ n: 2 }, { ttl: 60_000 });
    t.equal(await short.written, { status: "expired" });
    t.equal([drops.length, drops[0].status, drops[0].handle === short], [1, "expired", true]);
    await go();
    t.equal((await long.written).status, "written");
    t.equal(await server.received(1), ['{"n":2}']);
    const topic = c.topic("short", { ttl: 20 });
    await t.when(t.next(c, "state", (event) => event.to === "waiting"), () => server.stop());
    t.equal((await topic.send({}).written).status, "expired");
  },

  async "offline rules: queue, latest, drop, reject"(t) {
    const { server, c, go } = await offline(t);
    const queued = [1, 2].map((n) => c.send({ queue: n }, { offline: "queue" }));
    const topic = c.topic("latest", { offline: "latest" });
    const [old, latest] = [1, 2].map((n) => topic.send({ latest: n }));
    const dropped = c.send({ drop: 1 }, { offline: "drop" });
    t.equal(await dropped.acked, { status: "dropped", reason: "offline" });
    await t.fails("offline", () => c.send({ reject: 1 }, { offline: "reject" }));
    t.equal((await old.acked).status, "superseded");
    t.equal((await old.acked).by === latest, true);
    await go();
    await Promise.all([...queued, latest].map((handle) => handle.written));
    t.equal([...(await server.received(3))].sort(), ['{"latest":2}', '{"queue":1}', '{"queue":2}']);
    t.equal((await c.send({ reject: 2 }, { offline: "reject" }).written).status, "written");
  },

  async "paced values keep only the latest while offline"(t) {
    const { server, c, go } = await offline(t);
    const topic = c.topic("pos", { policy: t.throttle({ interval: 10 }), key: (value) => value.id });
    const handles = [["a", 1], ["b", 1], ["a", 2]].map(([id, n]) => topic.send({ id, n }));
    await go();
    await Promise.all(handles.map((handle) => handle.acked));
    t.equal(handles.map((handle) => handle.status), ["superseded", "written", "written"]);
    t.equal([...(await server.received(2))].sort(), ['{"id":"a","n":2}', '{"id":"b","n":1}']);
  },

  async "a full queue refuses, or drops the oldest or the newest, and says so"(t) {
    const queue = { maxMessages: 2 };
    const strict = await offline(t, { queue });
    strict.c.send(1);
    strict.c.send(2);
    await t.fails("queue-full", () => strict.c.send(3));
    t.equal(strict.c.stats().queued, 2);

    for (const [overflow, left] of [["drop-oldest", ["2", "3"]], ["drop-newest", ["1", "2"]]]) {
      const { server, c, go } = await offline(t, { queue: { ...queue, overflow } });
      const drops = t.record(c, "drop");
      const handles = [1, 2, 3].map((n) => c.send(n));
      t.equal(handles.filter((handle) => handle.status === "dropped").length, 1);
      t.equal(drops.map((drop) => drop.reason), ["overflow"]);
      await go();
      t.equal(await server.received(2), left);
    }
    const topic = strict.c.topic("mine", { overflow: "drop-newest" });
    t.equal((await topic.send(4).acked), { status: "dropped", reason: "overflow" });
  },

  async "bytes are bounded in UTF-8, and a message above the whole bound is refused"(t) {
    const { c } = await offline(t, { queue: { maxBytes: 20 }, codec: t.text() });
    await t.fails("too-large", () => c.send("가나다라마바사"));
    c.send("가나다라");
    t.equal(c.stats().queuedBytes, 12);
    await t.fails("queue-full", () => c.send("123456789"));
    c.send("12345678");
  },

  async "higher lanes go first, and bulk still gets its share"(t) {
    const { server, c, go } = await offline(t);
    for (let n = 0; n < 40; n++) c.send({ normal: n });
    c.send({ bulk: 1 }, { lane: "bulk" });
    c.topic("control", { lane: "control" }).send({ control: 1 });
    c.send({ rpc: 1 }, { lane: "rpc" });
    await go();
    const received = await server.received(43);
    t.equal(received.slice(0, 3), ['{"control":1}', '{"rpc":1}', '{"normal":0}']);
    t.ok(received.indexOf('{"bulk":1}') < 20, `bulk came as number ${received.indexOf('{"bulk":1}')}`);
  },

  async "cancel takes back what is unwritten"(t) {
    const { server, c, go } = await offline(t);
    const handle = c.send(1);
    c.send(2);
    t.equal([handle.cancel(), handle.status, handle.cancel()], [true, "cancelled", false]);
    t.equal(await handle.written, { status: "cancelled" });
    await go();
    t.equal(await server.received(1), ["2"]);
  },

  async "a signal cancels before the write; afterwards only the wait ends"(t) {
    const { server, c, go } = await offline(t);
    const before = new AbortController();
    const handle = c.send(1, { signal: before.signal });
    before.abort();
    t.equal([handle.status, c.send(1, { signal: before.signal }).status], ["cancelled", "cancelled"]);
    await go();
    await server.mode({ answer: false });
    const after = new AbortController();
    const written = c.send({}, { id: 1, signal: after.signal });
    await written.written;
    const wait = t.caught(() => written.acked);
    after.abort(new Error("enough"));
    t.equal([(await wait).message, written.status], ["enough", "written"]);
    t.equal((await t.caught(() => written.acked)).message, "enough");
    const later = c.send({}, { id: 2, signal: after.signal });
    t.equal(later.status, "cancelled");
    const third = new AbortController();
    const unasked = c.send({}, { id: 3, signal: third.signal });
    third.abort(new Error("asked too late"));
    t.equal([(await t.caught(() => unasked.acked)).message, unasked.status], ["asked too late", "written"]);
    await t.when(t.next(c, "message"), () => server.send('{"id":1}'));
    t.equal(written.status, "acked");
  },

  async "handles that nobody awaits cause no unhandled rejection"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    const aborter = new AbortController();
    const handle = c.send({}, { id: 1, signal: aborter.signal });
    t.ok(handle.written instanceof Promise && handle.acked instanceof Promise);
    aborter.abort();
    c.send({}, { id: 2 });
    c.terminate();
  },

  async "a request gets its reply, which is not delivered as a message"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const messages = t.record(c, "message");
    const replies = await Promise.all([1, 2].map((n) => c.request({ answer: { n } })));
    t.equal(replies.map((reply) => reply.n), [1, 2]);
    t.ok(replies[0].id !== replies[1].id);
    t.equal(messages, []);
  },

  async "a request ends by timeout, abort, refusal or loss, each with its own error"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    t.ok(/may have taken effect/.test((await t.fails("timeout", () => c.request({}, { timeout: 20 }))).message));
    const aborter = new AbortController();
    const aborted = t.caught(() => c.request({}, { signal: aborter.signal }));
    await server.received(2);
    aborter.abort(new Error("hung up"));
    t.equal((await aborted).message, "hung up");
    t.equal((await t.caught(() => c.request({}, { signal: aborter.signal }))).message, "hung up");

    const lost = t.fails("not-delivered", () => c.request({}));
    await server.received(3);
    await t.when(t.next(c, "state", (event) => event.to === "open"), () => server.cut());
    await lost;

    await server.mode({ answer: true });
    const error = await t.fails("refused", () => c.request({ answer: { error: { why: 1 } } }));
    t.equal(error.data.error, { why: 1 });
    await t.when(t.next(c, "state", (event) => event.to === "waiting"), () => server.stop());
    t.ok(/could not be sent/.test((await t.fails("timeout", () => c.request({}, { timeout: 20 }))).message));
    t.equal(c.pending, false);
  },

  async "a request with an id of the caller is sent again after a loss"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    const reply = c.request({ answer: { done: true } }, { id: "r1" });
    await server.received(1);
    await server.mode({ answer: true });
    await server.cut();
    t.equal(await reply, { id: "r1", done: true });
  },

  async "a late reply of a request that timed out is not delivered"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url);
    const messages = t.record(c, "message");
    await t.fails("timeout", () => c.request({}, { timeout: 10, id: "late" }));
    await t.when(t.next(c, "message"), () => server.send('{"id":"late"}', '"next"'));
    t.equal(messages, ["next"]);
  },

  async "stats count what happened"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    await c.send({ n: "가" }).written;
    await c.request({ q: 1 }, { id: 1 });
    const s = c.stats();
    t.equal([s.state, s.accepted, s.written, s.acked, s.received, s.queued, s.attempt], ["open", 2, 2, 1, 1, 0, 0]);
    t.equal([s.bytesSent, s.bytesReceived], ['{"n":"가"}'.length + 2 + '{"q":1,"id":1}'.length, '{"id":1}'.length]);
    t.ok(s.silentFor >= 0 && s.rtt === undefined && s.nextDialIn === undefined && s.suspect === false);
  },
};
