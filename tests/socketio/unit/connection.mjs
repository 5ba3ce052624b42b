// How connections come, go and come back.
import { equal, next, ok, thrown, turn, until } from "./assert.mjs";
import { FakeServer } from "./fake.mjs";

export const scenarios = {
  "the engine exists right after io(), and a new one after each reconnect": async ({ connect, server }) => {
    const socket = connect();
    equal(socket.io.engine.readyState, "opening");
    equal(socket.io.engine.transport.name, "websocket");
    equal([socket.connected, socket.active, socket.id, socket.io._readyState], [false, true, undefined, "opening"]);
    await next(socket, "connect");
    const { engine } = socket.io;
    equal([socket.connected, socket.disconnected, socket.id, engine.id, engine.readyState, socket.io._readyState], [true, false, "s1", "engine", "open", "open"]);
    server.socket.drop();
    await next(socket, "connect");
    ok(socket.io.engine !== engine, "a new engine");
    equal(engine.readyState, "closed");
  },

  "without autoConnect nothing happens before open": async ({ connect, server }) => {
    const socket = connect({ autoConnect: false });
    equal([socket.io.engine, socket.active, socket.io._readyState], [undefined, false, "closed"]);
    await turn();
    equal(server.sockets.length, 0);
    socket.connect();
    await next(socket, "connect");
  },

  "addresses carry the protocol's parameters and the user's": async ({ connect, io, server }) => {
    connect({ query: { a: "1 2", "é": "&" } });
    equal(server.socket.url, "ws://fake.test/socket.io/?a=1%202&%C3%A9=%26&EIO=4&transport=websocket");
    const { url } = (io("https://fake.test:8443/nsp?x=1&y", { transports: ["websocket"], path: "/p/", addTrailingSlash: false, forceNew: true, timestampRequests: true, timestampParam: "ts" }), server.socket);
    ok(/^wss:\/\/fake\.test:8443\/p\?x=1&y=&EIO=4&transport=websocket&ts=[0-9a-z]+$/.test(url), url);
    io("http://[::1]:3000", { transports: ["websocket"], forceNew: true, forceBase64: true });
    equal(server.socket.url, "ws://[::1]:3000/socket.io/?EIO=4&transport=websocket&b64=1");
    equal(await thrown(() => io(`http://fake.test/${"x".repeat(8000)}`)), "URI too long");
  },

  "managers are shared by address and path, and namespaces get sockets of their own": async ({ lib }) => {
    const opts = { transports: ["websocket"], autoConnect: false };
    const a = lib.io("http://shared.test/a", { ...opts });
    const b = lib.io("http://shared.test:80/b", { ...opts });
    ok(a.io === b.io && a !== b, "one manager");
    equal([a.nsp, b.nsp, Object.keys(a.io.nsps)], ["/a", "/b", ["/a", "/b"]]);
    ok(lib.io("http://shared.test/a", { ...opts }).io !== a.io, "a namespace in use gets a manager of its own");
    ok(lib.io("http://shared.test/c", { ...opts, forceNew: true }).io !== a.io, "forceNew");
    ok(lib.io("http://shared.test/c", { ...opts, multiplex: false }).io !== a.io, "multiplex");
    ok(lib.io("http://shared.test/c", { ...opts, path: "/other" }).io !== a.io, "path");
    ok(lib.io("https://shared.test/c", { ...opts }).io !== a.io, "protocol");
    ok(a.io.socket("/a") === a, "the manager keeps its sockets");
    ok(lib.io.connect === lib.io && lib.io.io === lib.io && lib.io.Manager === lib.Manager && lib.io.Socket === lib.Socket, "members of io");
  },

  "every namespace joins over one engine, and the last one to leave closes it": async ({ connect, server }) => {
    const socket = connect();
    const admin = socket.io.socket("/admin", { auth: { token: 1 } });
    await Promise.all([next(socket, "connect"), next(admin, "connect")]);
    equal(server.sockets.length, 1);
    equal(server.messages, ["0", '0/admin,{"token":1}']);
    admin.disconnect();
    await turn();
    equal([admin.connected, admin.active, socket.connected, server.messages.at(-1)], [false, false, true, "1/admin,"]);
    const { engine } = socket.io;
    socket.disconnect();
    await until(() => engine.readyState === "closed");
    equal(server.socket.readyState >= 2, true);
  },

  "auth may be a function, called for every connection": async ({ connect, server }) => {
    let calls = 0;
    const socket = connect({ auth: (done) => done({ n: ++calls }) });
    await next(socket, "connect");
    server.socket.drop();
    await next(socket, "connect");
    equal(server.received.filter((data) => data.startsWith("40")), ['40{"n":1}', '40{"n":2}']);
  },

  "reasons and details of a disconnection": async ({ connect, server }) => {
    const cases = {
      "transport close": () => server.socket.drop(1006),
      "transport error": () => server.socket.say("x"),
      "parse error": () => server.say("9"),
      "forced close": (socket) => socket.io.engine.close(),
      "ping timeout": (socket) => {
        socket.io.engine._pingTimeoutTime = Date.now() - 1;
        socket.emit("x");
      },
    };
    const socket = connect();
    await next(socket, "connect");
    for (const [reason, cause] of Object.entries(cases)) {
      const gone = next(socket, "disconnect");
      cause(socket);
      const [told, details] = await gone;
      equal(told, reason);
      equal([socket.connected, socket.active], [false, true]);
      if (reason === "transport close") equal([details.description, details.context.code], ["websocket connection closed", 1006]);
      if (reason === "transport error") equal([details.message, details.code], ["server error", "parser error"]);
      if (reason === "parse error") ok(details instanceof Error, "an error");
      await next(socket, "connect");
    }
    const left = next(socket, "disconnect");
    server.say("1");
    equal((await left)[0], "io server disconnect");
    equal(socket.active, false);
    socket.connect();
    await next(socket, "connect");
    let own;
    socket.on("disconnect", (reason) => (own = reason));
    socket.disconnect();
    equal([own, socket.active], ["io client disconnect", false]);
  },

  "the manager tells about every step of the loop": async ({ connect, server }) => {
    const socket = connect({ reconnectionAttempts: 2 });
    const log = [];
    for (const event of ["open", "error", "close", "reconnect_attempt", "reconnect_error", "reconnect_failed", "reconnect"]) {
      socket.io.on(event, (...args) => log.push(typeof args[0] === "object" ? [event, args[0].message] : [event, args[0]]));
    }
    socket.on("connect_error", (error) => log.push(["connect_error", error.message]));
    await next(socket, "connect");
    server.socket.drop();
    await next(socket.io, "reconnect");
    await next(socket, "connect");
    server.auto = false;
    const attempts = server.sockets.length;
    server.socket.drop();
    const failed = next(socket.io, "reconnect_failed");
    await until(() => server.sockets.length === attempts + 1);
    server.socket.fail();
    await until(() => server.sockets.length === attempts + 2);
    server.socket.fail();
    await failed;
    equal(log, [
      ["open", undefined], ["close", "transport close"], ["reconnect_attempt", 1], ["open", undefined], ["reconnect", 1],
      ["close", "transport close"], ["reconnect_attempt", 1], ["connect_error", "websocket error"], ["error", "websocket error"],
      ["reconnect_error", "websocket error"], ["reconnect_attempt", 2], ["connect_error", "websocket error"], ["error", "websocket error"],
      ["reconnect_failed", undefined], ["reconnect_error", "websocket error"],
    ]);
    equal([socket.active, socket.io._reconnecting], [true, false]);
  },

  "a failed first connection enters the same loop": async ({ connect, server }) => {
    server.auto = false;
    const socket = connect();
    const failed = next(socket, "connect_error");
    server.socket.fail();
    const [error] = await failed;
    equal([error.type, error.message, error instanceof Error], ["TransportError", "websocket error", true]);
    server.auto = true;
    await next(socket, "connect");
  },

  "an attempt ends after the timeout, and the late socket does no harm": async ({ connect, server }) => {
    server.auto = false;
    const socket = connect({ timeout: 5 });
    const late = server.socket;
    const [error] = await next(socket, "connect_error");
    equal(error.message, "timeout");
    server.auto = true;
    const connected = next(socket, "connect");
    late.open();
    late.say('0{"sid":"late","upgrades":[],"pingInterval":1000,"pingTimeout":1000}');
    await connected;
    equal(socket.io.engine.id, "engine");
  },

  "no reconnection if the user does not want it": async ({ connect, server }) => {
    const socket = connect({ reconnection: false });
    await next(socket, "connect");
    server.socket.drop();
    await turn();
    await turn();
    equal([server.sockets.length, !!socket.io._reconnecting, socket.io.reconnection()], [1, false, false]);
  },

  "disconnect() ends the loop, and manager.open() with a callback does not start it": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    server.auto = false;
    server.socket.drop();
    await until(() => server.sockets.length === 2);
    socket.disconnect();
    await turn();
    equal([socket.io._reconnecting, socket.io._readyState, server.sockets.length], [false, "closed", 2]);
    const opened = new Promise((resolve) => socket.io.open(resolve));
    server.socket.fail();
    equal((await opened).message, "websocket error");
    await turn();
    equal(server.sockets.length, 3);
  },

  "CONNECT_ERROR leaves the socket inactive, and the engine closes": async ({ connect, server }) => {
    server.auto = false;
    const socket = connect();
    server.socket.open();
    server.socket.say(`0${JSON.stringify(server.handshake)}`);
    const refused = next(socket, "connect_error");
    server.say('4{"message":"no","data":{"code":7}}');
    const [error] = await refused;
    equal([error.message, error.data, socket.active, socket.io.engine.readyState], ["no", { code: 7 }, false, "closed"]);
    await turn();
    equal(server.sockets.length, 1);
  },

  "CONNECT without an id names the old protocol": async ({ connect, server }) => {
    server.auto = false;
    const socket = connect();
    server.socket.open();
    server.socket.say(`0${JSON.stringify(server.handshake)}`);
    const refused = next(socket, "connect_error");
    server.say("0");
    ok((await refused)[0].message.includes("v2.x"), "a hint");
  },

  "pings are answered and told": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    socket.io.on("ping", () => log.push("manager ping"));
    for (const event of ["ping", "pong", "heartbeat"]) socket.io.engine.on(event, () => log.push(event));
    server.socket.say("2");
    await turn();
    equal(server.socket.sent.at(-1), "3");
    equal(log, ["heartbeat", "manager ping", "ping", "pong"]);
  },

  "silence of the server ends the connection": async ({ connect, server }) => {
    server.handshake = { ...server.handshake, pingInterval: 10, pingTimeout: 10 };
    const socket = connect();
    equal((await next(socket, "disconnect"))[0], "ping timeout");
    await next(socket, "connect");
  },

  "no transports at all is an error": async ({ lib }) => {
    const manager = new lib.Manager("http://fake.test", { transports: [], reconnection: false });
    equal(await next(manager, "error"), ["No transports available"]);
  },

  "transports may be classes": async ({ io, lib, server }) => {
    const made = [];
    class Own extends lib.WebSocket {
      createSocket(...args) {
        made.push(args[0]);
        return super.createSocket(...args);
      }
    }
    for (const name of ["transports", "transportImplementations"]) {
      const socket = io("http://fake.test", { [name]: [Own], forceNew: true });
      equal(socket.io.engine.transports, ["websocket"]);
      await next(socket, "connect");
      socket.emit("x", 1);
      await turn();
      equal(server.messages.at(-1), '2["x",1]');
    }
    equal(made.length, 2);
    const both = await thrown(() => io("http://fake.test", { transports: ["websocket"], transportImplementations: [Own], forceNew: true }));
    equal(both.message, "specifying both 'transportImplementations' and 'transports' options is not supported");
  },

  "getters and setters of the manager": async ({ lib }) => {
    const manager = new lib.Manager("http://fake.test", { autoConnect: false, reconnectionAttempts: 0, reconnectionDelay: 0, randomizationFactor: 0 });
    const read = () => [manager.reconnection(), manager.reconnectionAttempts(), manager.reconnectionDelay(), manager.reconnectionDelayMax(), manager.randomizationFactor(), manager.timeout()];
    equal(read(), [true, Infinity, 1000, 5000, 0, 20000]);
    manager.reconnection(false).reconnectionAttempts(3).reconnectionDelay(5).reconnectionDelayMax(6).randomizationFactor(0.1).timeout(false);
    equal(read(), [false, 3, 5, 6, 0.1, false]);
  },

  "with state recovery the offset goes along, and missed events come before connect": async ({ connect, server }) => {
    server.connect = { pid: "p" };
    const socket = connect();
    await next(socket, "connect");
    equal(socket.recovered, false);
    const got = next(socket, "x");
    server.say('2["x",1,"offset-1"]');
    await got;
    const log = [];
    socket.on("x", (value) => log.push(value));
    socket.on("connect", () => log.push(socket.recovered));
    server.auto = false;
    server.socket.drop();
    await until(() => server.sockets.length === 2);
    server.socket.open();
    server.socket.say(`0${JSON.stringify(server.handshake)}`);
    equal(server.messages, ['0{"pid":"p","offset":"offset-1"}']);
    server.say('2["x",2,"offset-2"]');
    server.say('0{"sid":"again","pid":"p"}');
    await until(() => log.length === 2);
    equal(log, [2, true]);
  },
};
