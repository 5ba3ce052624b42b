// Every shape of value, to the server and back, in an acknowledgement and as an event.

class Point {
  constructor(x) {
    this.x = x;
  }
}

const withOwnProto = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "toString": "x"}');

function nested(levels) {
  let value = 1;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { in: value };
  return value;
}

const view = (Type, ...numbers) => new Type(numbers);

const texts = {
  "plain values": [null, true, false, 0, -0, 1.5, -1e300, 2 ** 53, "", "text"],
  "values that JSON cannot say": [undefined, NaN, Infinity, [undefined], { gone: undefined, kept: null }, () => 1],
  unicode: ["한국어 \u0000 \u001e \u2028 \u{1f600}", { "키 값": "日本語" }, "quote \" back \\ slash /"],
  "lone surrogates": ["\ud800", "a\udc00b", { "\udfff": "\ud83d" }],
  "dates and objects with toJSON": [new Date(86_400_000), { toJSON: () => ({ told: 1 }) }, [new Date(0)]],
  "objects of a class, Map and Set": [new Point(3), new Map([[1, 2]]), new Set([1]), /x/],
  "keys that could do harm": [withOwnProto, { hasOwnProperty: 1 }],
  "the order of keys": [{ b: 1, a: 2, 10: 3, 9: 4 }],
  "a hundred levels": [nested(100)],
  "three thousand levels": [nested(3_000)],
  "looking like a placeholder": [{ _placeholder: true }, { _placeholder: false, num: 0 }],
};

const binaries = {
  ArrayBuffer: () => [new Uint8Array([0, 1, 254, 255]).buffer],
  "empty ones": () => [new ArrayBuffer(0), new Uint8Array(0)],
  "typed arrays": () => [view(Uint8Array, 1, 2), view(Int16Array, -1, 300), view(Float64Array, 0.5), view(Uint8ClampedArray, 9)],
  "a view on a part": () => [new Uint8Array([9, 8, 7, 6, 5]).subarray(1, 3), new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 2, 1)],
  "Blob and File": () => [new Blob(["blob"]), new File(["a file"], "name.txt", { type: "text/plain" })],
  "nested at any depth": () => [{ a: [{ b: new Uint8Array([1]) }, [[view(Uint8Array, 2)]]], c: view(Uint8Array, 3) }, "and text"],
  "the same twice": () => {
    const one = new Uint8Array([5]);
    return [one, { again: one }];
  },
  "with an object that has toJSON": () => [{ toJSON: () => ({ told: new Uint8Array([4]) }) }],
  "ten of them": () => [Array.from({ length: 10 }, (_, index) => new Uint8Array([index]))],
};

const there = async (t, socket, name, values) => {
  t.log(name, "acknowledged", await t.ask(socket, "echo", ...values));
  const back = t.next(socket, "bounced");
  socket.emit("bounce", ...values);
  t.log(name, "as an event", await back);
};

export const payloads = {
  "every value of JSON": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("main");
      for (const [name, values] of Object.entries(texts)) await there(t, socket, name, values);
      t.log("no harm done", {}.polluted === undefined);
    },
  },

  "every kind of binary": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("main");
      for (const [name, values] of Object.entries(binaries)) await there(t, socket, name, values());
    },
  },

  "binary in base64 when the client wants it so": {
    modes: ["polling", "websocket"],
    async run(t) {
      const socket = await t.connected("main", { forceBase64: true });
      t.log("asked for", (await t.ask(socket, "handshake"))[0].b64);
      await there(t, socket, "nested", binaries["nested at any depth"]());
    },
  },

  "binary arrives as Blob when the client wants it so": {
    modes: ["polling", "websocket"],
    async run(t) {
      const socket = await t.connected("main");
      socket.io.engine.binaryType = "blob";
      const [value] = await t.ask(socket, "echo", new Uint8Array([1, 2, 3]));
      t.log(value.constructor.name);
    },
  },

  "a megabyte, as text and as bytes, both ways": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("main");
      const text = "가나다라".repeat(125_000);
      const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7) & 255);
      t.log("text", (await t.ask(socket, "echo", text))[0] === text);
      const [back] = await t.ask(socket, "echo", bytes);
      t.log("bytes", back);
      const big = t.next(socket, "big");
      socket.emit("big", 400_000, false);
      t.log("from the server", await big);
      const binary = t.next(socket, "big");
      socket.emit("big", 1_500_000, true);
      t.log("bytes from the server", await binary);
    },
  },

  "text and binary events keep their order": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = t.io("main");
      const seen = [];
      socket.on("number", (index, bytes) => seen.push(bytes ? [index, new Uint8Array(bytes)[0] === (index & 255)] : index));
      for (let index = 0; index < 60; index++) {
        if (index % 2) socket.emit("note", `order ${t.mode} ${t.lib.name}`, index);
        else socket.emit("note", `order ${t.mode} ${t.lib.name}`, index, new Uint8Array([index]));
      }
      socket.emit("mixed", 60);
      await t.until("sixty events", () => seen.length === 60);
      t.log("received", seen);
      await t.until("sixty notes", async () => (await t.command("seen", "main", `order ${t.mode} ${t.lib.name}`)).length === 60);
      t.log("noted", await t.command("seen", "main", `order ${t.mode} ${t.lib.name}`));
    },
  },

  "what cannot be encoded throws, and nothing else suffers": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      const attempt = (name, value) => {
        try {
          socket.emit("note", "bad", value);
          t.log(name, "went out");
        } catch (error) {
          t.log(name, error.constructor.name);
        }
      };
      const circle = {};
      circle.self = circle;
      attempt("a BigInt", 1n);
      attempt("a circle", circle);
      attempt("a getter that throws", { get bad() { throw new RangeError("no"); } });
      t.log("alive", await t.ask(socket, "echo", 1));
    },
  },

  "flags do not stay behind": {
    modes: ["websocket"],
    async run(t) {
      const socket = await t.connected("main");
      try {
        socket.volatile.compress(false).timeout(10_000).emit("mute", 1n, () => {});
      } catch (error) {
        t.log("threw", error.constructor.name);
      }
      const answers = [];
      socket.emit("echo", "plain", (...args) => answers.push(args));
      await t.until("the answer", () => answers.length === 1);
      t.log("the next emit gets", answers[0]);
    },
  },

  "more than the server takes": {
    modes: ["polling", "websocket"],
    async run(t) {
      const socket = await t.connected("limited");
      t.follow(socket);
      let lost = false;
      socket.once("disconnect", () => (lost = true));
      try {
        socket.emit("note", "too big", "x".repeat(150_000));
        await t.until("the connection is lost and back", () => lost && socket.connected);
      } catch (error) {
        t.log(error.name, t.errorText(error));
      }
      t.log("alive", await t.ask(socket, "echo", "again"));
      t.log("noted", (await t.command("seen", "limited", "too big")).length);
    },
  },

  "many small ones in one tick": {
    modes: ["polling", "websocket", "upgrade"],
    async run(t) {
      const socket = await t.connected("limited");
      const key = `batch ${t.mode} ${t.lib.name}`;
      // Together far more than one request may carry.
      for (let index = 0; index < 300; index++) socket.emit("note", key, `${index} ${"한".repeat(300)}`);
      await t.until("all notes", async () => (await t.command("seen", "limited", key)).length === 300);
      const notes = await t.command("seen", "limited", key);
      t.log("in order", notes.every((text, index) => text.startsWith(`${index} `)), "connected", socket.connected);
    },
  },
};
