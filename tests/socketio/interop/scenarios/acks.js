// Acknowledgements both ways, waits for them, retries, volatile events, and what waits while the link is down.

const key = (t, name) => `${name} ${t.mode} ${t.lib.name}`;

export const acks = {
  "acknowledgements both ways": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("main");
      t.log("none", await t.ask(socket, "echo"), "many", await t.ask(socket, "echo", 1, "b", [3], null));
      t.log("emitWithAck", await socket.emitWithAck("echo", "first", "second"));
      t.log("send", socket.send("message") === socket);
      socket.on("question", (question, answer) => {
        answer(question, new Uint8Array([1]), "told");
        answer("a second time");
      });
      t.log("asked", await t.ask(socket, "ask", { deep: ["q"] }));
      const twice = [];
      socket.emit("twice", (value) => twice.push(value));
      await t.ask(socket, "echo");
      t.log("the server answers twice", twice);
    },
  },

  "waits for an acknowledgement end": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      t.log("in time", await new Promise((done) => socket.timeout(5_000).emit("echo", 1, 2, (...args) => done(args))));
      const [error, ...rest] = await new Promise((done) => socket.timeout(30).emit("mute", (...args) => done(args)));
      t.log("late", t.errorText(error), rest, error.constructor.name);
      await socket.timeout(30).emitWithAck("mute").catch((reason) => t.log("a promise", t.errorText(reason)));
      t.log("a promise in time", await socket.timeout(5_000).emitWithAck("echo", "yes"));
      const cut = new Promise((done) => socket.timeout(5_000).emit("mute", (...args) => done(args)));
      const waits = socket.emitWithAck("mute").then(() => "resolved", (reason) => t.errorText(reason));
      let plain = "never called";
      socket.emit("mute", () => (plain = "called"));
      socket.io.engine.close();
      t.log("cut", t.errorText((await cut)[0]));
      t.log("cut, a promise", await waits);
      t.log("without a timeout", plain);
      t.log("the server waits in vain", await socket.emitWithAck("ask-within", 30, "nobody listens"));
    },
  },

  "ackTimeout of the options": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main", { ackTimeout: 300 });
      t.log("in time", await t.ask(socket, "echo", "a"));
      const [error] = await t.ask(socket, "mute");
      t.log("late", t.errorText(error));
      t.log("its own wait", t.errorText((await new Promise((done) => socket.timeout(20).emit("mute", (...args) => done(args))))[0]));
    },
  },

  "retries until the server has answered": {
    modes: ["polling", "websocket"],
    async run(t) {
      const socket = await t.connected("main", { retries: 3, ackTimeout: 300 });
      t.log("at the third time", await t.ask(socket, "flaky", key(t, "third"), 3));
      const [error] = await t.ask(socket, "mute");
      t.log("never", t.errorText(error));
      const order = [];
      await Promise.all([
        t.ask(socket, "flaky", key(t, "order"), 2).then(() => order.push("first")),
        t.ask(socket, "echo", "x").then(() => order.push("second")),
        t.ask(socket, "echo", "y").then(() => order.push("third")),
      ]);
      t.log("one after the other", order);
      const attempts = (await t.command("seen", "main", "flaky")).filter(([name]) => name === key(t, "third"));
      t.log("attempts", attempts.map(([, attempt]) => attempt));
    },
  },

  "retries outlive a lost connection": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main", { retries: 10, ackTimeout: 2_000 });
      await t.ask(socket, "echo", "warm");
      const answered = [];
      for (let index = 0; index < 5; index++) socket.emit("note", key(t, "retried"), index, (error, text) => answered.push(error ? "late" : text));
      socket.io.engine.close();
      await t.until("five answers", () => answered.length === 5);
      t.log("answers", answered, "noted", [...new Set(await t.command("seen", "main", key(t, "retried")))]);
    },
  },

  "volatile events": {
    modes: ["websocket"],
    async run(t) {
      const socket = t.io("main");
      socket.volatile.emit("note", key(t, "volatile"), "before connect");
      socket.emit("note", key(t, "volatile"), "kept");
      await t.next(socket, "connect");
      await t.ask(socket, "echo");
      socket.volatile.emit("note", key(t, "volatile"), "while connected");
      await t.ask(socket, "echo");
      t.log("noted", await t.command("seen", "main", key(t, "volatile")));
      t.log("a volatile emit gives", socket.volatile.emit("note", key(t, "volatile"), "x") === socket);
    },
  },

  "what is emitted before the connection waits for it": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = t.io("main");
      const order = [];
      for (let index = 0; index < 3; index++) socket.emit("echo", index, (value) => order.push(`answer ${value}`));
      socket.on("connect", () => order.push(`connect, ${socket.sendBuffer.length} wait`));
      t.log("wait", socket.sendBuffer.length);
      await t.until("three answers", () => order.length === 4);
      t.log(order);
    },
  },

  "what waits can be dropped, and a timeout drops it": {
    modes: ["websocket"],
    async run(t) {
      const socket = t.io("main", { autoConnect: false });
      socket.emit("note", key(t, "dropped"), "dropped by hand");
      socket.sendBuffer.length = 0;
      socket.sendBuffer = [];
      const [error] = await new Promise((done) => socket.timeout(20).emit("note", key(t, "dropped"), "timed out", (...args) => done(args)));
      t.log(t.errorText(error), "wait", socket.sendBuffer.length);
      socket.emit("note", key(t, "dropped"), "sent");
      socket.connect();
      await t.ask(socket, "echo");
      t.log("noted", await t.command("seen", "main", key(t, "dropped")));
    },
  },

  "names of acknowledgements cannot do harm": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      for (const name of ["__proto__", "constructor", "hasOwnProperty", "toString"]) {
        let heard = "nothing";
        socket.on(name, (value) => (heard = value));
        socket.onpacket({ nsp: "/", type: 2, data: [name, "heard"], options: {} });
        await t.ask(socket, "echo");
        t.log(name, heard);
      }
      for (const id of ["__proto__", "constructor", 4_000_000_000]) {
        socket.onpacket({ nsp: "/", type: 3, id, data: [1] });
      }
      t.log("alive", await t.ask(socket, "echo", "yes"), "listeners of none", socket.listeners("valueOf").length, socket.hasListeners("valueOf"));
    },
  },

  "reserved names throw": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener", "message", ""]) {
        try {
          socket.emit(name, 1);
          t.log(name, "went out");
        } catch (error) {
          t.log(name, t.errorText(error));
        }
      }
    },
  },

  "listeners for everything": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      const note = (name) => (event, ...args) => t.log(name, event, args.filter((arg) => typeof arg !== "function"));
      const any = note("any");
      socket.onAny(any).prependAny(note("first")).onAnyOutgoing(note("out")).prependAnyOutgoing(note("out first"));
      socket.on("bounced", (value) => t.log("on", value));
      const seen = t.next(socket, "bounced");
      socket.emit("bounce", 1);
      await seen;
      t.log("listeners", socket.listenersAny().length, socket.listenersAnyOutgoing().length, "live", socket.listenersAny() === socket.listenersAny());
      socket.offAny(any).offAnyOutgoing();
      const again = t.next(socket, "bounced");
      socket.emit("bounce", 2);
      await again;
    },
  },

  "the emitter's methods": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      const heard = [];
      const one = () => heard.push("one");
      const late = () => heard.push("late");
      socket.on("bounced", one).once("bounced", () => heard.push("once")).addEventListener("bounced", () => {
        heard.push("adds and removes");
        socket.off("bounced", late);
        socket.on("bounced", () => heard.push("new"));
      }).on("bounced", late);
      for (let round = 0; round < 2; round++) {
        const seen = t.next(socket, "bounced");
        socket.emit("bounce");
        await seen;
        heard.push("|");
      }
      t.log(heard);
      t.log("count", socket.listeners("bounced").length, socket.hasListeners("bounced"));
      socket.removeAllListeners("bounced");
      t.log("after off", socket.hasListeners("bounced"), socket.removeListener === socket.off || "equal", typeof socket.removeEventListener);
    },
  },
};
