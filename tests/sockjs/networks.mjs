// Networks that do not let everything through.
import assert from "node:assert/strict";
import { until } from "../support/report.mjs";
import { serveBuffering, serveWithoutUpgrade } from "./servers.mjs";

/** Echoes one message and tells which transport carried it. */
const talk = (page, url, options) =>
  page.evaluate(async ([url, options]) => {
    const { socket, log } = await opened(SockJS, url, options);
    const { transport } = socket;
    if (socket.readyState === 1) {
      socket.send("ping");
      await until(() => log.length > 1, "the echo");
      socket.close();
    }
    await until(() => log.at(-1)[0] === "close", "the close");
    return { transport, log };
  }, [url, options]);

export const networks = {
  async "the server says no to WebSocket: none is tried"({ page, server }) {
    server.seen.urls.length = 0;
    const { transport } = await talk(page, `${server.origin}/nows`);
    assert.equal(transport, "xhr-streaming");
    assert.deepEqual(server.seen.urls.filter((url) => url.startsWith("UPGRADE")), []);
  },

  async "a proxy that refuses upgrades: xhr-streaming, with another session id"({ page, server }) {
    const proxy = await serveWithoutUpgrade(server.origin);
    try {
      server.seen.urls.length = 0;
      const { transport } = await talk(page, `${proxy.origin}/echo`);
      assert.equal(transport, "xhr-streaming");
      assert.equal(proxy.upgrades, 1);
    } finally {
      await proxy.close();
    }
  },

  async "a proxy that never answers upgrades: xhr-streaming, after the given timeout"({ page, server }) {
    const proxy = await serveWithoutUpgrade(server.origin, { silent: true });
    try {
      const { transport } = await talk(page, `${proxy.origin}/echo`, { timeout: 700 });
      assert.equal(transport, "xhr-streaming");
      assert.equal(proxy.upgrades, 1);
    } finally {
      await proxy.close();
    }
  },

  async "a proxy that collects answers: xhr-polling, as the streams bring nothing"({ page, server }) {
    const proxy = await serveBuffering(server.origin);
    try {
      const { transport, log } = await talk(page, `${proxy.origin}/echo`, { timeout: 700 });
      assert.equal(transport, "xhr-polling");
      assert.deepEqual(log, [["open", "xhr-polling"], ["message", "ping"], ["close", 1000, "Normal closure", true]]);
    } finally {
      await proxy.close();
    }
  },

  async "nobody there: close 1002 without an error event, as sockjs-client"({ page, server }) {
    const gone = await serveWithoutUpgrade(server.origin);
    await gone.close();
    const { log } = await talk(page, `${gone.origin}/echo`);
    assert.deepEqual(log, [["close", 1002, "Cannot connect to server", false]]);
  },

  async "no SockJS at the address: close 1002"({ page, server }) {
    assert.deepEqual((await talk(page, `${server.origin}/nothing`)).log, [["close", 1002, "Cannot connect to server", false]]);
  },

  async "only transports that do not exist here: close 2000"({ page, echo }) {
    const { log } = await talk(page, echo, { transports: ["jsonp-polling", "iframe-xhr-polling"] });
    assert.deepEqual(log, [["close", 2000, "All transports failed", false]]);
  },

  async "the server closes the session at once: its code, and no other transport"({ page, server }) {
    server.seen.urls.length = 0;
    const { log } = await talk(page, `${server.origin}/disown`, { transports: "xhr-polling" });
    assert.deepEqual(log.at(-1), ["close", 4001, "not you", true]);
  },

  async "another origin gets the cookies, unless told otherwise"({ page, server, echo }) {
    await page.context().addCookies([{ name: "JSESSIONID", value: "dummy", url: server.origin }]);
    for (const transports of ["xhr-streaming", "eventsource", "xhr-polling"]) {
      for (const credentials of [true, false]) {
        server.seen.headers.length = 0;
        await talk(page, echo, { transports, credentials });
        const sent = server.seen.headers.filter(({ url }) => url.startsWith("/echo")).map(({ cookie }) => cookie !== undefined);
        assert.ok(sent.length >= 3);
        assert.deepEqual([...new Set(sent)], [credentials], transports);
      }
    }
  },

  async "headers and query, from functions that take their time, are in every request"({ page, server, echo }) {
    server.seen.headers.length = 0;
    await page.evaluate(async (url) => {
      let token = 0;
      const { socket, log } = await opened(SockJS, url, {
        transports: "xhr-streaming",
        headers: async () => ({ Authorization: `Bearer ${++token}` }),
        query: { room: "a b" },
      });
      socket.send("ping");
      await until(() => log.length > 1, "the echo");
      socket.close();
    }, `${echo}?fixed=1`);
    // Another origin is asked by OPTIONS first, without the headers themselves.
    const requests = server.seen.headers.filter(({ url, method }) => url.startsWith("/echo") && method !== "OPTIONS");
    assert.deepEqual(requests.map(({ authorization }) => authorization), ["Bearer 1", "Bearer 2", "Bearer 3"]);
    for (const { url } of requests) assert.match(url, /\?fixed=1&room=a\+b&t=\d+$/);
  },

  async "the query is in the WebSocket's address, too"({ page, server, echo }) {
    server.seen.urls.length = 0;
    await page.evaluate(async (url) => {
      const { socket } = await opened(SockJS, url, { transports: "websocket", query: () => Promise.resolve({ token: "t" }) });
      socket.close();
    }, echo);
    await until(() => server.seen.urls.some((url) => /^UPGRADE \/echo\/\d{3}\/[a-z0-5]{8}\/websocket\?token=t$/.test(url)), "the address");
  },

  async "a generator of session ids that fails costs the attempt, and is reported"({ page, echo, problems }) {
    problems.length = 0;
    const result = await page.evaluate(async (url) => {
      let calls = 0;
      const sessionId = () => {
        if (!calls++) throw new Error("expected: no id");
        return "mine";
      };
      const { socket } = await opened(SockJS, url, { transports: ["xhr-streaming", "xhr-polling"], sessionId });
      const { transport } = socket;
      socket.close();
      return transport;
    }, echo);
    assert.equal(result, "xhr-polling");
    assert.ok(problems.some((text) => text.includes("expected: no id")));
  },

  async "a provider that fails counts as a failed request"({ page, echo }) {
    const log = await page.evaluate(async (url) => {
      const { log } = await ended(SockJS, url, { headers: () => Promise.reject(new Error("no token")) });
      return log;
    }, echo);
    assert.deepEqual(log, [["close", 1002, "Cannot connect to server", false]]);
  },
};
