// How a connection begins: what is there at once, what is sent, in which order things are told.

export const connecting = {
  "io() gives a socket and an engine at once, and connects later": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = t.io("main");
      t.follow(socket);
      t.log("connected", socket.connected, "disconnected", socket.disconnected, "active", socket.active, "id", typeof socket.id);
      t.log("engine", typeof socket.io.engine, socket.io.engine.readyState, "nsp", socket.nsp, "recovered", socket.recovered);
      await t.next(socket, "connect");
      t.log("connected", socket.connected, "id of", socket.id.length, "engine", socket.io.engine.readyState);
      await t.settled(socket);
      t.log("transport", socket.io.engine.transport.name, "at the server", (await t.ask(socket, "transport"))[0]);
      t.log("engine id differs", socket.io.engine.id !== socket.id, typeof socket.io.engine.id);
      socket.disconnect();
      t.log("connected", socket.connected, "active", socket.active, "id", typeof socket.id, "engine", socket.io.engine.readyState);
    },
  },

  "the engine tells what it does": {
    modes: ["websocket", "upgrade"],
    async run(t) {
      const socket = t.io("main");
      const { engine } = socket.io;
      for (const event of ["open", "handshake", "upgrading", "upgrade", "upgradeError", "close", "error"]) {
        engine.on(event, (value) => t.log("engine", event, value?.name ?? (event === "handshake" ? Object.keys(value).sort().join() : "")));
      }
      await t.next(socket, "connect");
      await t.settled(socket);
      socket.disconnect();
    },
  },

  "traffic can be watched packet by packet": {
    modes: ["websocket"],
    async run(t) {
      const socket = t.io("main");
      const { engine } = socket.io;
      const line = (data) => (typeof data === "string" ? data.replace(/"sid":"[^"]+"/g, '"sid":"S"') : t.describe(data));
      engine.on("packetCreate", ({ type, data }) => t.log("out", type, line(data ?? "")));
      engine.on("packet", ({ type, data }) => t.log("in", type, line(data ?? "")));
      await t.ask(socket, "echo", 1, "zwei", { drei: [3] });
      await t.ask(socket, "echo", new Uint8Array([1, 2]));
      socket.emit("note", "watched", 1);
      socket.disconnect();
    },
  },

  "manual opening": {
    modes: ["websocket"],
    async run(t) {
      const socket = t.io("main", { autoConnect: false });
      t.follow(socket);
      t.log("engine", typeof socket.io.engine, "active", socket.active);
      t.log("connect() gives the socket", socket.connect() === socket, "active", socket.active);
      await t.next(socket, "connect");
      t.log("connect() again", socket.open() === socket);
      t.log("disconnect() gives the socket", socket.disconnect() === socket);
      t.log("close() again", socket.close() === socket);
      socket.connect();
      await t.next(socket, "connect");
      t.log("again", socket.connected);
    },
  },

  "query, auth and headers reach the server": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const options = { query: { a: "1", "b c": "ü&=?" }, auth: { token: "t", deep: { list: [1, null] } }, extraHeaders: { "x-one": "yes" } };
      const socket = await t.connected("main", options);
      const [{ headers, ...seen }] = await t.ask(socket, "handshake");
      t.log("seen", seen);
      // A browser cannot send headers with a WebSocket.
      t.log("headers", t.mode === "websocket" ? Object.keys(headers).length : headers);
      const inUrl = t.keep(t.lib.io(`${t.url("main", "/chat")}?from=url`, t.options()));
      await t.next(inUrl, "connect");
      t.log("nsp", inUrl.nsp, "query", (await t.ask(inUrl, "handshake"))[0].query);
    },
  },

  "auth as a function is asked at every connect": {
    modes: ["websocket"],
    async run(t) {
      let asked = 0;
      const socket = t.io("main", { auth: (give) => setTimeout(() => give({ round: ++asked }), 1) });
      for (let round = 0; round < 3; round++) {
        await t.next(socket, "connect");
        t.log("auth", (await t.ask(socket, "handshake"))[0].auth);
        const again = t.next(socket, "disconnect");
        socket.io.engine.close();
        await again;
      }
    },
  },

  "managers are shared or not": {
    modes: ["websocket"],
    async run(t) {
      const { io } = t.lib;
      const url = t.url("main");
      const options = { transports: ["websocket"], reconnectionDelay: 40 };
      const one = t.keep(io(url, options));
      const chat = t.keep(io(`${url}/chat`, options));
      const same = t.keep(io(url, options));
      const forced = t.keep(io(url, { ...options, forceNew: true }));
      const alone = t.keep(io(`${url}/chat`, { ...options, multiplex: false }));
      t.log("another namespace shares", one.io === chat.io, "the same does not", one.io === same.io);
      t.log("forceNew", one.io === forced.io, "multiplex off", chat.io === alone.io);
      await Promise.all([one, chat, same, forced, alone].map((socket) => t.next(socket, "connect")));
      t.log("engines of one manager", one.io.engine === chat.io.engine, "ids differ", one.id !== chat.id);
      t.log("socket() is cached", one.io.socket("/chat") === chat, "another is new", one.io.socket("/한글") !== chat);
    },
  },

  "namespaces and addresses in every form": {
    modes: ["websocket"],
    async run(t) {
      for (const form of ["", "/", "/chat", "/한글", "/chat?x=1"]) {
        const socket = t.keep(t.lib.io(t.url("main") + form, t.options()));
        await t.next(socket, "connect");
        t.log(form || "nothing", "is", socket.nsp, (await t.ask(socket, "handshake"))[0].query);
      }
      const unknown = t.keep(t.lib.io(t.url("main", "/nobody"), t.options()));
      t.log("unknown", t.errorText((await t.next(unknown, "connect_error"))[0]), "active", unknown.active);
    },
  },

  "a path of its own is not found": {
    modes: ["polling", "websocket"],
    async run(t) {
      const socket = t.io("main", { path: "/elsewhere", reconnection: false });
      t.follow(socket);
      const [error] = await t.next(socket, "connect_error");
      t.log(error.constructor === Error ? "Error" : "a kind of Error", typeof error.description, typeof error.context);
    },
  },

  "only one transport is allowed by the server": {
    modes: ["upgrade"],
    async run(t) {
      const polling = t.io("pollingOnly");
      await t.next(polling, "connect");
      t.log("upgrades offered", polling.io.engine.upgrades?.length ?? 0, polling.io.engine.transport.name);
      const order = t.io("websocketOnly", { tryAllTransports: true });
      t.follow(order);
      await t.next(order, "connect");
      t.log("carried by", order.io.engine.transport.name);
      const first = t.io("main", { transports: ["websocket", "polling"] });
      await t.next(first, "connect");
      t.log("first of the list", first.io.engine.transport.name);
    },
  },

  "an upgrade that is refused leaves the connection as it is": {
    modes: ["upgrade"],
    async run(t) {
      const socket = t.io("blocked");
      const { engine } = socket.io;
      // Which of the two comes first is chance.
      const [[error]] = await Promise.all([t.next(engine, "upgradeError"), t.next(socket, "connect")]);
      t.follow(socket);
      t.log(t.errorText(error), "transport", error.transport);
      t.log(engine.transport.name, "still works", await t.ask(socket, "echo", new Uint8Array([1])));
      const first = t.io("blocked", { transports: ["websocket", "polling"], tryAllTransports: true });
      await t.next(first, "connect");
      t.log("the second of the list", first.io.engine.transport.name);
    },
  },

  "the upgrade is remembered": {
    modes: ["upgrade"],
    async run(t) {
      const socket = t.io("main", { rememberUpgrade: true });
      await t.next(socket, "connect");
      await t.settled(socket);
      const back = t.next(socket, "connect");
      socket.io.engine.close();
      await back;
      t.log("then", socket.io.engine.transport.name);
    },
  },

  "nothing is there: the first connect fails and is tried again": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const ports = { ...t.ports, gone: await t.command("closedPort") };
      const socket = t.keep(t.lib.io(`http://127.0.0.1:${ports.gone}`, t.options({ reconnectionAttempts: 3 })));
      t.follow(socket);
      await t.next(socket.io, "reconnect_failed");
      t.log("active", socket.active, "connected", socket.connected);
      const alone = t.keep(t.lib.io(`http://127.0.0.1:${ports.gone}`, t.options({ reconnection: false })));
      t.follow(alone, "alone");
      await t.next(alone, "connect_error");
      t.log("active", alone.active);
    },
  },

  "no answer at all: the timeout ends the attempt": {
    modes: ["polling", "websocket"],
    async run(t) {
      const port = await t.command("silentPort");
      const socket = t.keep(t.lib.io(`http://127.0.0.1:${port}`, t.options({ timeout: 150, reconnection: false })));
      t.follow(socket);
      await t.next(socket, "connect_error");
    },
  },
};
