// Scripts that run with reconnecting-websocket and with everwire/websocket: documented behaviour, so the logs must be
// equal. `Socket` is the class, `url` the test peer, `options` make retries quick.
import { next, until } from "./page.js";

const QUICK = { minReconnectionDelay: 20, maxReconnectionDelay: 40, minUptime: 5_000 };

export const peers = {
  async "comes back after every close code and counts retries"(Socket, url) {
    const log = [];
    const codes = ["1000", "1001", "1008", "1011", "4001", "none", "cut"];
    let attempt = 0;
    const socket = new Socket(() => `${url}/?close=${codes[attempt++] ?? "1000"}`, [], QUICK);
    socket.addEventListener("close", (event) => log.push([event.code, socket.retryCount, event.wasClean]));
    await until(() => log.length >= codes.length, "all codes");
    socket.close();
    return log.slice(0, codes.length);
  },

  async "starts counting anew after minUptime"(Socket, url) {
    const socket = new Socket(url, [], { ...QUICK, minUptime: 60 });
    const log = [];
    for (let i = 0; i < 3; i++) {
      await next(socket, "open");
      log.push(socket.retryCount);
      if (i === 1) await new Promise((wake) => setTimeout(wake, 200));
      log.push(socket.retryCount);
      socket.send("close 4000");
    }
    socket.close();
    return log;
  },

  async "flushes the queue on open, before the open event"(Socket, url) {
    const socket = new Socket(url, [], QUICK);
    const log = [];
    socket.send("one");
    socket.send("two");
    log.push(socket.bufferedAmount);
    socket.onopen = () => socket.send("three");
    socket.onmessage = ({ data }) => log.push(data);
    await until(() => log.length === 4, "three echoes");
    socket.close();
    return log;
  },

  async "maxEnqueuedMessages keeps the oldest"(Socket, url) {
    const socket = new Socket(url, [], { ...QUICK, maxEnqueuedMessages: 2 });
    const log = [];
    for (const text of ["a", "b", "c", "d"]) socket.send(text);
    socket.onmessage = ({ data }) => log.push(data);
    await until(() => log.length === 2, "two echoes");
    socket.send("e");
    await until(() => log.length === 3, "a third");
    socket.close();
    return log;
  },

  async "startClosed dials on reconnect() and keeps the queue"(Socket, url) {
    const socket = new Socket(url, [], { ...QUICK, startClosed: true });
    const log = [socket.readyState, socket.url, socket.protocol, socket.extensions, socket.retryCount];
    socket.send("kept");
    log.push(socket.bufferedAmount);
    socket.reconnect();
    socket.onmessage = ({ data }) => log.push(data);
    await until(() => log.includes("kept"), "the echo");
    log.push(socket.readyState, socket.retryCount);
    socket.close();
    return log;
  },

  async "reconnect() closes with the given code and comes back"(Socket, url) {
    const socket = new Socket(url, [], QUICK);
    const log = [];
    await next(socket, "open");
    socket.addEventListener("close", ({ code, reason, wasClean }) => log.push([code, reason, wasClean]));
    socket.reconnect(4005, "again");
    await next(socket, "open");
    log.push(socket.readyState, socket.retryCount);
    socket.reconnect();
    await next(socket, "open");
    socket.close();
    return log.map((entry) => (Array.isArray(entry) ? entry.map((part) => part ?? "") : entry));
  },

  async "maxRetries counts retries, not dials"(Socket, url) {
    let dials = 0;
    const socket = new Socket(() => (dials++, `${url}/?reject=503`), [], { ...QUICK, maxRetries: 2 });
    const log = [];
    socket.addEventListener("close", () => log.push("close"));
    await until(() => log.length === 3, "three failures");
    await new Promise((wake) => setTimeout(wake, 150));
    return [...log, dials, socket.retryCount, socket.readyState];
  },

  async "the url may be a function, now or later, called per attempt"(Socket, url) {
    const log = [];
    for (const later of [false, true]) {
      let calls = 0;
      const address = () => `${url}/?close=4000&n=${++calls}`;
      const socket = new Socket(later ? async () => address() : address, "chat", QUICK);
      socket.addEventListener("close", () => log.push([calls, socket.url.replace(url, ""), socket.protocol]));
      await until(() => log.length % 3 === 0 && log.length > 0 && calls >= 3, "three calls");
      socket.close();
      log.length = Math.min(log.length, later ? 6 : 3);
    }
    return log;
  },

  async "binaryType lasts over reconnects"(Socket, url) {
    const socket = new Socket(url, [], QUICK);
    socket.binaryType = "arraybuffer";
    const log = [];
    socket.onmessage = ({ data }) => log.push(Object.prototype.toString.call(data));
    for (let i = 1; i < 3; i++) {
      await next(socket, "open");
      socket.send(new Uint8Array(3));
      await until(() => log.length === i, "an echo");
      socket.send("close 4000");
    }
    log.push(socket.binaryType);
    socket.close();
    return log;
  },

  async "close() ends it, reconnect() revives it"(Socket, url) {
    const socket = new Socket(url, [], QUICK);
    const log = [];
    await next(socket, "open");
    socket.close(4001, "bye");
    const { code, reason, wasClean } = await next(socket, "close");
    log.push([code, reason, wasClean, socket.readyState]);
    await new Promise((wake) => setTimeout(wake, 150));
    log.push(socket.readyState);
    socket.reconnect();
    await next(socket, "open");
    log.push(socket.readyState);
    socket.close();
    return log;
  },

  async "connectionTimeout ends a handshake that hangs with the error TIMEOUT"(Socket, url) {
    let dials = 0;
    const socket = new Socket(() => `${url}/?${dials++ ? "" : "hang"}`, [], { ...QUICK, connectionTimeout: 500 });
    const { message, error } = await next(socket, "error");
    await next(socket, "open");
    socket.close();
    return [message, error.message, dials];
  },

  async "constants, and an invalid class throws at once"(Socket, url) {
    let thrown = "nothing";
    try {
      new Socket(url, [], { WebSocket: 123 });
    } catch (error) {
      thrown = /^.*No valid WebSocket class provided.*$/i.test(error.message) ? "no valid class" : error.message;
    }
    const socket = new Socket(url, [], { startClosed: true });
    return [thrown, Socket.CONNECTING, Socket.OPEN, Socket.CLOSING, Socket.CLOSED, socket.CONNECTING, socket.OPEN, socket.CLOSING, socket.CLOSED];
  },
};
