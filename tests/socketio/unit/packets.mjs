// Attachments, and packets that no server should send.
import { equal, next, thrown, turn, until } from "./assert.mjs";

const PLACEHOLDER = '{"_placeholder":true,"num":0}';
const bytes = (...values) => new Uint8Array(values);

/** Messages that end the connection with "parse error". */
const MALFORMED = [
  '9["a"]', "2[]", '2["a"', "2[{}]", '2["disconnect"]', '2["connect"]', "31{}", '0"x"', "0null", "1{}", "4[]", "2{}", "2null", "3[",
  '51["a"]', '5-1-["a"]', '51.5-["a"]', '50-["a"]', '511-["a"]', '5["a"]', '5-["a"]', "61-[", "7", "x",
];

/** Messages of Engine.IO that end the connection with "transport error". */
const UNDECODABLE = ["", "x", "9", "é", "\0"];

export const scenarios = {
  "binary at any depth goes out as attachments": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const answer = socket.emitWithAck("x", bytes(1), { a: [new ArrayBuffer(2), { b: new DataView(new ArrayBuffer(1)) }], d: new Date(0) }, { toJSON: () => ({ z: bytes(9) }) });
    await turn();
    equal(server.messages.slice(1), [
      `54-0["x",${PLACEHOLDER},{"a":[{"_placeholder":true,"num":1},{"b":{"_placeholder":true,"num":2}}],"d":"1970-01-01T00:00:00.000Z"},{"z":{"_placeholder":true,"num":3}}]`,
      bytes(1), new ArrayBuffer(2), new DataView(new ArrayBuffer(1)), bytes(9),
    ]);
    server.say(`61-0[${PLACEHOLDER}]`);
    server.say(bytes(7).buffer);
    equal(await answer, bytes(7).buffer);
  },

  "blobs and files go out as they are": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const blob = new Blob(["x"]);
    socket.emit("x", { blob });
    await turn();
    equal([server.messages[1], server.messages[2] === blob], [`51-["x",{"blob":${PLACEHOLDER}}]`, true]);
  },

  "attachments come in at their places": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const got = next(socket, "x");
    server.say('52-["x",{"a":[{"_placeholder":true,"num":1}],"_placeholder":false},{"_placeholder":true,"num":0}]');
    server.say(bytes(1, 2).buffer);
    server.say(new ArrayBuffer(0));
    equal(await got, [{ a: [new ArrayBuffer(0)], _placeholder: false }, bytes(1, 2).buffer]);
  },

  "malformed packets end as parse error, and the connection comes back": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    for (const text of MALFORMED) {
      const gone = next(socket, "disconnect");
      server.say(text);
      const [reason, error] = await gone;
      equal([text, reason, error instanceof Error], [text, "parse error", true]);
      await next(socket, "connect");
    }
  },

  "undecodable packets of the engine end as transport error, and the connection comes back": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    for (const text of UNDECODABLE) {
      const gone = next(socket, "disconnect");
      server.socket.say(text);
      equal([text, (await gone)[0]], [text, "transport error"]);
      await next(socket, "connect");
    }
  },

  "stray packets of the engine are ignored": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    for (const text of ["1", "3", "3probe", "5", "6"]) server.socket.say(text);
    await turn();
    equal([socket.connected, server.sockets.length], [true, 1]);
  },

  "attachments out of order end as parse error": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const header = `51-["x",${PLACEHOLDER}]`;
    for (const messages of [[bytes(1).buffer], [header, '2["y"]'], [`51-["x",{"_placeholder":true,"num":1}]`, bytes(1).buffer], [`51-["x",{"_placeholder":true,"num":-1}]`, bytes(1).buffer], [`51-["x",{"_placeholder":true,"num":"0"}]`, bytes(1).buffer]]) {
      const gone = next(socket, "disconnect");
      for (const message of messages) server.say(message);
      equal((await gone)[0], "parse error");
      await next(socket, "connect");
    }
  },

  "a half received packet does not outlive its connection": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    server.say(`51-["x",${PLACEHOLDER}]`);
    server.socket.drop();
    await next(socket, "connect");
    const got = next(socket, "y");
    server.say('2["y"]');
    equal(await got, []);
  },

  "packets for others are ignored, and odd ones are read as the original reads them": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const events = [];
    socket.onAny((...args) => events.push(args));
    for (const text of ['2/other,["x"]', "3/other,0[]", "1/other", '2["a",{"b":"c,d"}]', '2/,["b"]', '2["\\u0061"]', '2[-1]']) server.say(text);
    await turn();
    equal([events, socket.connected], [[["a", { b: "c,d" }], ["b"], ["a"], [-1]], true]);
  },

  "own __proto__ keys and key order survive": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const got = next(socket, "x");
    server.say('2["x",{"z":1,"__proto__":{"y":2},"a":3}]');
    const [value] = await got;
    equal([Object.keys(value), Object.getPrototypeOf(value) === Object.prototype, value.y], [["z", "__proto__", "a"], true, undefined]);
  },
};

