// Scripts that run once with the native class and once with everwire's and `maxRetries: 0`. Each returns a log; the two
// logs must be equal. `Socket` is constructed as the native class is, `url` is the test peer.

const settled = (socket) => new Promise((done) => {
  if (socket.readyState === 3) done();
  else socket.addEventListener("close", () => setTimeout(done));
});
const opened = (socket) => new Promise((done) => socket.addEventListener("open", () => setTimeout(done)));
const message = (socket) => new Promise((done) => socket.addEventListener("message", (event) => setTimeout(done, 0, event)));

function attempt(body) {
  try {
    const value = body();
    return typeof value === "object" && value ? "object" : `value ${String(value)}`;
  } catch (error) {
    return `${error.constructor.name} ${error.name}`;
  }
}

function watch(socket, log = []) {
  for (const type of ["open", "message", "error", "close"]) {
    socket.addEventListener(type, (event) => log.push(describe(event, socket)));
  }
  return log;
}

function describe(event, socket) {
  const { type, data, code, reason, wasClean } = event;
  return {
    type, code, reason, wasClean,
    data: typeof data === "string" ? data : data && Object.prototype.toString.call(data),
    origin: event.origin,
    readyState: socket.readyState,
    class: [Event, MessageEvent, CloseEvent].filter((Class) => event instanceof Class).map((Class) => Class.name),
    constructor: event.constructor.name,
    tag: Object.prototype.toString.call(event),
    target: event.target === socket,
    currentTarget: event.currentTarget === socket,
    srcElement: event.srcElement === socket,
    path: event.composedPath().length === 1 && event.composedPath()[0] === socket,
    flags: [event.bubbles, event.cancelable, event.composed, event.eventPhase, event.defaultPrevented, event.cancelBubble],
    keys: Object.keys(event).filter((key) => key !== "isTrusted"),
  };
}

