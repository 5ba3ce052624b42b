// HTTP long-polling and the upgrade, with every request in the scenario's hands.
import { equal, next, ok, turn, until } from "./assert.mjs";

/** Takes the place of `fetch`; each request waits for its answer. */
function takeFetch() {
  const requests = [];
  const original = globalThis.fetch;
  globalThis.fetch = (url, { method, body, signal, headers, credentials }) => new Promise((resolve, reject) => {
    const request = {
      url, method, body, headers, credentials, open: true,
      answer(text, status = 200) {
        request.open = false;
        resolve(new Response(text, { status }));
      },
      fail() {
        request.open = false;
        reject(new TypeError("failed to fetch"));
      },
    };
    signal?.addEventListener("abort", () => {
      request.aborted = true;
      request.open = false;
      reject(signal.reason);
    });
    requests.push(request);
  });
  return {
    requests,
    /** The request of a kind that waits. */
    async waiting(method) {
      await until(() => requests.some((request) => request.open && request.method === method), `a ${method}`);
      return requests.find((request) => request.open && request.method === method);
    },
    restore: () => (globalThis.fetch = original),
  };
}

const HANDSHAKE = { sid: "id", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000 };

/** A scenario with requests in hand; `joined` gives a socket that has joined over polling. */
export const withFetch = (scenario) => async (context) => {
  const http = takeFetch();
  const joined = async (options, handshake) => {
    const socket = context.connect({ transports: ["polling"], ...options });
    const connected = next(socket, "connect");
    (await http.waiting("GET")).answer(`0${JSON.stringify({ ...HANDSHAKE, ...handshake })}`);
    const post = await http.waiting("POST");
    equal(post.body, "40");
    post.answer("ok");
    (await http.waiting("GET")).answer('40{"sid":"s"}');
    await connected;
    return socket;
  };
  try {
    await scenario({ ...context, http, joined });
  } finally {
    http.restore();
  }
};

