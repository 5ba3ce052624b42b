// What the original lacks or gets wrong.
import { equal, next, ok, thrown, turn, until } from "./assert.mjs";

export const own = {
  "an invalid handshake fails at once": async ({ connect, server }) => {
    for (const text of ["0", "0{", "0null", '0"x"', '0{"sid":""}', '0{"sid":"x","pingInterval":"a","pingTimeout":1}', '0{"sid":"x","pingInterval":-1,"pingTimeout":1}', '4["early"]', "6"]) {
      server.auto = false;
      const socket = connect({ reconnection: false });
      const failed = next(socket, "connect_error");
      server.socket.open();
      server.socket.say(text);
      const [error] = await failed;
      equal([text, error.message, error.code], [text, "server error", "invalid handshake"]);
      equal(socket.io.engine.readyState, "closed");
    }
  },

  "a message over the server's limit is refused, and the connection stays": async ({ connect, server }) => {
    server.handshake.maxPayload = 100;
    const socket = connect();
    await next(socket, "connect");
    for (const value of ["x".repeat(100), "é".repeat(50), "😀".repeat(25), new Uint8Array(101)]) {
      const error = await thrown(() => socket.emit("x", value, () => {}));
      equal([error.code, error.limit, error.size > 100], ["PAYLOAD_TOO_LARGE", 100, true]);
    }
    equal((await thrown(() => socket.emitWithAck("x", "x".repeat(100)))).code, "PAYLOAD_TOO_LARGE");
    socket.emit("x", "x".repeat(90));
    socket.emit("y", new Uint8Array(100));
    await turn();
    equal([server.messages.length, socket.connected, Object.keys(socket.acks)], [4, true, []]);
  },

  "a buffered message over the limit fails its acknowledgement or is reported, and the others go": async ({ connect, server, rejections }) => {
    server.handshake.maxPayload = 100;
    const socket = connect();
    const answer = socket.timeout(60_000).emitWithAck("large", "x".repeat(200));
    socket.emit("untold", "x".repeat(200));
    socket.emit("small");
    equal((await thrown(() => answer)).code, "PAYLOAD_TOO_LARGE");
    await until(() => socket.connected);
    await turn();
    equal(server.messages, ["0", '2["small"]']);
    await until(() => rejections.length);
    equal(rejections.splice(0).map((error) => error.code), ["PAYLOAD_TOO_LARGE"]);
  },

  "the send buffer can be bounded": async ({ connect }) => {
    const strict = connect({ autoConnect: false, maxBufferedPackets: 2 });
    strict.emit("a").emit("b");
    equal((await thrown(() => strict.emit("c", () => {}))).code, "SEND_BUFFER_FULL");
    equal([strict.sendBuffer.length, Object.keys(strict.acks)], [2, []]);
    const rolling = connect({ autoConnect: false, maxBufferedPackets: 2, bufferOverflow: "drop-oldest" });
    const first = rolling.timeout(60_000).emitWithAck("a");
    rolling.emit("b").emit("c");
    equal([(await thrown(() => first)).code, rolling.sendBuffer.map((packet) => packet.data[0])], ["SEND_BUFFER_FULL", ["b", "c"]]);
  },

  "pending acknowledgements are bounded": async ({ connect, server }) => {
    const socket = connect({ maxPendingAcks: 2 });
    await next(socket, "connect");
    socket.emit("a", () => {}).emit("b", () => {});
    equal((await thrown(() => socket.emit("c", () => {}))).code, "TOO_MANY_ACKS");
    const gone = next(socket, "disconnect");
    server.socket.drop();
    await gone;
    await next(socket, "connect");
    socket.emit("c", () => {});
  },

  "an AbortSignal removes listeners": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    const controller = new AbortController();
    const options = { signal: controller.signal };
    socket.on("x", () => log.push("on"), options).once("x", () => log.push("once"), options).onAny(() => log.push("any"), options);
    server.say('2["x"]');
    await turn();
    controller.abort();
    server.say('2["x"]');
    socket.on("x", () => log.push("late"), options);
    await turn();
    equal([log, socket.hasListeners("x"), socket.listenersAny()], [["any", "on", "once"], false, []]);
  },

  "an AbortSignal gives an acknowledgement up": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const controller = new AbortController();
    const answer = socket.signal(controller.signal).emitWithAck("ask");
    await turn();
    const reason = new Error("not wanted");
    controller.abort(reason);
    equal([(await thrown(() => answer)) === reason, Object.keys(socket.acks)], [true, []]);
    server.say('30["late"]');
    equal(await thrown(() => socket.signal(controller.signal).emitWithAck("never")) === reason, true);
    await turn();
    equal([socket.connected, server.messages.length], [true, 2]);
  },

  "the flags of an emit that throws do not reach the next": async ({ connect }) => {
    const socket = connect({ autoConnect: false });
    await thrown(() => socket.timeout(5).volatile.emit("connect"));
    socket.emit("x", () => {});
    equal([socket.sendBuffer.length, !!socket.acks[0].withError], [1, false]);
  },

  "recovery says why": async ({ connect, server }) => {
    const socket = connect();
    const reasons = [];
    socket.on("connect", () => reasons.push(socket.recovery.reason));
    equal(socket.recovery, undefined);
    const again = async (answer) => {
      server.connect = answer;
      server.socket.drop();
      await next(socket, "connect");
    };
    await next(socket, "connect");
    await again({});
    await again({ pid: "a" });
    await again({ pid: "b" });
    const got = next(socket, "x");
    server.say('2["x","offset"]');
    await got;
    await again({ pid: "b" });
    await again({ pid: "c" });
    equal(reasons, ["first-connection", "not-supported", "no-offset", "no-offset", "recovered", "expired"]);
  },

  "retries may have several packets on the way, in order for each key": async ({ connect, server }) => {
    const socket = connect({ retries: 3, ackTimeout: 60_000, retryWindow: 3, retryKey: (event, value) => value.key });
    await next(socket, "connect");
    const done = [];
    for (const [key, n] of [["a", 1], ["a", 2], ["b", 1], ["c", 1], ["d", 1]]) socket.emit("x", { key, n }, () => done.push(key + n));
    await turn();
    const sent = () => server.messages.slice(1).map((text) => { const [, { key, n }] = JSON.parse(text.slice(text.indexOf("["))); return key + n; });
    equal(sent(), ["a1", "b1", "c1"]);
    const id = /^2(\d+)/.exec(server.messages[1])[1];
    server.say(`3${id}[]`);
    await until(() => done.length === 1);
    await turn();
    equal(sent(), ["a1", "b1", "c1", "a2"]);
  },

  "retries work without ackTimeout": async ({ connect, server }) => {
    const socket = connect({ retries: 3 });
    await next(socket, "connect");
    const answer = socket.emitWithAck("x");
    await turn();
    server.socket.drop();
    await next(socket, "connect");
    await turn();
    server.say(`3${/^2(\d+)/.exec(server.messages.at(-1))[1]}["yes"]`);
    equal(await answer, "yes");
  },

  "a packet that cannot be encoded does not hold up the queue": async ({ connect, server }) => {
    const socket = connect({ retries: 3 });
    await next(socket, "connect");
    const failed = new Promise((resolve) => socket.emit("bad", 1n, resolve));
    socket.emit("good");
    ok((await failed) instanceof TypeError, "the error");
    await turn();
    ok(server.messages.at(-1).endsWith('["good"]'), server.messages.at(-1));
  },

  "redial joins again after the server has sent us away": async ({ connect, server }) => {
    const asked = [];
    const socket = connect({ redial: (reason, error) => { asked.push([reason, error?.message]); return 1; } });
    await next(socket, "connect");
    server.say("1");
    await next(socket, "connect");
    server.auto = false;
    server.say("1");
    await until(() => server.sockets.length === 3);
    server.socket.open();
    server.socket.say(`0${JSON.stringify(server.handshake)}`);
    server.auto = true;
    server.say('4{"message":"token expired"}');
    await next(socket, "connect");
    equal(asked, [["io server disconnect", undefined], ["io server disconnect", undefined], ["connect_error", "token expired"]]);
    server.say("1");
    await next(socket, "disconnect");
    socket.disconnect();
    const { length } = server.sockets;
    await new Promise((resolve) => setTimeout(resolve, 5));
    equal(server.sockets.length, length);
  },

  "a listener of open that closes the engine does not end the loop": async ({ connect, server }) => {
    const socket = connect();
    let closed = false;
    socket.io.on("open", () => {
      if (closed) return;
      closed = true;
      socket.io.engine.close();
    });
    await next(socket, "connect");
    equal([server.sockets.length, socket.io._readyState], [2, "open"]);
  },

  "a listener that throws does not starve the others, nor the loop": async ({ connect, server, rejections }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    for (const event of ["disconnect", "x"]) {
      socket.on(event, () => {
        throw new Error(`from ${event}`);
      });
      socket.on(event, () => log.push(event));
    }
    server.say('2["x"]');
    await until(() => log.length === 1);
    server.socket.drop();
    await next(socket, "connect");
    await until(() => rejections.length === 2);
    equal([log, rejections.splice(0).map((error) => error.message)], [["x", "disconnect"], ["from x", "from disconnect"]]);
  },

  "an answer for a connection that is gone is not sent on the next": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    let answer;
    socket.on("question", (done) => (answer = done));
    server.say('25["question"]');
    await until(() => answer);
    server.auto = false;
    server.socket.drop();
    await until(() => server.sockets.length === 2);
    answer("late");
    server.socket.open();
    server.socket.say(`0${JSON.stringify(server.handshake)}`);
    await turn();
    equal(server.messages, ["0"]);
  },

  "a volatile event right after a loss is dropped": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    server.socket.drop();
    socket.volatile.emit("x");
    equal(socket.sendBuffer, []);
  },

  "an unknown transport is named": async ({ connect }) => {
    const error = await thrown(() => connect({ transports: ["carrier-pigeon"] }));
    equal(error.message, 'unknown transport "carrier-pigeon": use polling or websocket, or give a class');
  },

  "transports have to be a list": async ({ connect }) => {
    const error = await thrown(() => connect({ transports: "websocket" }));
    equal(error.message, 'transports must be a list, such as ["websocket"], not "websocket"');
  },

  "an option of ours with a wrong value is named at once, and nothing is dialled": async ({ lib, io, server }) => {
    const range = "an integer from 1";
    for (const [name, expected, values] of [
      ["maxBufferedPackets", range, [-1, 0, 1.5, NaN, "5", null]],
      ["maxPendingAcks", range, [0, "5"]],
      ["retryWindow", range, [0, null, -Infinity]],
      ["retryKey", "a function", ["room", null]],
      ["bufferOverflow", "'throw' or 'drop-oldest'", ["drop", true, null]],
      ["redial", "a boolean, milliseconds from 0 to 2147483647, or a function", ["yes", -1, NaN, Infinity, null]],
    ]) {
      for (const value of values) {
        const error = await thrown(() => io("http://fake.test", { [name]: value }));
        const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
        equal([error.name, error.message], ["TypeError", `${name} must be ${expected}, not ${shown}`]);
        const manager = new lib.Manager("http://fake.test", { autoConnect: false });
        equal((await thrown(() => manager.socket("/", { [name]: value }))).message, error.message);
        equal(Object.keys(manager.nsps), []);
      }
    }
    equal(server.sockets.length, 0);
    const fitting = { maxBufferedPackets: Infinity, maxPendingAcks: 1, retryWindow: 2, retryKey: String, bufferOverflow: "throw", redial: 0 };
    for (const options of [fitting, { redial: false, maxBufferedPackets: undefined }]) io("http://fake.test", { ...options, autoConnect: false }).close();
  },

  "a WebSocket option that is no class is named": async ({ connect }) => {
    const [error] = await next(connect({ WebSocket: 5, reconnection: false }), "connect_error");
    equal(error.message, "the option `WebSocket` must be a class, for example that of the package ws");
  },

  "webtransport alone fails like an unreachable server": async ({ io }) => {
    const socket = io("http://fake.test", { transports: ["webtransport"], forceNew: true, reconnection: false });
    const [error] = await next(socket, "connect_error");
    equal([error.message, error.description], ["webtransport error", "not supported by this client: use polling or websocket"]);
    equal(socket.io._readyState, "closed");
  },

  "tryAllTransports moves on": async ({ io, server }) => {
    const socket = io("http://fake.test", { transports: ["webtransport", "websocket"], tryAllTransports: true, forceNew: true });
    await next(socket, "connect");
    equal([socket.io.engine.transport.name, server.sockets.length], ["websocket", 1]);
  },

  "events before the namespace is joined are bounded": async ({ connect, server }) => {
    server.auto = false;
    const socket = connect({ reconnection: false });
    server.socket.open();
    server.socket.say(`0${JSON.stringify(server.handshake)}`);
    const gone = next(socket, "disconnect");
    for (let i = 0; i < 10_001; i++) server.say('2["x"]');
    equal((await gone)[0], "parse error");
  },

  "auth may be a promise or an async function, whichever way that answers": async ({ connect, server }) => {
    const ways = [
      async () => ({ token: 1 }),
      (callback) => { callback({ token: 2 }); },
      async (callback) => { await undefined; callback({ token: 3 }); },
      async (callback) => { callback({ token: 4 }); return { token: "late" }; },
      Promise.resolve({ token: 5 }),
    ];
    for (const auth of ways) await next(connect({ auth }), "connect");
    await turn();
    equal(server.sockets.map(({ sent }) => sent.map((text) => text.slice(2))), [1, 2, 3, 4, 5].map((token) => [JSON.stringify({ token })]));
  },

  "an auth promise that comes after its connection is gone is for nothing": async ({ connect, server }) => {
    const answers = [];
    const socket = connect({ auth: () => new Promise((resolve) => answers.push(resolve)) });
    await until(() => answers.length === 1);
    server.socket.drop();
    await until(() => answers.length === 2);
    answers[0]({ token: "old" });
    answers[1]({ token: "new" });
    await next(socket, "connect");
    equal(server.sockets.map(({ sent }) => sent), [[], ['40{"token":"new"}']]);
  },
};
