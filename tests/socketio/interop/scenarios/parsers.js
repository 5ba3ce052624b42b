// Other parsers than the built-in one, the same on both sides.

/** The same with any parser that writes MessagePack. */
async function messagePack(t, parser) {
  const socket = t.io("msgpack", { parser });
  t.follow(socket);
  await t.next(socket, "connect");
  await t.settled(socket);
  t.log(await t.ask(socket, "echo", "글", { a: [1, null, true], "키": -1.5 }, 4_294_967_296));
  t.log("bytes", await t.ask(socket, "echo", new Uint8Array([1, 2, 3]).buffer, { deep: [new ArrayBuffer(300)] }));
  t.log("a view", await t.ask(socket, "echo", new Uint8Array([1, 2, 3])));
  const [date, [nothing, object]] = await t.ask(socket, "echo", new Date(1_700_000_000_123), [undefined, { gone: undefined, kept: 1 }]);
  t.log("a date", date instanceof Date, Number(date), "undefined", nothing, "gone" in object, object.kept);
  const back = t.next(socket, "bounced");
  socket.emit("bounce", 1, "x".repeat(1_000));
  t.log(await back);
  const admin = t.keep(socket.io.socket("/admin"));
  t.log("refused", t.errorText((await t.next(admin, "connect_error"))[0]));
}

export const parsers = {
  "a parser of one's own": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const { parser } = await import("/interop/parser.js");
      const socket = t.io("custom", { parser });
      t.follow(socket);
      await t.next(socket, "connect");
      await t.settled(socket);
      t.log(await t.ask(socket, "echo", "글", { a: [1] }));
      const back = t.next(socket, "bounced");
      socket.emit("bounce", 1, 2);
      t.log(await back);
      const chat = t.keep(socket.io.socket("/chat"));
      await t.next(chat, "connect");
      t.log(await t.ask(chat, "echo", 3));
    },
  },

  "the msgpack parser from npm": {
    modes: ["polling", "websocket", "upgrade"],
    run: (t) => messagePack(t, t.lib.msgpack),
  },

  "the msgpack parser in the box": {
    modes: ["polling", "websocket", "upgrade"],
    run: (t) => messagePack(t, t.lib.boxed),
  },
};
