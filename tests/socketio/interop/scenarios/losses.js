// The connection is lost in every way, and comes back.

/** Kills the server, waits for the loss and a try in vain, starts it again and waits for the connection. */
async function restart(t, socket) {
  const lost = t.next(socket, "disconnect");
  const failed = t.next(socket.io, "reconnect_error");
  await t.command("kill", "own");
  await lost;
  socket.emit("note", `after ${t.lib.name} ${t.mode}`, "written while down");
  const back = t.next(socket, "connect");
  await failed;
  await t.command("restart", "own");
  await back;
}

export const losses = {
  "kill -9 of the server and back": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      t.ports.own = await t.command("own");
      const socket = await t.connected("own");
      t.follow(socket, "socket", { details: t.mode !== "polling" });
      await restart(t, socket);
      await t.settled(socket);
      await t.until("the note", async () => (await t.command("seenOwn", `after ${t.lib.name} ${t.mode}`)).length > 0);
      t.log("noted", await t.command("seenOwn", `after ${t.lib.name} ${t.mode}`));
      t.log("id is another", typeof socket.id, "transport", socket.io.engine.transport.name);
      t.collapse();
    },
  },

  "the network is cut": {
    modes: ["websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("main");
      t.follow(socket);
      const [before, engine] = [socket.id, socket.io.engine];
      const back = t.next(socket, "connect");
      await t.command("cut", "main");
      await back;
      t.log("another id", socket.id !== before, "another engine", socket.io.engine !== engine);
    },
  },

  "the engine is closed by the server": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("main");
      t.follow(socket);
      const back = t.next(socket, "connect");
      socket.emit("close-engine");
      await back;
    },
  },

  "the engine is closed by the application": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("main");
      t.follow(socket);
      const back = t.next(socket, "connect");
      socket.io.engine.close();
      await back;
    },
  },

  "no reconnection wanted": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main", { reconnection: false });
      t.follow(socket);
      const lost = t.next(socket, "disconnect");
      await t.command("cut", "main");
      await lost;
      t.log("active", socket.active);
      socket.connect();
      await t.next(socket, "connect");
    },
  },

  "the server falls silent": {
    modes: ["polling", "websocket"],
    async run(t) {
      t.ports.own = await t.command("own", "heartbeat");
      const socket = await t.connected("own");
      t.follow(socket);
      await t.next(socket.io, "ping");
      t.log("ping");
      const lost = t.next(socket, "disconnect");
      await t.command("freeze", "own");
      await lost;
      const back = t.next(socket, "connect");
      await t.command("thaw", "own");
      await back;
      t.collapse();
    },
  },

  "the heartbeat is checked at emit": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      t.follow(socket);
      socket.io.engine._pingTimeoutTime = Date.now() - 1;
      const back = t.next(socket, "connect");
      socket.emit("note", `throttled ${t.lib.name}`, "kept");
      t.log("wait", socket.sendBuffer.length);
      await back;
      await t.ask(socket, "echo");
      t.log("noted", await t.command("seen", "main", `throttled ${t.lib.name}`));
    },
  },

  "the browser goes offline": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      t.follow(socket);
      const back = t.next(socket, "connect");
      dispatchEvent(new Event("offline"));
      await back;
    },
  },

  "what was missed is recovered": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("recovery");
      const other = await t.connected("recovery");
      const order = [];
      socket.on("shouted", (text) => order.push(`${text}, connected ${socket.connected}`));
      socket.on("connect", () => order.push(`connect, recovered ${socket.recovered}`));
      const first = t.next(socket, "shouted");
      other.emit("shout", "before");
      await first;
      const { id } = socket;
      const lost = t.next(socket, "disconnect");
      const back = t.next(socket, "connect");
      // Held back until everything has been said, so that it is missed for sure.
      socket.io.reconnectionDelay(400);
      socket.io.engine.close();
      await lost;
      other.emit("shout", "missed one");
      other.emit("shout", "missed two", new Uint8Array([1]));
      await t.ask(other, "echo");
      await back;
      await t.until("both", () => order.filter((text) => text.startsWith("missed")).length === 2);
      t.log(order, "the same id", socket.id === id);
    },
  },

  "nothing to recover": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("recovery");
      const { id } = socket;
      const back = t.next(socket, "connect");
      // Without any event so far there is no offset to go on from.
      socket.io.engine.close();
      await back;
      t.log("recovered", socket.recovered, "the same id", socket.id === id);
    },
  },

  "attempts are counted and end": {
    modes: ["websocket"],
    async run(t) {
      t.ports.own = await t.command("own");
      const socket = await t.connected("own", { reconnectionAttempts: 2 });
      t.follow(socket, "socket", { details: false });
      const failed = t.next(socket.io, "reconnect_failed");
      await t.command("kill", "own");
      await failed;
      t.log("active", socket.active, "attempts", socket.io.reconnectionAttempts(), "delay", socket.io.reconnectionDelay(), socket.io.reconnectionDelayMax(), socket.io.randomizationFactor(), socket.io.timeout());
      await t.command("restart", "own");
      socket.connect();
      await t.next(socket, "connect");
      t.log("by hand", socket.connected);
    },
  },

  "an upgrade under load loses and reorders nothing": {
    modes: ["upgrade"],
    async run(t) {
      for (let round = 0; round < 5; round++) {
        const key = `load ${t.lib.name} ${round}`;
        const socket = t.io("main");
        const received = [];
        let answers = 0;
        let sent = 0;
        const send = () => {
          if (sent % 5 === 4) socket.emit("note", key, sent++, new Uint8Array([1]));
          else socket.emit("note", key, sent++, () => answers++);
        };
        socket.on("number", (index) => received.push(index));
        for (let index = 0; index < 100; index++) send();
        socket.emit("count", 0, 100);
        await t.next(socket, "connect");
        socket.emit("count", 100, 400);
        // On each turn of the event loop some, until the new transport carries and then some more.
        while (socket.io.engine.transport.name !== "websocket") {
          for (let index = 0; index < 5; index++) send();
          await new Promise((next) => setTimeout(next));
        }
        socket.emit("count", 400, 500);
        for (let index = 0; index < 100; index++) send();
        await t.until("all of the server's", () => received.length >= 500);
        await t.until("all of ours", async () => (await t.command("seen", "main", key)).length >= sent);
        const noted = await t.command("seen", "main", key);
        t.log("in order", received.every((value, index) => value === index), received.length);
        t.log("noted in order", noted.every((value, index) => value === index), noted.length === sent);
        socket.disconnect();
      }
    },
  },
};
