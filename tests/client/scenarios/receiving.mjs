// What arrives: codecs, schema, listeners, iterators; and what user code may do in between.

/** A Standard Schema validator; what it does with a value is the test's. */
const schema = (validate) => ({ "~standard": { version: 1, vendor: "test", validate } });

export default {
  async "an undecodable message is an error with the raw message, and the link stays"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const events = t.record(c, "state");
    const error = t.next(c, "error");
    const message = t.next(c, "message");
    await server.send("{oops", '{"fine":1}');
    const { code, data, cause } = await error;
    t.equal([code, data, cause.name], ["decode", "{oops", "SyntaxError"]);
    t.equal(await message, { fine: 1 });
    t.equal(events, []);
  },

  async "json reads binary frames as UTF-8"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const [message, error] = [t.next(c, "message"), t.next(c, "error")];
    await server.send([...new TextEncoder().encode('"가"')], [0xff]);
    t.equal(await message, "가");
    t.equal((await error).code, "decode");
  },

  async "text carries strings and refuses the rest"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { codec: t.text() });
    const [message, error] = [t.next(c, "message"), t.next(c, "error")];
    await c.send("hi").written;
    await t.fails("encode", () => c.send(5));
    await server.send("plain", [1]);
    t.equal([await message, (await error).code, await server.received(1)], ["plain", "decode", ["hi"]]);
  },

  async "bytes carries buffers and views by value and refuses the rest"(t) {
    const server = await t.server();
    await server.stop();
    const c = t.connect(server.url, { codec: t.bytes() });
    await t.state(c, "waiting");
    const array = Uint8Array.of(1, 2, 3, 4);
    c.send(array.subarray(1, 3));
    c.send(array.buffer);
    c.send(new DataView(array.buffer, 3));
    array.fill(0);
    for (const value of ["text", 5, [1], null, {}]) await t.fails("encode", () => c.send(value));
    await server.listen();
    c.reconnect();
    t.equal(await server.received(3), [[2, 3], [1, 2, 3, 4], [4]]);
    const [message, error] = [t.next(c, "message"), t.next(c, "error")];
    await server.send([7, 8], "text");
    const received = await message;
    t.equal([received instanceof Uint8Array, [...received], (await error).code], [true, [7, 8], "decode"]);
  },

  async "a Blob is read first and nothing of its lane overtakes it"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { codec: t.bytes() });
    const blob = c.send(new Blob([Uint8Array.of(1)]));
    const after = c.send(Uint8Array.of(2));
    const other = c.send(Uint8Array.of(3), { lane: "control" });
    t.equal([blob.status, after.status, other.status, c.pending], ["paced", "paced", "written", true]);
    const gone = c.send(new Blob([Uint8Array.of(9)]));
    t.equal([gone.cancel(), gone.status], [true, "cancelled"]);
    const bulk = c.topic("bulk", { lane: "bulk" });
    const own = [bulk.send(new Blob([Uint8Array.of(5)])), bulk.send(Uint8Array.of(6))];
    t.equal(bulk.send(Uint8Array.of(7), { lane: "rpc" }).status, "written", "neither is what waits in the topic's lane");
    const last = c.send(new Blob([Uint8Array.of(4)]));
    await Promise.all([last, ...own].map((handle) => handle.written));
    const received = await server.received(7);
    t.equal(received.filter(([n]) => n < 5), [[3], [1], [2], [4]]);
    t.equal(received.filter(([n]) => n > 4), [[7], [5], [6]]);
    const read = bulk.send(new Blob([Uint8Array.of(8)]));
    t.equal([bulk, c].map((sender) => sender.send(Uint8Array.of(9)).status), ["paced", "written"]);
    await read.written;
    t.equal(c.pending, false);
    const closed = c.close();
    await t.fails("closed", () => c.send(new Blob([])));
    await closed;
    await t.fails("closed", () => c.send(new Blob([])));
  },

  async "a codec that fails later is an error, and the message is dropped"(t) {
    const server = await t.server();
    const codec = { encode: async (value) => { if (value === "bad") throw new Error("unreadable"); return value; }, decode: (data) => data };
    const c = await t.opened(server.url, { codec });
    const error = t.next(c, "error");
    const [bad, good] = [c.send("bad"), c.send("good")];
    t.equal([(await error).code, await bad.acked], ["encode", { status: "dropped", reason: "refused" }]);
    await good.written;
    t.equal(await server.received(1), ["good"]);
  },

  async "msgpack goes through binary frames, batches are arrays"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { codec: t.msgpack() });
    await c.send({ a: [1, -1, "가", null, true] }).written;
    const topic = c.topic("b", { policy: t.batch({ maxItems: 2 }) });
    topic.send(1);
    await topic.send("x").written;
    const [message, error] = [t.next(c, "message"), t.next(c, "error")];
    const received = await server.received(2);
    t.equal(received[1], [0x92, 1, 0xa1, 0x78]);
    await server.send(received[0], [0xc1], "text");
    t.equal(await message, { a: [1, -1, "가", null, true] });
    t.equal((await error).code, "decode");
  },

  async "a codec of the user is used, also for batches"(t) {
    const server = await t.server();
    const codec = {
      encode: (value) => `<${value}>`,
      decode: (data) => data.slice(1, -1),
      batch: (messages) => messages.join("\n"),
    };
    const c = await t.opened(server.url, { codec });
    const topic = c.topic("b", { policy: t.batch({ maxItems: 2 }) });
    topic.send("a");
    topic.send("b");
    const message = t.next(c, "message");
    await server.send("[z]");
    t.equal([await message, await server.received(1)], ["z", ["<a>\n<b>"]]);
  },

  async "a schema checks and transforms; what is invalid is an error"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, {
      schema: schema((value) => {
        if (value === "throw") throw new Error("validator");
        return value > 0 ? { value: value * 2 } : { issues: [{ message: "not positive", path: ["a", { key: "b" }] }] };
      }),
    });
    const [messages, errors] = [t.record(c, "message"), t.record(c, "error")];
    await t.when(t.next(c, "message", (value) => value === 4), () => server.send("1", "-1", '"throw"', "2"));
    t.equal(messages, [2, 4]);
    t.equal(errors.map((error) => [error.code, error.data]), [["schema", "-1"], ["schema", '"throw"']]);
    t.ok(/at a\.b: not positive/.test(errors[0].message), errors[0].message);
    t.equal(errors[0].issues[0].message, "not positive");
  },

  async "an asynchronous schema keeps the order, also of answers and of sync verdicts"(t) {
    const server = await t.server();
    let release;
    const first = new Promise((resolve) => (release = resolve));
    const c = await t.opened(server.url, {
      schema: schema((value) => (value === 1 ? first.then(() => ({ value })) : value === 2 ? Promise.reject(new Error("no")) : { value })),
    });
    const [messages, errors] = [t.record(c, "message"), t.record(c, "error")];
    const last = t.next(c, "message", (value) => value === 4);
    await server.send("1", "2", "3");
    await t.when(t.next(c, "message", (value) => value === 3), release);
    await server.send("4");
    await last;
    t.equal([messages, errors.length], [[1, 3, 4], 1]);
  },

  async "a schema that never answers is bounded"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { inbound: { maxMessages: 2 }, schema: schema(() => new Promise(() => {})) });
    const error = t.next(c, "error");
    await server.send("1", "2", "3");
    t.equal([(await error).code, (await error).data], ["inbound-overflow", "3"]);
  },

  async "an invalid reply rejects its request"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { schema: schema(() => ({ issues: [{ message: "never" }] })) });
    const error = t.next(c, "error");
    await t.fails("schema", () => c.request({}));
    await error;
  },

  async "listeners are isolated, separate, and end by call or signal"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const seen = [];
    const aborter = new AbortController();
    c.on("message", () => { throw new Error("listener"); });
    const twice = () => seen.push("twice");
    const off = c.on("message", twice);
    c.on("message", twice);
    c.on("message", () => seen.push("signal"), { signal: aborter.signal });
    c.on("message", () => seen.push("never"), { signal: AbortSignal.abort() });
    await t.when(t.next(c, "message"), () => server.send("1"));
    t.equal([seen, t.reported.map((error) => error.message)], [["twice", "twice", "signal"], ["listener"]]);
    off();
    off();
    aborter.abort();
    seen.length = 0;
    await t.when(t.next(c, "message"), () => server.send("2"));
    t.equal(seen, ["twice"]);
    await t.fails("invalid-option", () => c.on("toString", () => {}));
    await t.fails("invalid-option", () => c.on("message", 5));
  },

  async "user code may call anything from a listener"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const states = t.record(c, "state");
    const closed = t.state(c, "closed");
    c.on("message", (n) => {
      if (n < 3) {
        c.send(n + 1);
        c.on("message", () => {});
      } else c.terminate();
    });
    await server.mode({ answer: false });
    await server.send("1", "2", "3");
    await closed;
    t.equal(await server.received(2), ["2", "3"]);
    t.equal(states.map((event) => event.to), ["closed"]);
  },

  async "reconnect from within a state listener keeps the order of events"(t) {
    const server = await t.server();
    const c = t.connect(server.url);
    const order = [];
    let once = true;
    c.on("state", (event) => {
      order.push(`1:${event.to}`);
      if (event.to === "open" && once) {
        once = false;
        c.reconnect();
      }
    });
    c.on("state", (event) => order.push(`2:${event.to}`));
    await t.next(c, "state", (event) => event.to === "open" && !once && order.length > 5);
    t.equal(order.slice(0, 6), ["1:connecting", "2:connecting", "1:open", "2:open", "1:connecting", "2:connecting"]);
  },

  async "for await reads in order and ends when the user closes"(t) {
    const server = await t.server();
    await server.mode({ greet: "1" });
    const c = t.connect(server.url);
    const seen = [];
    for await (const message of c) {
      seen.push(message);
      if (message === 1) await server.send("2", "3");
      if (message === 3) await c.close();
    }
    t.equal(seen, [1, 2, 3]);
    for await (const _ of c) t.ok(false, "a closed connection yields nothing");
  },

  async "for await throws when the connection ended otherwise, after what it holds"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { reconnect: false });
    const iterator = c[Symbol.asyncIterator]();
    await t.when(t.next(c, "message"), () => server.send("1"));
    await server.close(1011);
    await t.state(c, "closed");
    t.equal(await iterator.next(), { value: 1, done: false });
    await t.fails("ended", () => iterator.next());
    t.equal((await iterator.next()).done, true);
  },

  async "a slow loop gets an error, or loses the oldest or the newest and counts them"(t) {
    for (const [overflow, kept, lost] of [[undefined, [1, 2], 0], ["drop-oldest", [2, 3], 1], ["drop-newest", [1, 2], 1]]) {
      const server = await t.server();
      const c = await t.opened(server.url, { inbound: { maxMessages: 2, ...(overflow && { overflow }) } });
      const iterator = c[Symbol.asyncIterator]();
      await t.when(t.next(c, "message", (value) => value === 3), () => server.send("1", "2", "3"));
      t.equal([(await iterator.next()).value, (await iterator.next()).value], kept);
      t.equal(c.stats().inboundDropped, lost);
      if (!overflow) await t.fails("inbound-overflow", () => iterator.next());
      t.equal(c.state, "open");
      await iterator.return();
      t.equal((await iterator.next()).done, true);
    }
  },

  async "asyncDispose closes"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    await c[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]();
    t.equal([c.state, (await server.closed(1))[0].code], ["closed", 1000]);
  },
};
