// Members that are nobody's business and that applications, dashboards and mocks use all the same.

export const internals = {
  "the manager's members": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      const manager = socket.io;
      t.log("states", manager._readyState, manager._reconnecting, Object.keys(manager.nsps), manager.nsps["/"] === socket);
      t.log("opts", typeof manager.opts, manager.opts.path, manager.opts.transports, manager.uri === t.url("main"));
      t.follow(socket);
      manager._close();
      t.log("closed", manager._readyState, socket.connected, socket.active);
      manager.open((error) => t.log("opened", error ?? "well"));
      await t.next(socket, "connect");
      manager.disconnect();
      t.log("closed", manager._readyState);
    },
  },

  "packets and garbage can be injected": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      socket.on("made up", (...args) => t.log("heard", args));
      socket.onpacket({ nsp: "/", type: 2, data: ["made up", 1, "two"] });
      await t.ask(socket, "echo");
      socket.io.engine.emit("data", '2["made up","as text"]');
      await t.ask(socket, "echo");
      t.follow(socket);
      const back = t.next(socket, "connect");
      socket.io.engine.emit("data", "bogus");
      await back;
    },
  },

  "acknowledgements and queue can be looked at": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      socket.emit("mute", () => {});
      socket.emit("mute", () => {});
      t.log("acks", Object.keys(socket.acks), "queue", socket._queue.length, "buffers", socket.sendBuffer.length, socket.receiveBuffer.length);
      const retrying = await t.connected("main", { retries: 1, ackTimeout: 10_000 });
      retrying.emit("mute");
      retrying.emit("mute");
      t.log("queue", retrying._queue.length);
    },
  },

  "the engine's members": {
    modes: ["websocket", "polling"],
    async run(t) {
      const socket = await t.connected("main");
      const { engine } = socket.io;
      t.log(typeof engine.id, engine.readyState, engine.transport.name, Array.isArray(engine.writeBuffer), engine.binaryType);
      t.log("protocol", engine.constructor.protocol);
      let flushed = false;
      engine.once("flush", () => (flushed = true));
      engine.on("drain", () => (flushed ||= "drain first"));
      await t.ask(socket, "echo");
      t.log("flush", flushed);
      engine.on("close", (reason) => t.log("close", reason));
      // With polling the answer to the echo may come before the one to the request that asked for it, which closing waits for.
      await t.until("written", () => engine.writeBuffer.length === 0);
      engine.close();
      t.log(engine.readyState);
      await t.until("closed", () => engine.readyState === "closed");
    },
  },

  "a new engine after every loss": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      const engines = new Set([socket.io.engine]);
      socket.io.on("open", () => engines.add(socket.io.engine));
      for (let round = 0; round < 3; round++) {
        const back = t.next(socket, "connect");
        socket.io.engine.close();
        await back;
      }
      t.log(engines.size);
    },
  },

  "a listener that throws": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      t.follow(socket);
      socket.on("bounced", () => {
        throw new Error("thrown on purpose");
      });
      socket.emit("bounce", 1);
      await t.until("the error is reported", () => t.reported.length > 0);
      t.log("alive", await t.ask(socket, "echo", 1));
    },
  },
};
