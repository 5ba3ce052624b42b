// Scenarios that run in a page against the servers of servers.mjs. Each gets the class and addresses, and throws or gives
// what the runner compares.
import { equal, ok, throws, until } from "../websocket/page.js";

export { equal, ok, until };

/** Notes the events of a socket; `log.at(-1)` is the latest. */
export function record(socket, log = []) {
  socket.onopen = () => log.push(["open", socket.transport]);
  socket.onmessage = ({ data }) => log.push(["message", data]);
  socket.onerror = () => log.push(["error"]);
  socket.onclose = ({ code, reason, wasClean }) => log.push(["close", code, reason, wasClean]);
  return log;
}

/** Opens, and resolves with the socket and its log. */
export async function opened(SockJS, url, options) {
  const socket = new SockJS(url, null, options);
  const log = record(socket);
  await until(() => log.length, `an event of ${url}`);
  return { socket, log };
}

/** The close event of a new socket, after everything else in the log. */
export async function ended(SockJS, url, options) {
  const socket = new SockJS(url, null, options);
  const log = record(socket);
  const close = await new Promise((done) => socket.addEventListener("close", done));
  return { socket, log, unsent: close.unsent, unconfirmed: close.unconfirmed };
}

const messages = (log) => log.filter(([type]) => type === "message").map(([, data]) => data);

const TEXTS = ["plain", "", "\"quotes\" and \\", "line\r\nend\0", "% %25 %80 %0A", "한글 😀", "\u2028\u2029\u0300", "x".repeat(70_000)];

/** By name; `url` is that of the endpoint /echo. */
export const scenarios = {
  async "all kinds of text come back in order"(SockJS, url, transports) {
    const { socket, log } = await opened(SockJS, url, { transports });
    equal(log[0], ["open", transports]);
    for (const text of TEXTS) socket.send(text);
    await until(() => messages(log).length === TEXTS.length, "all echoes");
    equal(messages(log), TEXTS);
    socket.close(3001, "done");
    await until(() => log.at(-1)[0] === "close", "the close");
    equal(log.at(-1), ["close", 3001, "done", true]);
    equal([socket.readyState, socket.transport], [3, null]);
  },

  async "a hundred messages sent at once arrive in order"(SockJS, url, transports) {
    const { socket, log } = await opened(SockJS, url, { transports });
    const texts = Array.from({ length: 100 }, (_, i) => `m${i}`);
    for (const text of texts) socket.send(text);
    await until(() => messages(log).length === 100, "all echoes");
    equal(messages(log), texts);
    socket.close();
  },

  async "a batch of the server is one event each"(SockJS, url, transports) {
    const { socket, log } = await opened(SockJS, url, { transports });
    socket.send("batch 50");
    await until(() => messages(log).length === 50, "the batch");
    equal(messages(log), Array.from({ length: 50 }, (_, i) => `b${i}`));
    socket.close();
  },

  async "the server's close has its code and reason"(SockJS, url, transports) {
    const { socket, log } = await opened(SockJS, url, { transports });
    socket.send("close 4003 go away");
    await until(() => log.at(-1)[0] === "close", "the close");
    equal(log.at(-1), ["close", 4003, "go away", true]);
  },

  async "messages sent right before close are not lost"(SockJS, url, transports) {
    const { socket, log } = await opened(SockJS, url, { transports });
    for (const text of ["last 1", "last 2", "last 3"]) socket.send(text);
    await Promise.resolve();
    socket.send("last 4");
    socket.close();
    equal(socket.readyState, 2);
    await until(() => log.at(-1)[0] === "close", "the close");
    equal(log.at(-1), ["close", 1000, "Normal closure", true]);
  },

  async "a cut link closes with 1006"(SockJS, url, transports) {
    const { socket, log } = await opened(SockJS, url, { transports });
    socket.send("cut");
    await until(() => log.at(-1)[0] === "close", "the close");
    equal([log.at(-1)[1], log.at(-1)[3]], [1006, false]);
  },
};

/** What does not depend on a transport. */
export const once = {
  async "answers end and are followed by others without loss"(SockJS, { server }, transports) {
    const { socket, log } = await opened(SockJS, `${server}/small`, { transports });
    const texts = Array.from({ length: 60 }, (_, i) => `${i}:${"y".repeat(500)}`);
    for (const text of texts) {
      socket.send(text);
      if (socket.bufferedAmount > 5_000) await until(() => !socket.bufferedAmount, "an empty buffer");
    }
    await until(() => messages(log).length === texts.length, "all echoes");
    equal(messages(log), texts);
    socket.close();
  },
};

