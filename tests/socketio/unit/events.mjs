// Events, buffers, acknowledgements and listeners.
import { equal, next, thrown, turn, until } from "./assert.mjs";

export const scenarios = {
  "a listener gets as many arguments as were sent, and the socket as this": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    socket.on("x", function (...args) {
      log.push([this === socket, args]);
    });
    for (let count = 0; count < 6; count++) server.say(`2${JSON.stringify(["x", ...Array(count).fill(count)])}`);
    await turn();
    equal(log, Array.from({ length: 6 }, (_, count) => [true, Array(count).fill(count)]));
  },

  "events go out as JSON, and come in to their listeners": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    socket.emit("a", 1, "x", null, undefined, { b: [true], c: undefined }, new Date(0), NaN);
    socket.send("hello");
    await turn();
    equal(server.messages.slice(1), ['2["a",1,"x",null,null,{"b":[true]},"1970-01-01T00:00:00.000Z",null]', '2["message","hello"]']);
    const got = next(socket, "b");
    server.say('2["b",{"x":[1,"\\ud800"]},"é😀"]');
    equal(await got, [{ x: [1, "\ud800"] }, "é😀"]);
    equal((await thrown(() => socket.emit("x", 1n))) instanceof TypeError, true);
  },

  "reserved names are refused": async ({ connect }) => {
    const socket = connect({ autoConnect: false });
    for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
      equal((await thrown(() => socket.emit(name))).message, `"${name}" is a reserved event name`);
    }
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "open", "error"]) socket.emit(name);
    equal(socket.sendBuffer.map((packet) => packet.data[0]), ["__proto__", "constructor", "toString", "hasOwnProperty", "open", "error"]);
  },

  "what is emitted too early is buffered, and goes before connect fires": async ({ connect, server }) => {
    const socket = connect();
    socket.emit("early", 1);
    socket.emit("early", 2);
    equal(socket.sendBuffer.map((packet) => packet.data), [["early", 1], ["early", 2]]);
    socket.sendBuffer.splice(0, 1);
    let sent;
    socket.on("connect", () => (sent = socket.sendBuffer.length));
    await next(socket, "connect");
    await turn();
    equal([sent, server.messages], [0, ["0", '2["early",2]']]);
  },

  "what arrives too early is delivered before connect": async ({ connect, server }) => {
    server.auto = false;
    const socket = connect();
    server.socket.open();
    server.socket.say(`0${JSON.stringify(server.handshake)}`);
    const log = [];
    socket.on("x", (value) => log.push(value, socket.connected));
    socket.on("connect", () => log.push("connect"));
    server.say('2["x",1]');
    await turn();
    equal([socket.receiveBuffer, Object.isFrozen(socket.receiveBuffer[0])], [[["x", 1]], true]);
    server.say('0{"sid":"s"}');
    await until(() => log.length === 3);
    equal([log, socket.receiveBuffer], [[1, true, "connect"], []]);
  },

  "packets are delivered in the next microtask, in order": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    socket.on("x", (value) => log.push(value));
    server.say('2["x",1]');
    server.say('2["x",2]');
    equal(log, []);
    await Promise.resolve();
    await Promise.resolve();
    equal(log, [1, 2]);
  },

  "acknowledgements both ways": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const answers = [];
    socket.emit("ask", 1, (...args) => answers.push(args));
    socket.emit("ask", (...args) => answers.push(args));
    await turn();
    equal(server.messages.slice(1), ['20["ask",1]', '21["ask"]']);
    equal([Object.keys(socket.acks), socket.ids], [["0", "1"], 2]);
    server.say('31["b",2]');
    server.say("30[]");
    server.say('30["twice"]');
    server.say('399["unknown"]');
    await until(() => answers.length === 2);
    await turn();
    equal([answers, Object.keys(socket.acks)], [[["b", 2], []], []]);
    socket.on("question", (value, answer) => {
      answer(value + 1, "x");
      answer("ignored");
    });
    server.say('27["question",41]');
    await until(() => server.messages.at(-1).startsWith("3"));
    await turn();
    equal(server.messages.slice(3), ['37[42,"x"]']);
  },

  "timeouts give an error, and take the packet out of the buffer": async ({ connect }) => {
    const socket = connect({ autoConnect: false });
    socket.emit("kept");
    const error = await new Promise((resolve) => socket.timeout(1).emit("late", (error) => resolve(error)));
    equal([error.message, socket.sendBuffer.length, Object.keys(socket.acks)], ["operation has timed out", 1, []]);
    equal((await thrown(() => socket.timeout(1).emitWithAck("late"))).message, "operation has timed out");
  },

  "ackTimeout is the default of every acknowledgement": async ({ connect, server }) => {
    const socket = connect({ ackTimeout: 1 });
    await next(socket, "connect");
    equal((await new Promise((resolve) => socket.emit("late", (error) => resolve(error)))).message, "operation has timed out");
    const answered = new Promise((resolve) => socket.timeout(1000).emit("soon", (...args) => resolve(args)));
    await turn();
    server.say('31["yes"]');
    equal(await answered, [null, "yes"]);
  },

  "emitWithAck gives the first value": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const answer = socket.emitWithAck("ask", 1);
    await turn();
    server.say('30["first","second"]');
    equal(await answer, "first");
  },

  "on a disconnection acks with an error get one, plain ones are dropped, buffered ones survive": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    let plain = 0;
    socket.emit("plain", () => plain++);
    const lost = socket.emitWithAck("lost");
    server.socket.drop();
    const kept = socket.emitWithAck("kept");
    equal((await thrown(() => lost)).message, "socket has been disconnected");
    await next(socket, "connect");
    await turn();
    server.say('32["here"]');
    equal([await kept, plain, Object.keys(socket.acks)], ["here", 0, []]);
  },

  "retries resend one packet at a time until it is acknowledged": async ({ connect, server }) => {
    const socket = connect({ retries: 2, ackTimeout: 5 });
    const results = [];
    socket.emit("a", (...args) => results.push(args));
    socket.emit("b", (...args) => results.push(args));
    equal([socket._queue.length, socket.sendBuffer.length], [2, 0]);
    await next(socket, "connect");
    await until(() => server.messages.filter((text) => text.includes('["a"]')).length === 2);
    equal(server.messages.some((text) => text.includes('["b"]')), false);
    server.say(`3${/^2(\d+)/.exec(server.messages.at(-1))[1]}["ok"]`);
    await until(() => results.length === 1);
    await until(() => results.length === 2);
    equal(results[0], [null, "ok"]);
    equal([results[1][0].message, server.messages.filter((text) => text.includes('["b"]')).length, socket._queue.length], ["operation has timed out", 3, 0]);
  },

  "what was not acknowledged is sent again on the next connection, before connect fires": async ({ connect, server }) => {
    const socket = connect({ retries: 5, ackTimeout: 60_000 });
    await next(socket, "connect");
    const answer = socket.emitWithAck("keep");
    await turn();
    let already;
    socket.on("connect", () => (already = server.messages.length));
    server.socket.drop();
    await next(socket, "connect");
    await turn();
    equal([already >= 1, server.messages.at(-1)], [true, '21["keep"]']);
    server.say('31["kept"]');
    equal(await answer, "kept");
  },

  "volatile events go only while the transport is writable": async ({ connect, server }) => {
    const socket = connect();
    socket.volatile.emit("early");
    await next(socket, "connect");
    await turn();
    socket.volatile.emit("first");
    socket.volatile.emit("second");
    await turn();
    socket.volatile.emit("third");
    await turn();
    equal([server.messages.slice(1), socket.sendBuffer.length], [['2["first"]', '2["third"]'], 0]);
  },

  "catch-all listeners, in and out": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    const any = (...args) => log.push(["any", ...args]);
    socket.onAny(any).prependAny((...args) => log.push(["first", ...args]));
    socket.onAnyOutgoing((...args) => log.push(["out", ...args]));
    socket.on("x", (...args) => log.push(["x", ...args]));
    server.say('2["x",1]');
    await until(() => log.length === 3);
    socket.emit("y", 2);
    equal(log, [["first", "x", 1], ["any", "x", 1], ["x", 1], ["out", "y", 2]]);
    equal([socket.listenersAny().length, socket.listenersAnyOutgoing().length], [2, 1]);
    socket.offAny(any).offAnyOutgoing();
    equal([socket.listenersAny().length, socket.listenersAnyOutgoing().length], [1, 0]);
  },

  "listeners: once, off in every form, lists copied before a dispatch": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    const b = () => log.push("b");
    socket.on("x", () => {
      log.push("a");
      socket.off("x", b);
      socket.on("x", () => log.push("late"));
    });
    socket.on("x", b);
    socket.once("x", () => log.push("once"));
    equal([socket.hasListeners("x"), socket.listeners("x").length, socket.hasListeners("y"), socket.listeners("y")], [true, 3, false, []]);
    server.say('2["x"]');
    await until(() => log.length >= 3);
    equal(log, ["a", "b", "once"]);
    equal(socket.listeners("x").length, 2);
    socket.removeAllListeners("x");
    equal(socket.hasListeners("x"), false);
    const c = () => {};
    socket.addEventListener("z", c);
    socket.once("z", c);
    socket.removeListener("z", c).removeEventListener("z", c);
    equal(socket.hasListeners("z"), false);
    socket.on("z", c).off();
    equal(socket.hasListeners("z"), false);
  },

  "names from the network reach no prototype": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    socket.onAny((event, ...args) => log.push(event));
    socket.on("__proto__", (value) => log.push(value));
    for (const text of ['2["__proto__",1]', '2["constructor",{"__proto__":{"x":1}}]', '2["toString"]', '2[1,2]', '2/__proto__,["x"]', "0/constructor,{\"sid\":\"x\"}"]) server.say(text);
    await until(() => log.includes(1) && log.includes("toString") && log.some((each) => each === 1));
    await turn();
    equal([log, socket.connected, {}.x, Object.keys(socket.io.nsps)], [["__proto__", 1, "constructor", "toString", 1], true, undefined, ["/"]]);
  },

  "a listener that throws disturbs neither the connection nor what follows": async ({ connect, server, rejections }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    socket.on("x", (value) => {
      log.push(value);
      throw new Error("from a listener");
    });
    server.say('2["x",1]');
    server.say('2["x",2]');
    await until(() => log.length === 2);
    await until(() => rejections.length === 2);
    equal([rejections.splice(0).map((error) => error.message), socket.connected], [["from a listener", "from a listener"], true]);
  },

  "the flags of one emit do not reach the next": async ({ connect }) => {
    const socket = connect({ autoConnect: false });
    socket.timeout(1).compress(false).emit("a", () => {});
    socket.emit("b", () => {});
    equal(socket.sendBuffer.map((packet) => packet.options.compress), [false, true]);
    equal([!!socket.acks[0].withError, !!socket.acks[1].withError], [true, false]);
    socket.disconnect();
    delete socket.acks[0];
  },

  "a custom parser gets and gives everything": async ({ io, server }) => {
    const log = [];
    class Encoder {
      encode(packet) {
        log.push(["encode", packet.type, packet.nsp, packet.data]);
        return [`${packet.type}${JSON.stringify(packet.data ?? {})}`];
      }
    }
    class Decoder {
      listeners = [];
      on(event, listener) {
        this.listeners.push(listener);
      }
      off(event, listener) {
        this.listeners = this.listeners.filter((each) => each !== listener);
      }
      add(text) {
        for (const listener of this.listeners) listener({ type: Number(text[0]), nsp: "/", data: JSON.parse(text.slice(1)) });
      }
      destroy() {}
    }
    const socket = io("http://fake.test", { transports: ["websocket"], forceNew: true, parser: { Encoder, Decoder }, auth: { a: 1 } });
    await next(socket, "connect");
    socket.emit("x", 1);
    await turn();
    equal(log, [["encode", 0, "/", { a: 1 }], ["encode", 2, "/", ["x", 1]]]);
    const got = next(socket, "y");
    server.say('2["y",5]');
    equal(await got, [5]);
  },
};
