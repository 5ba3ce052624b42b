// The same steps with sockjs-client 1.6.1 and with everwire/sockjs. What differs is listed here and explained in
// docs/migrating-from-sockjs-client.md; anything else that differs is a failure.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const modules = join(dirname(fileURLToPath(import.meta.url)), "../node_modules");

/** A package as one script for the page; sockjs-client needs bundlers to be told of `global`. */
export async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: modules },
    bundle: true, write: false, format: "esm", platform: "browser", define: { global: "globalThis" }, logLevel: "error",
  });
  return outputFiles[0].text;
}

/** In the page: the steps, each gives what can be seen from outside. */
const STEPS = `globalThis.steps = {
  async conversation(SockJS, { echo }, transports) {
    const socket = new SockJS(echo + "/?q=1", null, { transports });
    const log = record(socket);
    const before = [socket.url, socket.readyState, socket.protocol, socket.extensions];
    await until(() => log.length, "open");
    for (const text of ["a", "b", "%25 \\u20ac \\ud83d\\ude00", "\\u0000\\r\\n\\u2028"]) socket.send(text);
    socket.send({});
    socket.send(12);
    socket.send(null);
    await until(() => log.length === 8, "the echoes");
    const open = [socket.readyState, socket.transport];
    socket.close(3456, "bye");
    const closing = socket.readyState;
    await until(() => log.at(-1)[0] === "close", "the close");
    await new Promise((next) => setTimeout(next));
    return { before, log, open, closing, after: [socket.readyState, socket.transport, socket.onclose] };
  },
  async serverCloses(SockJS, { echo }, transports) {
    const { socket, log } = await opened(SockJS, echo, { transports });
    socket.send("close 4001 because");
    await until(() => log.at(-1)[0] === "close", "the close");
    return { log };
  },
  async cut(SockJS, { echo }, transports) {
    const { socket, log } = await opened(SockJS, echo, { transports });
    socket.send("cut");
    await until(() => log.at(-1)[0] === "close", "the close");
    return { log };
  },
  async nobody(SockJS, { gone }) {
    return { log: (await ended(SockJS, gone)).log };
  },
  async notFound(SockJS, { echo }) {
    return { log: (await ended(SockJS, echo.replace("echo", "nothing"))).log };
  },
  async unknownTransports(SockJS, { echo }) {
    return { log: (await ended(SockJS, echo, { transports: ["carrier-pigeon"] })).log };
  },
  async closeWhileAsking(SockJS, { echo }) {
    const socket = new SockJS(echo);
    const log = record(socket);
    setTimeout(() => socket.close(), 0);
    await until(() => log.at(-1)?.[0] === "close", "the close");
    return { log };
  },
  async disowned(SockJS, { echo }) {
    return { log: (await ended(SockJS, echo.replace("echo", "disown"), { transports: "xhr-polling" })).log };
  },
  async closeInTheBatch(SockJS, { echo }) {
    const socket = new SockJS(echo, null, { transports: "websocket" });
    const log = [];
    socket.onopen = () => socket.send("batch 3");
    socket.onmessage = ({ data }) => {
      log.push(data);
      if (data === "b1") socket.close();
    };
    await new Promise((done) => (socket.onclose = done));
    return { log };
  },
  async closeRightAfterSend(SockJS, { echo }, transports) {
    const { socket, log } = await opened(SockJS, echo, { transports });
    socket.send("one");
    socket.send("two");
    socket.close();
    await until(() => log.at(-1)[0] === "close", "the close");
    return { log };
  },
  arguments(SockJS) {
    const log = [];
    for (const args of [[], ["ftp://x"], ["http://x/#y"], ["/x", ["a", "a"]], ["/x", [""]], ["/x", null, { sessionId: "x" }]]) {
      try {
        new SockJS(...args);
        log.push("accepted");
      } catch (error) {
        log.push([error.name, error.message]);
      }
    }
    const socket = new SockJS("/nowhere");
    for (const body of [() => socket.send("x"), () => socket.close(1001), () => socket.close(1000, "x".repeat(124))]) {
      try {
        body();
        log.push("accepted");
      } catch (error) {
        log.push([error.name, error.message]);
      }
    }
    socket.close();
    return { log };
  },
};`;

const HTTP = ["xhr-streaming", "eventsource", "xhr-polling"];
const ALL = ["websocket", ...HTTP];

/** Steps by name with the transports they run over; a function changes what the peer gives to what is expected of ours. */
const PLAN = {
  conversation: [ALL, (theirs) => ({ ...theirs, after: [3, null, null] })],
  serverCloses: [ALL],
  cut: [["websocket", "xhr-streaming", "xhr-polling"]],
  nobody: [[undefined]],
  notFound: [[undefined]],
  unknownTransports: [[undefined]],
  closeWhileAsking: [[undefined]],
  disowned: [[undefined]],
  // The rest of a batch is not delivered after close().
  closeInTheBatch: [[undefined], ({ log }) => ({ log: log.slice(0, 2) })],
  closeRightAfterSend: [ALL],
  arguments: [[undefined]],
};

export const peer = {};
for (const [name, [transports, expected = (theirs) => theirs]] of Object.entries(PLAN)) {
  for (const transport of transports) {
    peer[`${name}${transport ? ` over ${transport}` : ""}`] = async ({ page, echo, gone }) => {
      await page.evaluate(STEPS);
      const step = (which) => page.evaluate(
        ([which, name, addresses, transport]) => steps[name](globalThis[which], addresses, transport),
        [which, name, { echo, gone }, transport],
      );
      const theirs = await step("Peer");
      const ours = await step("SockJS");
      assert.deepEqual(ours, expected(theirs));
    };
  }
}
