// Corners in which the original hangs, sends twice or forgets, and bounds of our own additions.
import { equal, next, ok, thrown, turn, until } from "./assert.mjs";

const handshake = (server) => `0${JSON.stringify(server.handshake)}`;

export const own = {
  "a connection opened by hand that fails does not end the loop": async ({ connect, server }) => {
    const socket = connect({ reconnectionDelay: 20, reconnectionDelayMax: 20 });
    await next(socket, "connect");
    server.auto = false;
    server.socket.drop();
    await until(() => socket.io._reconnecting);
    socket.io.open();
    equal(server.sockets.length, 2);
    server.socket.fail();
    await until(() => server.sockets.length === 3, "the loop to go on");
    server.socket.open();
    server.socket.say(handshake(server));
    await until(() => server.messages.includes("0"));
    server.say('0{"sid":"again"}');
    await until(() => socket.connected);
  },

  "connect() inside of connect_error does not end the loop": async ({ connect, server }) => {
    server.auto = false;
    const socket = connect();
    let errors = 0;
    socket.on("connect_error", () => errors++ < 2 && socket.connect());
    for (const count of [1, 2, 3]) {
      await until(() => server.sockets.length === count, `dial ${count}`);
      server.socket.fail();
    }
    await until(() => server.sockets.length === 4, "the loop to go on");
  },

  "an answer that comes after the next connection stands is not sent there": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    let answer;
    socket.on("question", (done) => (answer = done));
    server.say('25["question"]');
    await until(() => answer);
    server.socket.drop();
    await next(socket, "connect");
    answer("late");
    await turn();
    equal(server.messages, ["0"]);
  },

  "an acknowledgement without data is one": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    socket.emit("a", (...args) => log.push(args));
    socket.timeout(60_000).emit("b", (...args) => log.push(args));
    const answer = socket.emitWithAck("c");
    for (const id of [0, 1, 2]) server.say(`3${id}`);
    equal([await answer, log], [undefined, [[], [null]]]);
  },

  "a signal that is aborted already leaves no acknowledgement behind": async ({ connect }) => {
    const socket = connect({ maxPendingAcks: 1 });
    await next(socket, "connect");
    const signal = AbortSignal.abort(new Error("too late"));
    const log = [];
    for (let i = 0; i < 3; i++) {
      const error = await thrown(() => socket.timeout(1).signal(signal).emit("x", (error) => log.push(error)));
      equal([error.message, Object.keys(socket.acks)], ["too late", []]);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    equal(log, []);
    socket.emit("y", () => {});
  },

  "a timeout takes its packet out of sendBuffer, which stays the same array": async ({ connect }) => {
    const socket = connect({ autoConnect: false });
    const { sendBuffer } = socket;
    socket.emit("a");
    const failed = thrown(() => socket.timeout(1).emitWithAck("b"));
    socket.emit("c");
    equal((await failed).message, "operation has timed out");
    equal([socket.sendBuffer === sendBuffer, sendBuffer.map(({ data }) => data[0])], [true, ["a", "c"]]);
  },

  "an overdue heartbeat does not double what is retried": async ({ connect, server }) => {
    const socket = connect({ retries: 3, ackTimeout: 60_000 });
    await next(socket, "connect");
    socket.io.engine._pingTimeoutTime = Date.now() - 1;
    socket.emit("x");
    await next(socket, "disconnect");
    await next(socket, "connect");
    await turn();
    equal([server.messages.length, socket._queue[0].tryCount], [2, 1]);
  },

  "listeners that came and went leave nothing at their signal": async ({ lib, connect }) => {
    const socket = connect({ autoConnect: false });
    const controller = new AbortController();
    const { signal } = controller;
    let held = 0;
    for (const [name, by] of [["addEventListener", 1], ["removeEventListener", -1]]) {
      const original = signal[name];
      signal[name] = (...args) => {
        held += by;
        return original.apply(signal, args);
      };
    }
    const manager = new lib.Manager("http://fake.test", { autoConnect: false });
    const listener = () => {};
    for (let i = 0; i < 3; i++) {
      manager.once("ping", listener, { signal });
      manager.emit("ping");
      socket.on("x", listener, { signal });
      socket.off("x", listener);
      socket.on("x", listener, { signal });
      socket.off("x");
      socket.on("x", listener, { signal });
      socket.off();
      socket.onAny(listener, { signal }).offAny(listener);
      socket.onAny(listener, { signal }).offAny();
    }
    equal(held, 0);
    // Added again without the signal, it is no business of the signal any more.
    socket.on("x", listener);
    controller.abort();
    equal(socket.listeners("x").length, 1);
  },

  "a transport that cannot be made leaves no session behind": async ({ lib, connect, server }) => {
    const added = [];
    const original = globalThis.addEventListener;
    globalThis.addEventListener = (type) => added.push(type);
    try {
      await thrown(() => lib.io("http://fake.test", { transports: ["pigeon"], forceNew: true }));
    } finally {
      globalThis.addEventListener = original;
    }
    equal(added, []);
    await next(connect(), "connect");
    ok(server.socket);
  },

  "members that users may have their own ideas about are not in the way": async ({ connect }) => {
    const socket = connect();
    await next(socket, "connect");
    const { io } = socket;
    for (const object of [socket, io, io.engine, io.engine.transport]) {
      const short = new Set();
      for (let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
        for (const name of Object.getOwnPropertyNames(at)) if (name.length < 2) short.add(name);
      }
      equal([...short], []);
    }
  },
};
