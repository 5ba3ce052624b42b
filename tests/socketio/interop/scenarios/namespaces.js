// Several namespaces over one connection, who may enter them, and how they are left.

export const namespaces = {
  "one engine carries several namespaces": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const manager = new t.lib.Manager(t.url("main"), t.options());
      const [root, chat, korean] = ["/", "/chat", "/한글"].map((nsp) => t.keep(manager.socket(nsp)));
      const shouted = [];
      for (const socket of [root, chat, korean]) socket.on("shouted", (text) => shouted.push(`${socket.nsp} ${text}`));
      await Promise.all([root, chat, korean].map((socket) => t.next(socket, "connect")));
      t.log("ids differ", new Set([root.id, chat.id, korean.id]).size);
      chat.emit("shout", "to the chat");
      korean.emit("shout", "한글로");
      await Promise.all([t.ask(chat, "echo", new Uint8Array([1])), t.ask(korean, "echo")]);
      t.log(shouted.sort());
      t.follow(root, "root", { manager: false });
      t.follow(chat, "chat", { manager: false });
      t.followManager(manager);
      chat.disconnect();
      t.log("engine", manager.engine.readyState, "root", root.connected, "korean", korean.connected);
      t.log("still works", await t.ask(root, "echo", 1));
      chat.connect();
      await t.next(chat, "connect");
      root.disconnect();
      korean.disconnect();
      t.log("engine", manager.engine.readyState);
      chat.disconnect();
      t.log("engine", manager.engine.readyState);
    },
  },

  "a middleware refuses, and the client may come again": {
    modes: ["polling", "websocket"],
    async run(t) {
      const socket = t.io("main", {}, "/admin");
      t.follow(socket);
      const [error] = await t.next(socket, "connect_error");
      t.log("data", error.data, "active", socket.active, "instance", error instanceof Error);
      socket.auth = { token: "old" };
      socket.connect();
      t.log("then", (await t.next(socket, "connect_error"))[0].data);
      socket.auth = (give) => give({ token: "valid" });
      socket.connect();
      await t.next(socket, "connect");
      t.log("in", (await t.ask(socket, "handshake"))[0].auth);
    },
  },

  "a refused namespace leaves the others alone": {
    modes: ["websocket"],
    async run(t) {
      const manager = new t.lib.Manager(t.url("main"), t.options());
      const root = t.keep(manager.socket("/"));
      await t.next(root, "connect");
      const admin = t.keep(manager.socket("/admin", { auth: { token: "valid" } }));
      await t.next(admin, "connect");
      const nobody = t.keep(manager.socket("/nobody"));
      t.follow(nobody, "nobody", { manager: false });
      await t.next(nobody, "connect_error");
      t.log("root", root.connected, "admin", admin.connected, "engine", manager.engine.readyState);
    },
  },

  "a fresh token after a refusal, by the connect_error handler": {
    modes: ["websocket"],
    async run(t) {
      let token = "old";
      const socket = t.io("main", { auth: (give) => give({ token }) }, "/admin");
      socket.on("connect_error", (error) => {
        t.log("refused", t.errorText(error));
        token = "valid";
        socket.connect();
      });
      await t.next(socket, "connect");
      t.log("in", socket.connected);
      // The connection is lost: the token is asked for again.
      const back = t.next(socket, "connect");
      socket.io.engine.close();
      await back;
      t.log("back in", socket.connected);
    },
  },

  "left by the server: nobody comes back by himself": {
    modes: ["polling", "websocket"],
    async run(t) {
      const socket = await t.connected("main");
      t.follow(socket);
      const gone = t.next(socket, "disconnect");
      socket.emit("kick");
      await gone;
      t.log("active", socket.active, "connected", socket.connected);
      socket.connect();
      await t.next(socket, "connect");
      t.log("again", socket.connected);
    },
  },

  "all of a client's namespaces closed by the server": {
    modes: ["polling", "websocket"],
    async run(t) {
      const manager = new t.lib.Manager(t.url("main"), t.options());
      const [root, chat] = ["/", "/chat"].map((nsp) => t.keep(manager.socket(nsp)));
      await Promise.all([root, chat].map((socket) => t.next(socket, "connect")));
      t.follow(root, "root", { manager: false });
      t.follow(chat, "chat", { manager: false });
      const gone = Promise.all([t.next(root, "disconnect"), t.next(chat, "disconnect")]);
      chat.emit("kick-all");
      await gone;
      t.log("active", root.active, chat.active);
    },
  },

  "left by the client": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("main");
      t.follow(socket);
      socket.disconnect();
      t.log("connected", socket.connected);
      await t.until("the server has noticed", async () => (await t.command("clients", "main")) === 0);
      socket.emit("note", "later", 1);
      t.log("what is emitted then waits", socket.sendBuffer.length);
    },
  },

  "disconnected while it connects": {
    modes: ["polling", "websocket"],
    async run(t) {
      const socket = t.io("main");
      t.follow(socket);
      socket.disconnect();
      t.log("active", socket.active, "engine", socket.io.engine.readyState);
      const second = t.io("main");
      t.follow(second, "second");
      await t.next(second.io, "open");
      second.disconnect();
      t.log("active", second.active);
      await t.until("nobody is there", async () => (await t.command("clients", "main")) === 0);
    },
  },

  "the server speaks of another namespace": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      socket.io.engine.emit("data", '2/elsewhere,["bounced",1]');
      t.log("alive", await t.ask(socket, "echo", "yes"));
    },
  },
};
