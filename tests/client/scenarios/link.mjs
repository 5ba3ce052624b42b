// The life of a connection: dialling, failing over, coming back, ending.

export default {
  async "listeners added after connect hear everything from the first dial on"(t) {
    const server = await t.server();
    const c = t.connect(server.url);
    const events = t.record(c, "state");
    t.equal(c.state, "idle");
    await t.state(c, "open");
    t.equal(events.map(({ from, to, cause }) => `${from}>${to}:${cause}`), ["idle>connecting:user", "connecting>open:opened"]);
    t.equal(c.url, server.url);
  },

  async "a lost link comes back, and says when it will try"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { reconnect: { minDelay: 30 } });
    const events = t.record(c, "state");
    await t.when(t.next(c, "state", (event) => event.to === "open"), () => server.cut());
    t.equal(events.map((event) => event.to), ["waiting", "connecting", "open"]);
    const [waiting] = events;
    t.equal([waiting.cause, waiting.code, waiting.wasClean, waiting.attempt, waiting.delay], ["socket-closed", 1006, false, 1, 30]);
    t.equal(c.stats().reconnects, 1);
    await server.opened(2);
  },

  async "delays grow by factor up to maxDelay without jitter"(t) {
    const server = await t.server();
    await server.stop();
    const c = t.connect(server.url, { reconnect: { minDelay: 10, maxDelay: 50, factor: 3, maxRetries: 4 } });
    const events = t.record(c, "state");
    await t.state(c, "closed");
    t.equal(events.filter((event) => event.to === "waiting").map((event) => event.delay), [10, 30, 50, 50]);
    t.equal(events.at(-1).ended, "retries-exhausted");
    await t.fails("closed", () => c.send({}));
  },

  async "jitter equal stays in the upper half, full below the delay, and both differ from time to time"(t) {
    const server = await t.server();
    await server.stop();
    for (const [jitter, low] of [["equal", 5_000], ["full", 0]]) {
      const delays = [];
      for (let i = 0; i < 8; i++) {
        const c = t.connect(server.url, { reconnect: { minDelay: 10_000, maxDelay: 10_000, jitter } });
        delays.push((await t.next(c, "state", (event) => event.to === "waiting")).delay);
        c.terminate();
      }
      t.ok(delays.every((delay) => delay >= low && delay <= 10_000), `${jitter}: ${delays}`);
      t.ok(new Set(delays).size > 4, `${jitter} is not random: ${delays}`);
    }
  },

  async "the first redial is spread over firstSpread"(t) {
    const server = await t.server();
    await server.stop();
    const c = t.connect(server.url, { reconnect: { minDelay: 10_000, maxDelay: 10_000, firstSpread: 50 } });
    const { delay } = await t.next(c, "state", (event) => event.to === "waiting");
    t.ok(delay <= 50, `delay ${delay}`);
  },

  async "attempts are counted on until the link lasted minUptime"(t) {
    const server = await t.server();
    await server.mode({ closeWith: 4000 });
    const c = t.connect(server.url, { reconnect: { minUptime: 10_000, maxRetries: 3 } });
    const events = t.record(c, "state");
    await t.state(c, "closed");
    t.equal(events.filter((event) => event.to === "waiting").map((event) => event.attempt), [1, 2, 3]);

    const stable = t.connect(server.url, { reconnect: { minUptime: 0, maxRetries: 1 } });
    const later = t.record(stable, "state");
    await server.opened(8);
    stable.terminate();
    t.ok(later.filter((event) => event.to === "waiting").every((event) => event.attempt === 1));
  },

  async "reconnect false ends at the first loss"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { reconnect: false });
    const ended = t.next(c, "state", (event) => event.to === "closed");
    await server.cut();
    t.equal((await ended).ended, "reconnect-off");
  },

  async "a close code that a retry cannot cure ends the connection"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const ended = t.next(c, "state", (event) => event.to === "closed");
    await server.close(1008, "go away");
    const event = await ended;
    t.equal([event.ended, event.code, event.reason, event.wasClean], ["fatal", 1008, "go away", true]);
  },

  async "retryOn decides: true, false, a delay, or the policy"(t) {
    const server = await t.server();
    const asked = [];
    const answers = { 1008: true, 4001: 25, 4002: undefined, 4003: false, 4004: -3, 4005: NaN };
    const c = await t.opened(server.url, {
      reconnect: {
        retryOn: (close) => {
          asked.push(close);
          return answers[close.code];
        },
      },
    });
    for (const code of [1008, 4001, 4002, 4004, 4005]) {
      const waiting = t.next(c, "state", (event) => event.to === "waiting");
      await server.close(code, "why");
      const { delay } = await waiting;
      if (code === 4001) t.equal(delay, 25);
      await t.state(c, "open");
    }
    const ended = t.next(c, "state", (event) => event.to === "closed");
    await server.close(4003);
    t.equal((await ended).ended, "fatal");
    t.equal(asked[0], { code: 1008, reason: "why", wasClean: true });
    c.reconnect();
    await t.state(c, "open");
    await c.close();
    t.equal(asked.length, 6, "it is not asked about the user's own close");
  },

  async "a throwing retryOn is reported and the policy decides"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { reconnect: { retryOn: () => { throw new Error("mine"); } } });
    await t.when(t.next(c, "state", (event) => event.to === "open"), () => server.cut());
    t.equal(t.reported.map((error) => error.message), ["mine"]);
  },

  async "a list of addresses is tried in turn"(t) {
    const [dead, alive] = [await t.server(), await t.server()];
    await dead.stop();
    const c = await t.opened([dead.url, alive.url]);
    t.equal(c.url, alive.url);
  },

  async "an address function is asked per attempt, and a rejecting one is retried"(t) {
    const server = await t.server();
    let calls = 0;
    const c = t.connect(async () => {
      calls++;
      if (calls === 1) throw new Error("no token");
      return `${server.url}/${calls}`;
    });
    const error = await t.next(c, "error");
    t.equal([error.code, error.cause.message], ["dial", "no token"]);
    await t.state(c, "open");
    await t.when(t.next(c, "state", (event) => event.to === "open"), () => server.cut());
    t.equal((await server.opened(2)).map(({ url }) => url), ["/2", "/3"]);
  },

  async "a throwing address function and a bad address from it are retried as well"(t) {
    const server = await t.server();
    const answers = [() => { throw new Error("sync"); }, () => "nonsense://x", () => server.url];
    let calls = 0;
    const c = t.connect(() => answers[Math.min(calls++, 2)]());
    const errors = t.record(c, "error");
    await t.state(c, "open");
    t.equal(errors.map((error) => error.code), ["dial", "dial"]);
  },

  async "an address function that gives no address is told at each attempt, and nothing is said about another one"(t) {
    for (const given of [undefined, null, 5, {}]) {
      const c = t.connect(async () => given, { reconnect: { maxRetries: 1, minDelay: 1 } });
      const errors = t.record(c, "error");
      await t.next(c, "state", ({ to }) => to === "closed");
      const text = `no socket could be made: url must be a string or a URL, not ${given === Object(given) ? "an object" : given}`;
      t.equal(errors.map(({ code, message }) => [code, message]), [["dial", text], ["dial", text]]);
      t.equal(c.url, "");
    }
  },

  async "an address function that never answers is given up after connectTimeout"(t) {
    const server = await t.server();
    let calls = 0;
    const c = t.connect(() => (calls++ ? server.url : new Promise(() => {})), { reconnect: { connectTimeout: 50 } });
    const event = await t.next(c, "state", ({ to }) => to === "waiting");
    t.equal(event.cause, "connect-timeout");
    await t.state(c, "open");
  },

  async "a handshake that never ends is given up after connectTimeout"(t) {
    const server = await t.server();
    await server.mode({ silent: true });
    const c = t.connect(server.url, { reconnect: { connectTimeout: 50 } });
    const event = await t.next(c, "state", ({ to }) => to === "waiting");
    t.equal(event.cause, "connect-timeout");
    await server.mode({ silent: false });
    await t.state(c, "open");
  },

  async "subprotocols: value, list, function"(t) {
    const server = await t.server({ protocol: "v2" });
    for (const protocols of ["v2", ["v1", "v2"], () => "v2", async () => ["v1", "v2"]]) {
      const c = await t.opened(server.url, { protocols });
      t.equal(c.protocol, "v2");
      c.terminate();
      t.equal(c.protocol, "");
    }
    t.equal((await server.opened(4)).map(({ protocols }) => protocols.replaceAll(" ", "")), ["v2", "v1,v2", "v2", "v1,v2"]);
    await t.opened((await t.server()).url, { protocols: null });
    await t.opened((await t.server()).url, { protocols: () => null });
  },

  async "close says goodbye with code and reason and resolves when closed"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    const ended = t.next(c, "state", (event) => event.to === "closed");
    await c.close({ code: 4321, reason: "안녕" });
    t.equal(c.state, "closed");
    t.equal(await server.closed(1), [{ code: 4321, reason: "안녕" }]);
    t.equal((await ended).ended, "user");
    await t.fails("closed", () => c.send({}));
    await c.close();
  },

  async "close sends what is paced and queued first, without flush it is dropped"(t) {
    for (const flush of [true, false]) {
      const server = await t.server();
      const c = await t.opened(server.url);
      const topic = c.topic("slow", { policy: t.debounce({ wait: 60_000, maxWait: 60_000 }) });
      const handle = topic.send({ last: 1 });
      await c.close({ flush });
      const result = await handle.acked;
      t.equal(result, flush ? { status: "written" } : { status: "dropped", reason: "close" });
      t.equal(await server.received(flush ? 1 : 0), flush ? ['{"last":1}'] : []);
    }
  },

  async "at the deadline of close the rest is dropped and the goodbye is not awaited for ever"(t) {
    const server = await t.server();
    await server.mode({ silent: true });
    const c = t.connect(server.url);
    await t.state(c, "connecting");
    const handle = c.send({ never: 1 });
    const drops = t.record(c, "drop");
    await c.close({ deadline: 30 });
    t.equal(await handle.written, { status: "dropped", reason: "close" });
    t.equal([drops.length, drops[0].reason, drops[0].data], [1, "close", '{"never":1}']);
  },

  async "a server that does not answer the goodbye is left"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    await server.freeze();
    const ended = t.next(c, "state", (event) => event.to === "closed");
    await c.close();
    t.equal((await ended).cause, "close-timeout");
  },

  async "reconnect while an address function is being asked: nothing is done with the late address"(t) {
    const server = await t.server();
    const gives = [];
    let asked = 0;
    const c = t.connect(() => new Promise((give) => gives.push(give)), { protocols: () => (asked++, null) });
    await t.state(c, "connecting");
    c.reconnect();
    t.equal(gives.length, 2);
    gives[0](`${server.url}/former`);
    await Promise.resolve();
    t.equal(asked, 0);
    gives[1](`${server.url}/latter`);
    await t.state(c, "open");
    t.equal([asked, c.url, (await server.opened(1)).map(({ url }) => url)], [1, `${server.url}/latter`, ["/latter"]]);
  },

  async "close while an address function is being asked ends at once"(t) {
    const c = t.connect(() => new Promise(() => {}));
    await t.state(c, "connecting");
    await c.close();
    t.equal(c.state, "closed");
  },

  async "close before the first dial leaves nothing to dial"(t) {
    const server = await t.server();
    const c = t.connect(server.url);
    await c.close();
    t.equal([c.state, await server.opened()], ["closed", []]);
  },

  async "illegal close arguments throw as the native class does"(t) {
    const server = await t.server();
    const c = await t.opened(server.url);
    t.throwsDom("InvalidAccessError", () => c.close({ code: 1001 }));
    t.throwsDom("InvalidAccessError", () => c.close({ code: 5000 }));
    t.throwsDom("SyntaxError", () => c.close({ reason: "가".repeat(42) }));
    t.equal(c.state, "open");
  },

  async "terminate ends at once and drops what waits; dispose does the same"(t) {
    const server = await t.server();
    await server.mode({ silent: true });
    for (const end of [(c) => c.terminate(), (c) => c[Symbol.dispose ?? Symbol.for("Symbol.dispose")]()]) {
      const c = t.connect(server.url);
      await t.state(c, "connecting");
      const handle = c.send({});
      end(c);
      t.equal([c.state, handle.status], ["closed", "dropped"]);
    }
  },

  async "reconnect cuts a wait short, replaces a live socket and revives a closed connection"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { reconnect: { minDelay: 60_000, maxDelay: 60_000 } });
    await server.cut();
    await t.state(c, "waiting");
    const { nextDialIn } = c.stats();
    t.ok(nextDialIn > 1_000 && nextDialIn <= 60_000, `next dial in ${nextDialIn}`);
    c.reconnect();
    await t.state(c, "open");
    c.reconnect();
    t.equal(c.state, "connecting");
    await t.state(c, "open");
    await c.close();
    c.reconnect();
    await t.state(c, "open");
    await c.send({ again: 1 }).written;
    await server.opened(4);
    t.equal(await server.received(1), ['{"again":1}']);
  },

  async "an aborted signal ends the connection, also before the first dial"(t) {
    const server = await t.server();
    const aborter = new AbortController();
    const c = await t.opened(server.url, { signal: aborter.signal });
    aborter.abort();
    t.equal(c.state, "closed");
    const late = t.connect(server.url, { signal: AbortSignal.abort() });
    await t.state(late, "closed");
    t.equal((await server.opened()).length, 1);
  },

  async "a half-open link is noticed by the heartbeat and replaced at once"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, {
      heartbeat: { interval: 20, timeout: 60, ping: () => ({ ping: 1 }), isPong: (message) => message?.pong !== undefined },
    });
    const messages = t.record(c, "message");
    await server.received(2);
    const { cause } = await t.when(t.next(c, "state", (event) => event.from === "open"), () => server.freeze());
    t.equal(cause, "dead");
    await t.state(c, "open");
    await server.opened(2);
    const { rtt } = c.stats();
    t.ok(rtt.last >= 0 && rtt.min <= rtt.smoothed, JSON.stringify(rtt));
    t.equal(messages, []);
  },

  async "any message counts as life, and a heartbeat that expects nothing never kills"(t) {
    const server = await t.server();
    await server.mode({ answer: false });
    const c = await t.opened(server.url, { heartbeat: { interval: 20, timeout: Infinity, ping: () => ({ ping: 1 }) } });
    const events = t.record(c, "state");
    await server.received(6);
    t.equal([c.state, events], ["open", []]);
  },

  async "without isPong every message counts as life"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, { heartbeat: { interval: 40, timeout: 800, ping: () => ({ ping: 1 }) } });
    const [events, messages] = [t.record(c, "state"), t.record(c, "message")];
    // Reading the counters tells the core of the message, too.
    c.on("message", () => c.stats());
    // More pings than fit into one timeout: each of them was answered in time by an ordinary message.
    await server.received(30);
    t.equal([c.state, events, c.stats().rtt], ["open", [], undefined]);
    t.ok(messages.length >= 28, `${messages.length} messages`);
  },

  async "a ping that throws is reported, and a pong check that throws is not a pong"(t) {
    const server = await t.server();
    const c = await t.opened(server.url, {
      heartbeat: { interval: 20, timeout: 10_000, ping: () => { throw new Error("ping"); }, isPong: () => { throw new Error("pong"); } },
    });
    const message = t.next(c, "message");
    await server.send('"hello"');
    t.equal(await message, "hello");
    t.ok(t.reported.some((error) => error.message === "pong"));
  },
};