/** Of the class itself, without a connection or with an ordinary one. */
export const shape = {
  "arguments are checked as in sockjs-client"(SockJS) {
    throws(() => SockJS(), "TypeError", /1 argument required/);
    throws(() => new SockJS("ftp://x"), "SyntaxError", /scheme must be either 'http:' or 'https:'. 'ftp:' is not allowed/);
    throws(() => new SockJS("http://x/#a"), "SyntaxError", /must not contain a fragment/);
    throws(() => new SockJS("http://"), "SyntaxError", /The URL 'http:\/\/' is invalid/);
    throws(() => new SockJS("/x", ["a", "a"]), "SyntaxError", /entry 'a' is duplicated/);
    throws(() => new SockJS("/x", ["a", ""]), "SyntaxError", /entry '' is invalid/);
    throws(() => new SockJS("/x", null, { sessionId: "abc" }), "TypeError", /needs to be a number or a function/);
  },

  "options of our own are checked"(SockJS) {
    throws(() => new SockJS("/x", null, { timeout: "5" }), "RangeError", /timeout must be a number of milliseconds, not string 5$/);
    throws(() => new SockJS("/x", null, { headers: "no" }), "TypeError", /headers must be an object or a function/);
  },

  async "the object looks as in sockjs-client"(SockJS, url) {
    const socket = SockJS(`${url}///?a=1`);
    ok(socket instanceof SockJS && socket instanceof EventTarget, "instanceof");
    equal([socket.url, socket.protocol, socket.extensions, socket.readyState], [`${url}?a=1`, "", "", 0]);
    equal([SockJS.CONNECTING, SockJS.OPEN, SockJS.CLOSING, SockJS.CLOSED, SockJS.version], [0, 1, 2, 3, "1.6.1"]);
    throws(() => socket.send("x"), "Error", /^InvalidStateError: The connection has not been established yet$/);
    throws(() => socket.close(1001), "Error", /^InvalidAccessError: Invalid code$/);
    throws(() => socket.close(1000, "x".repeat(124)), "SyntaxError", /reason argument has an invalid length/);
    await new Promise((done) => (socket.onopen = done));
    equal(socket.readyState, 1);
    throws(() => socket.send(new Uint8Array(1)), "TypeError", /text only/);
    const closed = new Promise((done) => (socket.onclose = done));
    socket.close();
    equal(socket.readyState, 2);
    const event = await closed;
    ok(event instanceof CloseEvent && event.target === socket, "a real event");
    await Promise.resolve();
    equal([socket.readyState, socket.onclose, socket.onmessage, socket.onerror], [3, null, null, null]);
    socket.send("dropped");
    socket.close();
  },

  async "a subclass is one"(SockJS, url) {
    class Mine extends SockJS {
      mark = 1;
      get shout() {
        return this.url.toUpperCase();
      }
    }
    const socket = new Mine(url);
    ok(socket instanceof Mine && socket instanceof SockJS && socket.mark === 1 && socket.shout === url.toUpperCase(), "a subclass");
    socket.close();
  },

  async "a socket in the store of a state library, whose proxies wrap every object"(SockJS, url) {
    const reactive = (object) => new Proxy(object, {
      get(target, name, receiver) {
        const value = Reflect.get(target, name, receiver);
        return typeof value === "object" && value ? reactive(value) : value;
      },
    });
    const { socket } = reactive({ socket: new SockJS(url) });
    const log = record(socket);
    const heard = [];
    const listener = ({ data }) => heard.push(data);
    socket.addEventListener("message", listener);
    await until(() => log.length === 1, "the open event");
    equal([socket.readyState, socket.transport, socket.bufferedAmount], [1, "websocket", 0]);
    socket.send("one");
    await until(() => log.length === 2, "the first echo");
    socket.removeEventListener("message", listener);
    socket.send("two");
    await until(() => log.length === 3, "the second echo");
    socket.close(3000, "done");
    await until(() => log.length === 4, "the close event");
    equal([log, heard], [[["open", "websocket"], ["message", "one"], ["message", "two"], ["close", 3000, "done", true]], ["one"]]);
  },

  async "handlers run before listeners, and one that throws takes nothing from the others"(SockJS, url) {
    const socket = new SockJS(url);
    const log = [];
    const quiet = (event) => event.preventDefault();
    globalThis.addEventListener("error", quiet);
    socket.addEventListener("message", ({ data }) => log.push(`listener ${data}`));
    socket.onmessage = ({ data }) => {
      log.push(`handler ${data}`);
      if (data === "b0") throw new Error("expected");
    };
    socket.onopen = () => socket.send("batch 2");
    await until(() => log.length === 4, "two messages");
    globalThis.removeEventListener("error", quiet);
    equal(log, ["handler b0", "listener b0", "handler b1", "listener b1"]);
    socket.close();
  },

  async "no message comes after close()"(SockJS, url) {
    const socket = new SockJS(url);
    const log = [];
    socket.onopen = () => socket.send("batch 5");
    socket.onmessage = ({ data }) => {
      log.push(data);
      socket.close();
    };
    await new Promise((done) => (socket.onclose = done));
    equal(log, ["b0"]);
  },

  async "close() while /info is asked gives error and close"(SockJS, url) {
    const socket = new SockJS(url);
    const log = record(socket);
    await new Promise((next) => setTimeout(next));
    socket.close();
    await until(() => log.length === 2, "two events");
    equal(log, [["error"], ["close", 1000, "Normal closure", true]]);
  },

  async "close() before anything began only closes"(SockJS, url) {
    const socket = new SockJS(url);
    const log = record(socket);
    socket.close(3333, "never mind");
    await until(() => log.length, "the close");
    await new Promise((next) => setTimeout(next));
    equal(log.at(-1), ["close", 3333, "never mind", true]);
  },
};
