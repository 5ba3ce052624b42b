// SockJS as a transport of connect(): queue, policies and reconnect over it, and falling back to it.
import assert from "node:assert/strict";
import { until } from "../support/report.mjs";
import { serveScript, serveWithoutUpgrade } from "./servers.mjs";

/** In the page: a connection that notes states, messages and errors. */
const HELPERS = `globalThis.watch = (url, options) => {
  const connection = connect(url, { reconnect: { minDelay: 20, maxDelay: 50, firstSpread: 0 }, ...options });
  const log = { states: [], messages: [], errors: [] };
  connection.on("state", (event) => log.states.push(event));
  connection.on("message", (message) => log.messages.push(message));
  connection.on("error", (error) => log.errors.push(error.code + ": " + error.message));
  return { connection, log, at: (state) => until(() => connection.state === state, state) };
}`;

async function inPage({ page }, body, ...args) {
  await page.evaluate(HELPERS);
  return page.evaluate(body, args);
}

export const transports = {
  async "values go over every SockJS transport, and c.transport names it"(context) {
    for (const name of ["websocket", "xhr-streaming", "eventsource", "xhr-polling"]) {
      const result = await inPage(context, async ([url, name]) => {
        const { connection, log } = watch(url, { transport: { type: "sockjs", options: { transports: name } } });
        // Queued before it is open.
        for (let i = 0; i < 30; i++) connection.send({ i });
        await until(() => log.messages.length === 30, "all echoes");
        const carried = [connection.transport, connection.stats().transport, log.states.find(({ to }) => to === "open").transport];
        await connection.close();
        return { messages: log.messages.map(({ i }) => i), carried, after: [connection.transport], errors: log.errors };
      }, context.echo, name);
      assert.deepEqual(result, {
        messages: Array.from({ length: 30 }, (_, i) => i), carried: Array(3).fill(`sockjs/${name}`), after: [undefined], errors: [],
      });
    }
  },

  async "a lost session is replaced, and what was sent meanwhile follows"(context) {
    const result = await inPage(context, async ([url]) => {
      const { connection, log, at } = watch(url, { transport: { type: "sockjs", options: { transports: "xhr-streaming" } }, codec: text() });
      await at("open");
      connection.send("cut").written.then(() => {});
      await until(() => connection.state !== "open", "the loss");
      connection.send("after");
      await until(() => log.messages.includes("after"), "the echo");
      const { reconnects } = connection.stats();
      connection.terminate();
      return { reconnects, lost: log.states.find(({ from }) => from === "open") };
    }, context.echo);
    assert.equal(result.reconnects, 1);
    assert.deepEqual([result.lost.to, result.lost.cause, result.lost.code], ["waiting", "socket-closed", 1006]);
  },

  async "policies hold: of many values of a key the last one goes out"(context) {
    const { server } = context;
    server.seen.messages.length = 0;
    await inPage(context, async ([url]) => {
      const { connection, log, at } = watch(url, { transport: { type: "sockjs", options: { transports: "xhr-polling" } } });
      await at("open");
      const topic = connection.topic("position", { policy: throttle({ interval: 50 }), key: ({ id }) => id });
      for (let n = 0; n < 100; n++) topic.send({ id: 1, n });
      await until(() => log.messages.some(({ n }) => n === 99), "the last value");
      await connection.close();
    }, context.echo);
    assert.deepEqual(server.seen.messages.map((text) => JSON.parse(text).n), [0, 99]);
  },

  async "a refused session is retried, though its code would be final on a WebSocket"(context) {
    const gone = await serveWithoutUpgrade(context.server.origin);
    await gone.close();
    const attempts = await inPage(context, async ([url]) => {
      const { connection, log } = watch(url, { transport: "sockjs" });
      await until(() => log.states.filter(({ to }) => to === "waiting").length === 3, "three waits");
      connection.terminate();
      return log.states.filter(({ to }) => to === "waiting").map(({ code, reason }) => [code, reason]);
    }, `${gone.origin}/echo`);
    assert.deepEqual(attempts, Array(3).fill([1006, "Cannot connect to server"]));
  },

  async "WebSocket first: where it gets through, nothing of SockJS is loaded"(context) {
    const page = await context.browser.newPage();
    const loaded = [];
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    try {
      await page.goto(context.site.origin);
      const transport = await page.evaluate(async (url) => {
        const { connect } = await import("/everwire/client.js");
        const connection = connect(url, { transport: ["websocket", "sockjs"] });
        return new Promise((done) => connection.on("state", ({ to, transport }) => to === "open" && done(transport)));
      }, context.echo);
      assert.equal(transport, "websocket");
      assert.ok(context.server.seen.urls.includes("UPGRADE /echo/websocket"));
      assert.ok(!loaded.includes("/everwire/sockjs.js"));
    } finally {
      await page.close();
    }
  },

  async "a proxy that refuses upgrades: SockJS within the same dial, and without its WebSocket"(context) {
    const proxy = await serveWithoutUpgrade(context.server.origin);
    try {
      for (const scheme of ["ws", "http"]) {
        const before = proxy.upgrades;
        const { states, messages, url } = await inPage(context, async ([url]) => {
          const { connection, log } = watch(url, { transport: ["websocket", "sockjs"] });
          connection.send({ through: true });
          await until(() => log.messages.length, "the echo");
          const { url: address } = connection;
          connection.terminate();
          return { ...log, url: address };
        }, scheme === "ws" ? `${proxy.origin.replace("http", "ws")}/echo/websocket` : `${proxy.origin}/echo`);
        assert.deepEqual(states.slice(0, 2).map(({ from, to, attempt, transport }) => [from, to, attempt, transport]), [
          ["idle", "connecting", 0, undefined], ["connecting", "open", 0, "sockjs/xhr-streaming"],
        ]);
        assert.deepEqual(messages, [{ through: true }]);
        assert.equal(url, `${proxy.origin}/echo`);
        assert.equal(proxy.upgrades - before, 1);
      }
    } finally {
      await proxy.close();
    }
  },

  async "a proxy that never answers upgrades: SockJS on the next dial, and on those after it"(context) {
    const proxy = await serveWithoutUpgrade(context.server.origin, { silent: true });
    try {
      const { open, upgrades } = await inPage(context, async ([url]) => {
        const { connection, log, at } = watch(url, {
          transport: ["websocket", "sockjs"], codec: text(),
          reconnect: { minDelay: 10, maxDelay: 20, firstSpread: 0, connectTimeout: 1_000 },
        });
        await at("open");
        connection.send("cut");
        await until(() => log.states.filter(({ to }) => to === "open").length === 2, "a second link");
        connection.terminate();
        return { open: log.states.filter(({ to }) => to === "open").map(({ transport }) => transport) };
      }, `${proxy.origin}/echo`).then((result) => ({ ...result, upgrades: proxy.upgrades }));
      assert.deepEqual(open, ["sockjs/xhr-streaming", "sockjs/xhr-streaming"]);
      assert.equal(upgrades, 1);
    } finally {
      await proxy.close();
    }
  },

  async "a class given by the application is used, and options reach it"(context) {
    context.server.seen.headers.length = 0;
    const made = await inPage(context, async ([url]) => {
      let made = 0;
      class Mine extends SockJS {
        constructor(...args) {
          super(...args);
          made++;
        }
      }
      const { connection, at } = watch("ws://unused.invalid/", {
        transport: { type: "sockjs", url: () => Promise.resolve(url), SockJS: Mine, options: { transports: "xhr-polling", headers: { "X-Token": "t" } } },
      });
      await at("open");
      connection.terminate();
      return made;
    }, context.echo);
    assert.equal(made, 1);
    assert.ok(context.server.seen.headers.some((headers) => headers["x-token"] === "t"));
  },

  async "the server's heartbeats count as life"(context) {
    const result = await inPage(context, async ([url]) => {
      let beats = 0;
      class Counting extends SockJS {
        onheartbeat = () => beats++;
      }
      const { connection, log, at } = watch(url, {
        transport: { type: "sockjs", SockJS: Counting, options: { transports: "xhr-streaming" } },
        heartbeat: { interval: 2_000, timeout: 1_000, ping: () => ({ ping: 1 }) },
      });
      await at("open");
      const opened = performance.now();
      await until(() => beats > 15 && performance.now() > opened + 2_500, "fifteen heartbeats, and time for a ping");
      const { bytesSent } = connection.stats();
      connection.terminate();
      return { lost: log.states.some(({ cause }) => cause === "dead"), bytesSent };
    }, `${context.server.origin}/beat`);
    // No ping of ours was needed.
    assert.deepEqual(result, { lost: false, bytesSent: 0 });
  },

  async "bytes are refused where they are sent, and wrong options where they are given"(context) {
    const errors = await inPage(context, async ([url]) => {
      const errors = [];
      const attempt = (body) => {
        try {
          body();
        } catch (error) {
          errors.push(`${error.code}: ${error.message}`);
        }
      };
      const connection = connect(url, { transport: "sockjs", codec: bytes() });
      attempt(() => connection.send(new Uint8Array(1)));
      connection.terminate();
      attempt(() => connect(url, { transport: "carrier-pigeon" }));
      attempt(() => connect(url, { transport: [] }));
      attempt(() => connect(url, { transport: { type: "sockjs", header: {} } }));
      attempt(() => connect(url, { transport: { type: "sockjs", options: { header: {} } } }));
      return errors;
    }, context.echo);
    assert.match(errors[0], /^encode: SockJS carries text only/);
    assert.match(errors[1], /^invalid-option: transport must be 'websocket' or 'sockjs', not "carrier-pigeon"/);
    assert.match(errors[2], /^invalid-option: transport must be one transport or a list/);
    assert.match(errors[3], /^invalid-option: transport.header is not an option/);
    assert.match(errors[4], /^invalid-option: transport.options.header is not an option/);
    assert.equal(errors.length, 5);
  },

  async "the slim entry loads the slim sockjs"(context) {
    const page = await context.browser.newPage();
    try {
      await page.goto(context.site.origin);
      const transport = await page.evaluate(async (url) => {
        const { connect, init } = await import("/everwire/slim/client.js");
        await init();
        const connection = connect(url, { transport: "sockjs" });
        return new Promise((done) => connection.on("state", ({ to, transport }) => to === "open" && done(transport)));
      }, context.echo);
      assert.equal(transport, "sockjs/websocket");
    } finally {
      await page.close();
    }
  },

  async "a handshake runs over SockJS as over a WebSocket"(context) {
    const script = await serveScript();
    script.play((call) => {
      if (call.transport === "xhr_streaming") (script.state.receiver = call).write("o\n");
      else if (call.transport === "xhr_send") {
        call.reply(204);
        if (call.body.includes("hello")) script.state.receiver.write('a["{\\"welcome\\":1}"]\n');
      }
    });
    try {
      await inPage(context, async ([url]) => {
        const { connection, at } = watch(url, {
          transport: "sockjs",
          handshake: async (link) => {
            link.send({ hello: 1 });
            await link.next(({ welcome }) => welcome);
          },
        });
        connection.send({ first: 1 });
        await at("open");
        await connection.flush();
        connection.terminate();
      }, `${script.origin}/s`);
      await until(() => script.state.calls.some(({ body }) => body === '["{\\"first\\":1}"]'), "what was queued");
      const sent = script.state.calls.filter(({ transport }) => transport === "xhr_send").map(({ body }) => body);
      assert.deepEqual(sent, ['["{\\"hello\\":1}"]', '["{\\"first\\":1}"]']);
    } finally {
      await script.close();
    }
  },
};