/** Where the original damages data or cannot be asked. */
export const own = {
  "with forceBase64 binary travels as text": async ({ connect, server }) => {
    const socket = connect({ forceBase64: true });
    await next(socket, "connect");
    server.say(`51-["x",${PLACEHOLDER}]`);
    const got = next(socket, "x");
    server.socket.say("bAQIDBA==");
    equal(await got, [bytes(1, 2, 3, 4).buffer]);
    socket.emit("y", bytes(255, 0));
    await until(() => server.socket.sent.length === 3);
    equal(server.socket.sent.slice(1), [`451-["y",${PLACEHOLDER}]`, "b/wA="]);
  },

  "__proto__ keys survive beside attachments, too": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const value = JSON.parse('{"z":1,"__proto__":{"y":2}}');
    socket.emit("x", value, bytes(1));
    await turn();
    equal(server.messages[1], `51-["x",{"z":1,"__proto__":{"y":2}},${PLACEHOLDER}]`);
    const got = next(socket, "y");
    server.say(`51-["y",{"__proto__":{"b":${PLACEHOLDER}}}]`);
    server.say(bytes(1).buffer);
    const [object] = await got;
    equal([Object.getPrototypeOf(object) === Object.prototype, Object.keys(object), object.b], [true, ["__proto__"], undefined]);
  },

  "damaged base64 ends as transport error": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const gone = next(socket, "disconnect");
    server.socket.say("b!!!");
    equal((await gone)[0], "transport error");
  },

  "a fraction is no place of an attachment, and an ack id must be exact": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    for (const messages of [['52-["x",{"_placeholder":true,"num":0.5}]', bytes(1).buffer, bytes(1).buffer], ["39007199254740993[]"], [`2/${"n".repeat(2000)},["x"]`]]) {
      const gone = next(socket, "disconnect");
      for (const message of messages) server.say(message);
      equal((await gone)[0], "parse error");
      await next(socket, "connect");
    }
  },

  "attachments beyond the limit of bytes end as parse error": async ({ connect, server, lib }) => {
    const socket = connect();
    await next(socket, "connect");
    const gone = next(socket, "disconnect");
    server.say(`52-["x",${PLACEHOLDER}]`);
    server.say(new ArrayBuffer(9 << 20));
    server.say(new ArrayBuffer(8 << 20));
    const [reason, error] = await gone;
    equal([reason, error.message], ["parse error", "attachments too long: raise maxAttachmentBytes of the parser or send less at once"]);
    socket.disconnect();
  },

  "CONNECT_ERROR without anything is an error without a message": async ({ connect, server }) => {
    server.auto = false;
    const socket = connect();
    server.socket.open();
    server.socket.say(`0${JSON.stringify(server.handshake)}`);
    const refused = next(socket, "connect_error");
    server.say("4");
    equal((await refused)[0].message, "");
  },

  "data nested without end is refused, not a crash": async ({ connect }) => {
    const socket = connect();
    await next(socket, "connect");
    let deep = {};
    for (let i = 0; i < 6_000; i++) deep = { deep };
    const circle = {};
    circle.of = [circle];
    for (const data of [deep, circle]) {
      const error = await thrown(() => socket.emit("x", data));
      equal([error.name, error.message], ["RangeError", "data contains itself or is nested too deep: flatten it or send it in parts"]);
    }
    equal(socket.connected, true);
  },
};
