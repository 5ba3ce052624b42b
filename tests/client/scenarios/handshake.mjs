// What the protocol says first: ahead of everything queued, confirmed, on every socket.

/** Says hello and awaits the answer. The server of the tests answers a ping. */
const greet = async (link) => {
  link.send({ ping: `hello ${link.attempt}` });
  await link.next((message) => message.pong !== undefined);
};

export default {
  async "the handshake precedes what was queued, and open waits for its confirmation"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = t.connect(server.url, { handshake: greet });
    const states = t.record(c, "state");
    const messages = t.record(c, "message");
    const handle = c.send({ first: 1 });
    await server.received(1);
    t.equal([c.state, handle.status], ["connecting", "queued"]);
    await server.mode({ answer: true });
    const open = t.state(c, "open");
    await server.send('{"pong":"late"}');
    await open;
    await handle.written;
    t.equal(await server.received(2), ['{"ping":"hello 0"}', '{"first":1}']);
    t.equal(states.map(({ to, cause }) => [to, cause]), [["connecting", "user"], ["open", "opened"]]);
    t.equal(messages, [{ pong: "late" }], "it is delivered as usual:");
  },

  async "at a reconnect the handshake precedes resends by id, then queued messages, then latest values"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { handshake: greet, reconnect: { minUptime: 0 } });
    await server.mode({ answer: false });
    const kept = c.send({ kept: 1 }, { id: "k" });
    await kept.written;
    await server.received(2);
    await t.when(t.state(c, "waiting"), () => server.cut());
    c.topic("state", { policy: t.conflate() }).send({ slot: 1 });
    const queued = c.send({ queued: 1 });
    await server.received(3);
    t.equal([c.state, queued.status], ["connecting", "queued"]);
    await server.send('{"pong":1}');
    t.equal((await server.received(6)).slice(2), [
      '{"ping":"hello 1"}', '{"kept":1,"id":"k"}', '{"queued":1}', '{"slot":1}',
    ]);
  },

  async "a rejected handshake is told, and tried again with the next socket"(t) {
    const server = await t.server();
    const links = [];
    const c = t.connect(server.url, {
      handshake: async (link) => {
        links.push(link);
        if (links.length === 1) throw new Error("no token");
        await greet(link);
      },
    });
    const [error, waiting] = await Promise.all([t.next(c, "error"), t.next(c, "state", ({ to }) => to === "waiting")]);
    t.equal([error.code, error.cause.message, waiting.cause, waiting.attempt], ["handshake", "no token", "dial-failed", 1]);
    t.ok(/no token/.test(error.message), error.message);
    await t.state(c, "open");
    await server.closed(1);
    t.equal(links.map(({ attempt, signal }) => [attempt, signal.aborted]), [[0, true], [1, false]]);
    t.equal(await server.received(1), ['{"ping":"hello 1"}']);
  },

  async "a handshake that throws at once or fails for good ends as the options say"(t) {
    const server = await t.server();
    const c = t.connect(server.url, { reconnect: { maxRetries: 2 }, handshake: () => { throw new Error("never"); } });
    const errors = t.record(c, "error");
    const handle = c.send(1);
    const { ended } = await t.next(c, "state", ({ to }) => to === "closed");
    t.equal([ended, errors.length, await handle.written], ["retries-exhausted", 3, { status: "dropped", reason: "close" }]);
    // The same at each attempt, of which the last one is followed by none.
    t.equal(errors.map(({ message }) => message), Array(3).fill("the handshake failed: never"));
    t.equal(await server.received(), []);
    const once = t.connect(server.url, { reconnect: false, handshake: () => Promise.reject(new Error("never")) });
    t.equal((await t.next(once, "state", ({ to }) => to === "closed")).ended, "reconnect-off");
  },

  async "a handshake that hangs ends with the connect timeout and is tried again"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    let first;
    const c = t.connect(server.url, {
      reconnect: { connectTimeout: 500 },
      handshake: (link) => {
        if (!first) first = link;
        else return;
        return greet(link);
      },
    });
    const [error, { cause }] = await Promise.all([t.next(c, "error"), t.next(c, "state", ({ to }) => to === "waiting")]);
    t.equal([error.code, cause, first.signal.aborted], ["handshake", "connect-timeout", true]);
    t.ok(/connectTimeout/.test(error.message), error.message);
    await t.state(c, "open");
    await server.closed(1);
    await t.fails("handshake", () => first.next());
    await t.fails("closed", () => first.send(1));
  },

  async "a loss during the handshake is a loss, and what it still does goes nowhere"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const links = [];
    let release;
    const c = t.connect(server.url, {
      handshake: (link) => {
        links.push(link);
        if (links.length > 1) return greet(link);
        link.send({ n: 1 });
        return new Promise((resolve) => (release = resolve));
      },
    });
    const errors = t.record(c, "error");
    const states = t.record(c, "state");
    const handle = c.send({ queued: 1 });
    await server.received(1);
    const missed = links[0].next();
    const waiting = await t.when(t.next(c, "state", ({ to }) => to === "waiting"), () => server.cut());
    t.equal(waiting.cause, "socket-closed");
    t.ok(links[0].signal.aborted);
    await t.fails("handshake", () => missed);
    await server.received(2);
    release();
    await Promise.resolve();
    t.equal([c.state, handle.status, errors.length], ["connecting", "queued", 0]);
    await server.send('{"pong":1}');
    await handle.written;
    t.equal(states.map(({ to }) => to), ["connecting", "waiting", "connecting", "open"]);
  },

  async "the server's close code during the handshake follows the close-code policy"(t) {
    const server = await t.server();
    const c = t.connect(server.url, { handshake: (link) => link.next() });
    await server.opened(1);
    const ended = await t.when(t.next(c, "state", ({ to }) => to === "closed"), () => server.close(1008, "bad token"));
    t.equal([ended.ended, ended.code, ended.reason], ["fatal", 1008, "bad token"]);
  },

  async "a redial without a wait ends the handshake of the lost socket, too"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const links = [];
    const c = t.connect(server.url, {
      reconnect: { minDelay: 0, connectTimeout: 500 },
      handshake: (link) => {
        links.push(link);
        return links.length < 3 ? greet(link) : undefined;
      },
    });
    const errors = t.record(c, "error");
    await server.received(1);
    await server.cut();
    await server.received(2);
    t.equal([links[0].signal.aborted, links[1].signal.aborted, errors.length], [true, false, 0]);
    await t.state(c, "open");
    t.equal([links[1].signal.aborted, errors.map(({ code }) => code)], [true, ["handshake"]]);
  },

  async "a message goes to one next only, and early ones are kept"(t) {
    const server = await t.server();
    await server.mode({ greet: '{"n":1}' });
    let got;
    const c = t.connect(server.url, {
      handshake: async (link) => {
        const [a, b] = [link.next(({ n }) => n === 3), link.next(({ n }) => n > 1)];
        got = [await a, await b, await link.next(), await link.next().then(({ n }) => n)];
      },
    });
    const messages = t.record(c, "message");
    await server.opened(1);
    await server.send('{"n":2}', '{"n":3}', '{"n":4}');
    await t.state(c, "open");
    t.equal(got, [{ n: 3 }, { n: 2 }, { n: 1 }, 4]);
    t.equal(messages.length, 4);
  },

  async "early messages are kept as far as inbound.maxMessages, the latest ones"(t) {
    const server = await t.server({ protocol: "v2" });
    const got = [];
    let seen;
    let go;
    const c = t.connect(server.url, {
      protocols: "v2",
      inbound: { maxMessages: 2 },
      handshake: async (link) => {
        seen = link.protocol;
        await new Promise((resolve) => (go = resolve));
        got.push(await link.next(), await link.next());
      },
    });
    await server.opened(1);
    await t.when(t.next(c, "message", ({ n }) => n === 3), () => server.send('{"n":1}', '{"n":2}', '{"n":3}'));
    go();
    await t.state(c, "open");
    t.equal([got, seen], [[{ n: 2 }, { n: 3 }], "v2"]);
  },

  async "a look that throws fails its next, and a link that is over refuses"(t) {
    const server = await t.server();
    await server.mode({ greet: '{"n":1}' });
    let kept;
    let failure;
    const c = t.connect(server.url, {
      codec: { ...t.json(), encode: (value) => (value === "blob" ? Promise.resolve("") : JSON.stringify(value)) },
      handshake: async (link) => {
        kept = link;
        failure = await t.caught(() => link.next(() => { throw new Error("look"); }));
        await t.fails("encode", () => link.send("blob"));
        await t.fails("encode", () => link.send(1n));
      },
    });
    await t.state(c, "open");
    t.equal([failure.message, kept.signal.aborted, kept.url, kept.protocol], ["look", false, server.url, ""]);
    await t.fails("closed", () => kept.send(1));
    await t.fails("closed", () => kept.next());
  },

  async "close, terminate and reconnect end a handshake"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const links = [];
    const begin = () => {
      return t.connect(server.url, { handshake: (link) => { links.push(link); return greet(link); } });
    };
    const closing = begin();
    await server.received(1);
    await closing.close({ flush: false, code: 4000 });
    t.equal([closing.state, links[0].signal.aborted, (await server.closed(1))[0].code], ["closed", true, 4000]);
    const ending = begin();
    await server.received(2);
    ending.terminate();
    t.ok(links[1].signal.aborted);
    const again = begin();
    const errors = t.record(again, "error");
    await server.received(3);
    again.reconnect();
    t.ok(links[2].signal.aborted);
    await server.received(4);
    await server.send('{"pong":1}');
    await t.state(again, "open");
    t.equal(errors, []);
  },

  async "close with flush lets the handshake finish first"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = t.connect(server.url, { handshake: greet });
    const handle = c.send({ last: 1 });
    await server.received(1);
    const closed = c.close({ deadline: 10_000 });
    await server.send('{"pong":1}');
    await closed;
    t.equal([handle.status, await server.received(2)], ["written", ['{"ping":"hello 0"}', '{"last":1}']]);
  },
};