const scenarios = {
  "requests have the parameters, headers and credentials of the options": async ({ connect, http }) => {
    connect({ transports: ["polling"], extraHeaders: { "X-A": "1" }, withCredentials: true, forceBase64: true, reconnection: false });
    const get = await http.waiting("GET");
    ok(/^http:\/\/fake\.test\/socket\.io\/\?EIO=4&transport=polling&t=[0-9a-z]+&b64=1$/.test(get.url), get.url);
    equal([get.headers["X-A"], get.headers.Accept, get.credentials], ["1", "*/*", "include"]);
    get.answer(`0${JSON.stringify(HANDSHAKE)}`);
    const post = await http.waiting("POST");
    ok(post.url.includes("&sid=id"), post.url);
    equal(post.headers["Content-type"], "text/plain;charset=UTF-8");
    post.answer("ok");
  },

  "one POST at a time, and each within maxPayload": async ({ joined, http }) => {
    const socket = await joined({}, { maxPayload: 30 });
    for (const text of ["1", "22", "333", "4444", "é", "x".repeat(18)]) socket.emit("e", text);
    const bodies = [];
    for (let i = 0; i < 4; i++) {
      const post = await http.waiting("POST");
      equal(http.requests.filter(({ open, method }) => open && method === "POST").length, 1);
      bodies.push(post.body);
      post.answer("ok");
      await turn();
      if (bodies.join("").includes("xxx")) break;
    }
    equal(bodies, ['42["e","1"]', '42["e","22"]\x1e42["e","333"]', '42["e","4444"]\x1e42["e","é"]', `42["e","${"x".repeat(18)}"]`]);
    equal(socket.io.engine.writeBuffer, []);
  },

  "binary travels as base64, blobs keep their place": async ({ joined, http }) => {
    const socket = await joined();
    socket.emit("a", new Uint8Array([1, 2]), new Blob(["hi"]), "last");
    const post = await http.waiting("POST");
    equal(post.body, '452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},"last"]');
    post.answer("ok");
    const rest = await http.waiting("POST");
    equal(rest.body, "bAQI=\x1ebaGk=");
    rest.answer("ok");
    const got = next(socket, "b");
    (await http.waiting("GET")).answer('451-["b",{"_placeholder":true,"num":0}]\x1ebAQID\x1e2');
    equal(await got, [new Uint8Array([1, 2, 3]).buffer]);
    const pong = await http.waiting("POST");
    equal(pong.body, "3");
    pong.answer("ok");
  },

  "several packets of one answer are delivered in order, an undecodable one is the last": async ({ joined, http }) => {
    const socket = await joined({ reconnection: false });
    const log = [];
    socket.onAny((...args) => log.push(args));
    const gone = next(socket, "disconnect");
    (await http.waiting("GET")).answer('42["a"]\x1e6\x1e42["b"]\x1ex\x1e42["c"]');
    const [reason, error] = await gone;
    await turn();
    // Packets are delivered in the next microtask, when the connection is gone already: they wait for the next one.
    equal([reason, error.message, log, socket.receiveBuffer], ["transport error", "server error", [], [["a"], ["b"]]]);
  },

  "the server's close packet ends the session": async ({ joined, http }) => {
    const socket = await joined({ reconnection: false });
    const gone = next(socket, "disconnect");
    (await http.waiting("GET")).answer("1");
    equal(await gone, ["transport close", { description: "transport closed by the server" }]);
  },

  "closing says goodbye and lets the poll end by itself": async ({ joined, http }) => {
    const socket = await joined();
    const get = await http.waiting("GET");
    socket.disconnect();
    const post = await http.waiting("POST");
    equal(post.body, "41");
    post.answer("ok");
    equal([(await http.waiting("POST")).body, get.aborted], ["1", undefined]);
  },

  "a refusal tells the status, and what the server said about it": async ({ connect, http }) => {
    const socket = connect({ transports: ["polling"], reconnection: false });
    const failed = next(socket, "connect_error");
    (await http.waiting("GET")).answer('{"code":1,"message":"Session ID unknown"}', 400);
    const [error] = await failed;
    equal([error.message, error.type, error.description, error.context.status, error.data], ["xhr poll error", "TransportError", 400, 400, { code: 1, message: "Session ID unknown" }]);
    ok(error.cause.message.includes("sticky"), error.cause.message);
  },

  "a network error is told, in the words of the transport in use": async ({ connect, http, lib }) => {
    for (const [transport, message] of [["polling", "xhr poll error"], [lib.XHR, "xhr poll error"], [lib.Fetch, "fetch read error"]]) {
      const socket = connect({ transports: [transport], reconnection: false });
      const failed = next(socket, "connect_error");
      (await http.waiting("GET")).fail();
      const [error] = await failed;
      equal([error.message, error.context.status, error.cause instanceof TypeError], [message, 0, true]);
    }
  },

  "a failing POST ends the connection": async ({ joined, http }) => {
    const socket = await joined({ reconnection: false });
    const gone = next(socket, "disconnect");
    socket.emit("x");
    (await http.waiting("POST")).answer("too large", 413);
    const [reason, error] = await gone;
    equal([reason, error.message, error.description], ["transport error", "xhr post error", 413]);
  },

  "the upgrade loses and reorders nothing": async ({ joined, http, server }) => {
    server.auto = false;
    const socket = await joined({ transports: ["polling", "websocket"] }, { upgrades: ["websocket"] });
    const { engine } = socket.io;
    const log = [];
    for (const event of ["upgrading", "upgrade", "upgradeError"]) engine.on(event, (value) => log.push(event, value.name));
    const got = [];
    socket.on("e", (value) => got.push(value));
    await until(() => server.socket);
    ok(server.socket.url.includes("transport=websocket&sid=id"), server.socket.url);
    server.socket.open();
    equal(server.socket.sent, ["2probe"]);
    socket.emit("e", 1);
    const post = await http.waiting("POST");
    const get = await http.waiting("GET");
    server.socket.say("3probe");
    equal(log, ["upgrading", "websocket"]);
    socket.emit("e", 2);
    get.answer('42["e","a"]\x1e6');
    await turn();
    equal([server.socket.sent, engine.transport.name], [["2probe"], "polling"]);
    post.answer("ok");
    // The server ends every poll while a client upgrades.
    (await http.waiting("GET")).answer("6");
    await until(() => engine.transport.name === "websocket");
    server.socket.say('42["e","b"]');
    await turn();
    socket.emit("e", 3);
    await turn();
    equal([post.body, server.socket.sent, got, log], ['42["e",1]', ["2probe", "5", '42["e",2]', '42["e",3]'], ["a", "b"], ["upgrading", "websocket", "upgrade", "websocket"]]);
    equal(http.requests.filter(({ open }) => open).length, 0);
  },

  "an upgrade that fails leaves polling in use, even after it was paused": async ({ joined, http, server }) => {
    const cases = {
      "probe error: Error: websocket error": (socket) => socket.fail(),
      "probe error: transport closed": (socket) => socket.drop(),
      "probe error": (socket) => { socket.open(); socket.say("3wrong"); },
      "probe error: transport closed ": (socket) => { socket.open(); socket.say("3probe"); socket.drop(); },
    };
    server.auto = false;
    for (const [message, cause] of Object.entries(cases)) {
      const socket = await joined({ transports: ["polling", "websocket"] }, { upgrades: ["websocket"] });
      const failed = next(socket.io.engine, "upgradeError");
      const probes = server.sockets.length;
      await until(() => server.sockets.length > 0 && server.socket.readyState === 0, "a probe");
      ok(probes <= server.sockets.length);
      cause(server.socket);
      const [error] = await failed;
      equal([error.message, error.transport, socket.io.engine.transport.name, socket.io.engine.upgrading], [message.trim(), "websocket", "polling", false]);
      const got = next(socket, "e");
      (await http.waiting("GET")).answer('42["e"]');
      await got;
      socket.emit("x");
      const post = await http.waiting("POST");
      equal(post.body, '42["x"]');
      post.answer("ok");
      ok((await http.waiting("GET")).open, "it polls on");
      for (const request of http.requests) request.open = false;
      socket.io._close();
      (await http.waiting("POST")).open = false;
    }
  },

  "rememberUpgrade starts with the transport that worked": async ({ joined, connect, server }) => {
    const socket = await joined({ transports: ["polling"], rememberUpgrade: true });
    equal(socket.io.engine.constructor.priorWebsocketSuccess, false);
    socket.io._close();
    await next(connect({ transports: ["websocket"] }), "connect");
    equal(connect({ transports: ["polling", "websocket"], rememberUpgrade: true }).io.engine.transport.name, "websocket");
    equal(connect({ transports: ["polling", "websocket"] }).io.engine.transport.name, "polling");
    ok(server.sockets.length >= 2);
  },

  "there is no upgrade to a transport that is not in the list": async ({ joined, http, server, lib }) => {
    for (const transports of [["polling", "webtransport"], [lib.XHR, class extends lib.WebSocket { get name() { return "mine"; } }]]) {
      const socket = await joined({ transports }, { upgrades: ["websocket"] });
      await turn();
      equal([server.sockets.length, socket.io.engine.transport.name, socket.io.engine.upgrading], [0, "polling", false]);
      socket.io._close();
      for (const request of http.requests) request.open = false;
    }
  },

  "closed between the transports, it says goodbye on the next one": async ({ joined, http, server }) => {
    server.auto = false;
    const socket = await joined({ transports: ["polling", "websocket"] }, { upgrades: ["websocket"] });
    const { engine } = socket.io;
    await until(() => server.socket);
    server.socket.open();
    server.socket.say("3probe");
    equal([engine.upgrading, engine.writeBuffer.length], [true, 0]);
    const gone = next(socket, "disconnect");
    engine.close();
    equal(engine.readyState, "closing");
    (await http.waiting("GET")).answer("6");
    equal(await gone, ["forced close", undefined]);
    equal([server.socket.sent, server.socket.readyState >= 2], [["2probe", "5"], true]);
  },

  "leaving the page is no failure, and coming back starts anew": async ({ joined, http }) => {
    const page = new EventTarget();
    const listeners = new Set();
    const { addEventListener, removeEventListener } = globalThis;
    globalThis.addEventListener = (type, listener) => {
      listeners.add(listener);
      page.addEventListener(type, listener);
    };
    globalThis.removeEventListener = (type, listener) => {
      listeners.delete(listener);
      page.removeEventListener(type, listener);
    };
    const happen = (type, persisted) => page.dispatchEvent(Object.assign(new Event(type), { persisted }));
    try {
      const socket = await joined();
      const log = [];
      for (const event of ["disconnect", "connect_error"]) socket.on(event, (...args) => log.push(event, ...args));
      socket.emit("x");
      const [get, post] = [await http.waiting("GET"), await http.waiting("POST")];
      happen("pagehide", true);
      await turn();
      equal([get.aborted, post.aborted, log], [true, true, []]);
      happen("pageshow", true);
      equal(log, ["disconnect", "transport close", { description: "requests ended with the page" }]);
      ok((await http.waiting("GET")).url.includes("EIO=4"), "a new handshake");
      socket.disconnect();
      equal(listeners.size, 0);
    } finally {
      Object.assign(globalThis, { addEventListener, removeEventListener });
    }
  },

  "with upgrade: false nothing is probed": async ({ joined, server }) => {
    const socket = await joined({ transports: ["polling", "websocket"], upgrade: false }, { upgrades: ["websocket"] });
    await turn();
    equal([server.sockets.length, socket.io.engine.transport.name], [0, "polling"]);
  },

  "tryAllTransports: polling fails, WebSocket takes over": async ({ connect, http }) => {
    const socket = connect({ transports: ["polling", "websocket"], tryAllTransports: true });
    const connected = next(socket, "connect");
    (await http.waiting("GET")).fail();
    await connected;
    equal(socket.io.engine.transport.name, "websocket");
  },

  "a message too long for a POST is refused": async ({ joined }) => {
    const socket = await joined({}, { maxPayload: 100 });
    let error;
    try {
      socket.emit("x", new Uint8Array(76));
    } catch (thrown) {
      error = thrown;
    }
    equal([error?.code, error?.size, socket.connected], ["PAYLOAD_TOO_LARGE", 105, true]);
  },
};

/** The original polls with XMLHttpRequest, which is not there in Node; the tests against a real server compare both. */
export const own = Object.fromEntries(Object.entries(scenarios).map(([name, scenario]) => [`polling: ${name}`, withFetch(scenario)]));