export const scenarios = {
  async "constants, names and shape"(Socket, url) {
    const socket = new Socket(url);
    const constants = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].map((name) => [
      Socket[name], socket[name], attempt(() => { "use strict"; socket[name] = 7; }), socket[name],
    ]);
    const visible = [];
    for (const name in socket) visible.push(name);
    const log = [
      constants, visible.filter((name) => !/EventListener|dispatchEvent|^when$/.test(name)).filter((name) => !["retryCount"].includes(name)).sort(),
      Object.keys(socket), JSON.stringify(socket), Object.prototype.toString.call(socket), Socket.base.name, Socket.base.length,
      socket instanceof EventTarget, attempt(() => Socket.base()), attempt(() => Socket.base.prototype.url),
      ["onopen", "onmessage", "onclose", "onerror"].map((name) => socket[name]),
    ];
    socket.close();
    await settled(socket);
    return log;
  },

  async "constructor arguments"(Socket, url) {
    const page = new URL(url);
    const made = [];
    const tries = [
      [], [url], [new URL(url)], [url + "#"], [url + "#x"], ["ftp://localhost/"], [url.replace("ws", "http")], ["/relative"], [""], ["http://"],
      [undefined], [null], [url, []], [url, "a"], [url, ["a", "b"]], [url, ["a", "a"]], [url, "a, b"], [url, "a b"], [url, ""], [url, [""]], [url, "\u00e9"],
      [url, undefined], [`ws://user:pw@${page.host}/`], [`ws://${page.hostname}:25/`],
    ];
    const log = tries.map((args) => [
      args.map(String).map((text) => text.replaceAll(page.port, "PORT")),
      attempt(() => made.push(new Socket(...args))),
      made.length, made.at(-1)?.url.replaceAll(page.port, "PORT").replaceAll(location.port, "PAGE"), made.at(-1)?.readyState,
    ]);
    for (const socket of made) socket.close();
    await Promise.all(made.map(settled));
    return log;
  },

  async "attributes before, while and after"(Socket, url) {
    const socket = new Socket(`${url}/path?hello=hi`, ["x", "y"]);
    const state = () => [socket.readyState, socket.url.replace(url, ""), socket.protocol, socket.extensions, socket.binaryType, socket.bufferedAmount];
    const log = [state()];
    const first = message(socket);
    await opened(socket);
    log.push(state());
    await first;
    socket.send("12345");
    log.push(socket.bufferedAmount);
    socket.close(3001, "done");
    log.push(state());
    await settled(socket);
    log.push(state());
    return log;
  },

  async "binaryType"(Socket, url) {
    const socket = new Socket(url);
    await opened(socket);
    const log = [];
    for (const type of ["blob", "arraybuffer", "nonsense", undefined, null, "BLOB", "blob"]) {
      socket.binaryType = type;
      log.push(socket.binaryType);
      const next = message(socket);
      socket.send(new Uint8Array([1, 2, 3]));
      log.push(describe(await next, socket));
    }
    socket.close();
    await settled(socket);
    return log;
  },

  async "messages of every kind arrive as sent"(Socket, url) {
    const socket = new Socket(url);
    await opened(socket);
    socket.binaryType = "arraybuffer";
    const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
    const log = [];
    const values = ["text", "", "\ud800", "한국어 🎉", buffer, new Uint8Array(buffer, 1, 2), new DataView(buffer), new Blob(["blob"]), {}, null, undefined, 5n, [1, 2], true];
    for (const value of values) {
      const next = message(socket);
      log.push(attempt(() => { socket.send(value); }));
      const { data } = await next;
      log.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
    }
    log.push(attempt(() => socket.send()), attempt(() => { socket.send(Symbol("x")); }));
    socket.close();
    await settled(socket);
    return log;
  },

  async "send before open and after the end"(Socket, url) {
    const socket = new Socket(url);
    const log = [attempt(() => { socket.send("early"); }), socket.bufferedAmount];
    await opened(socket);
    socket.close();
    log.push(attempt(() => { socket.send("ab"); }), socket.bufferedAmount);
    await settled(socket);
    log.push(attempt(() => { socket.send("\u00e9"); }), attempt(() => { socket.send(new Uint8Array(5)); }), socket.bufferedAmount);
    return log;
  },

  async "arguments of close"(Socket, url) {
    const socket = new Socket(url);
    await opened(socket);
    const log = watch(socket);
    const codes = [0, 999, 1001, 1005, 1006, 1011, 1015, 2999, 5000, -1, 65536, 1e9, NaN, null, "abc", {}, 2999.4];
    const tries = [...codes.map((code) => [code]), [1000, "x".repeat(124)], [1000, "\u00e9".repeat(62)], [3000, "\ud83c\udf89".repeat(31)]];
    for (const args of tries) log.push([String(args), attempt(() => { socket.close(...args); }), socket.readyState]);
    log.push(attempt(() => { socket.close(3000, "\u00e9".repeat(61)); }), socket.readyState);
    log.push(attempt(() => { socket.close(1); }), attempt(() => { socket.close(3001, "second"); }));
    await settled(socket);
    log.push(attempt(() => { socket.close(1); }), attempt(() => { socket.close(); }));
    return log;
  },

  async "a close reason without a code, as in Chromium (Firefox accepts it)"(Socket, url) {
    const socket = new Socket(url);
    await opened(socket);
    const log = [attempt(() => { socket.close(undefined, "r"); }), socket.readyState];
    socket.close();
    await settled(socket);
    return log;
  },

  async "close codes are converted as WebIDL says"(Socket, url) {
    const log = [];
    for (const args of [["4000"], [3000.4], [4999.4], [4000.5], [1000, null], [1000, undefined], [1000, 5], [undefined, undefined]]) {
      const socket = new Socket(url);
      await opened(socket);
      watch(socket, log);
      socket.close(...args);
      await settled(socket);
    }
    return log;
  },

  async "close while connecting"(Socket, url) {
    const socket = new Socket(url);
    const log = watch(socket);
    log.push(socket.readyState);
    socket.close(3000, "never mind");
    log.push(socket.readyState);
    await settled(socket);
    return log;
  },

  async "the server closes"(Socket, url) {
    const log = [];
    for (const query of ["close=1000", "close=1001&reason=away", "close=1012", "close=4001&reason=%EA%B0%80", "close=none"]) {
      const socket = new Socket(`${url}/?${query}`);
      watch(socket, log);
      await settled(socket);
      log.push(socket.readyState);
    }
    return log;
  },

  async "the connection ends without a close frame"(Socket, url) {
    const socket = new Socket(url);
    const log = watch(socket);
    await opened(socket);
    socket.send("terminate");
    await settled(socket);
    return log;
  },

  async "a handshake that fails"(Socket, url) {
    const log = [];
    for (const [address, protocols] of [[`${url}/?reject=403`, []], [`${url}/`, ["refuse"]], [`${new URL(url).protocol}//127.0.0.1:65535/`, []]]) {
      const socket = new Socket(address, protocols);
      watch(socket, log);
      // Firefox opens although the server takes none of the offered protocols.
      socket.addEventListener("open", () => socket.close());
      await settled(socket);
    }
    return log;
  },

  async "order of events and state in one connection"(Socket, url) {
    const socket = new Socket(`${url}/?hello=first`);
    const log = watch(socket);
    log.push("constructed");
    queueMicrotask(() => log.push("microtask"));
    await message(socket);
    socket.send("close 4000 bye");
    await settled(socket);
    return log;
  },

  async "handler attributes keep the place of their first value"(Socket, url) {
    const socket = new Socket(url);
    await opened(socket);
    const log = [];
    const listener = (name) => function (event) { log.push([name, this === socket, event.type]); };
    const f = listener("f");
    socket.onmessage = f;
    log.push(socket.onmessage === f);
    socket.addEventListener("message", listener("a"));
    socket.onmessage = listener("g");
    const round = async () => { const next = message(socket); socket.send("x"); await next; log.push("-"); };
    await round();
    socket.onmessage = null;
    log.push(socket.onmessage);
    socket.onmessage = listener("h");
    await round();
    for (const value of [42, "text", undefined, true]) { socket.onmessage = value; log.push(socket.onmessage); }
    const object = { handleEvent: () => log.push("not called: attributes take functions") };
    socket.onmessage = object;
    log.push(socket.onmessage === object);
    await round();
    socket.onclose = listener("close attribute");
    socket.onerror = listener("error attribute");
    socket.close();
    await settled(socket);
    return log;
  },

  async "listeners: once, handleEvent, signal, duplicates, capture, removal while delivering"(Socket, url) {
    const socket = new Socket(url);
    await opened(socket);
    const log = [];
    const note = (name) => (event) => log.push([name, event.eventPhase, event.currentTarget === socket]);
    const twice = note("twice");
    const controller = new AbortController();
    const object = { handleEvent(event) { log.push(["object", this === object, event.target === socket]); } };
    const victim = note("victim");
    const aborted = new AbortController();
    aborted.abort();
    socket.addEventListener("message", note("once"), { once: true });
    socket.addEventListener("message", twice);
    socket.addEventListener("message", twice, { once: true });
    socket.addEventListener("message", object);
    socket.addEventListener("message", note("signal"), { signal: controller.signal });
    socket.addEventListener("message", note("never"), { signal: aborted.signal });
    socket.addEventListener("message", null);
    let rounds = 0;
    socket.addEventListener("message", () => {
      if (rounds++ === 0) {
        socket.removeEventListener("message", victim);
        socket.addEventListener("message", note("added while delivering"));
      }
    });
    socket.addEventListener("message", victim);
    const round = async () => { const next = message(socket); socket.send("x"); await next; log.push("-"); };
    await round();
    controller.abort();
    await round();
    socket.removeEventListener("message", twice, true);
    socket.removeEventListener("message", object);
    await round();
    socket.addEventListener("message", note("capture"), true);
    await round();
    socket.removeEventListener("message", twice);
    await round();
    socket.close();
    await settled(socket);
    return log;
  },

  async "stopping, dispatching own events, events kept for later"(Socket, url) {
    const socket = new Socket(url);
    await opened(socket);
    const log = [];
    let kept;
    let stop = "stopImmediatePropagation";
    socket.addEventListener("message", (event) => { kept = event; event[stop](); log.push(["first", event.cancelBubble]); });
    socket.addEventListener("message", () => log.push("second"));
    const round = async () => { const end = log.length; socket.send("x"); while (log.length === end) await new Promise((next) => setTimeout(next)); };
    await round();
    stop = "stopPropagation";
    await round();
    log.push(kept.target === socket, kept.currentTarget, kept.eventPhase, kept.composedPath().length, kept.data);
    log.push(socket.dispatchEvent(new MessageEvent("message", { data: "own", cancelable: true })));
    socket.addEventListener("custom", (event) => { event.preventDefault(); log.push([event.type, event.target === socket]); });
    log.push(socket.dispatchEvent(new Event("custom", { cancelable: true })), attempt(() => socket.dispatchEvent({})));
    socket.close();
    await settled(socket);
    return log;
  },

  async "a throwing listener harms no other"(Socket, url) {
    const socket = new Socket(url);
    await opened(socket);
    const log = [];
    const caught = (event) => { log.push(["reported", event.error?.message ?? event.message]); event.preventDefault(); };
    addEventListener("error", caught);
    socket.onmessage = () => { throw new Error("one"); };
    socket.addEventListener("message", () => log.push("after"));
    socket.addEventListener("message", { handleEvent() { throw new Error("two"); } });
    const next = message(socket);
    socket.send("x");
    await next;
    socket.onclose = () => { throw new Error("three"); };
    socket.close();
    await settled(socket);
    removeEventListener("error", caught);
    return log;
  },

  async "many messages in order"(Socket, url) {
    const socket = new Socket(url);
    await opened(socket);
    const log = [];
    await new Promise((done) => {
      socket.onmessage = ({ data }) => { log.push(data); if (log.length === 500) done(); };
      for (let i = 0; i < 500; i++) socket.send(String(i));
    });
    socket.close();
    await settled(socket);
    return log;
  },
};

/** Runs one scenario with one class; `base` is the class itself where `Socket` adds options. */
export async function play(name, Class, url, options) {
  const Socket = options === undefined ? Class : class extends Class {
    constructor(...args) {
      if (args.length) super(args[0], args[1], options);
      else super();
    }
  };
  Object.defineProperty(Socket, "base", { value: Class, configurable: true });
  try {
    return await scenarios[name](Socket, url);
  } finally {
    delete Socket.base;
  }
}
