// Part 5: what many of something take. JavaScript heap after a collection and, for everwire, the module's memory, for queued
// messages, topics and reconnects; the peers where they have the thing.
import { entry, openRealms } from "../lib/realms.mjs";

const ROUNDS = 9;
const FULL = { queued: 10_000, topics: 10_000, reconnects: 1_000 };
const SMOKE = { queued: 100, topics: 100, reconnects: 20 };
const MESSAGE = `"position ".repeat(8) + i`;

/** Memory of the module: the only WebAssembly instance of the page is everwire's. */
const PRELUDE = `import "./fake.mjs";
const { Instance } = WebAssembly;
WebAssembly.Instance = function (...args) {
  const instance = new Instance(...args);
  globalThis.wasmBytes = () => instance.exports.memory.buffer.byteLength;
  return instance;
};
globalThis.wasmBytes = () => 0;
const wasm = () => globalThis.wasmBytes();`;

/** A page whose sockets are cut and come back at once. */
const reconnecting = (make) => `async (count) => {
  const socket = ${make};
  let opened = 0;
  await new Promise((resolve) => {
    socket.addEventListener("open", () => {
      if (++opened > count) resolve();
      else setTimeout(() => fake.current.lose());
    });
  });
  return { keep: socket, wasm: wasm() };
}`;
const OFFLINE = "{ startClosed: true, maxEnqueuedMessages: Infinity }";
const FAST = "{ minReconnectionDelay: 0, maxReconnectionDelay: 0, minUptime: 0 }";
const queued = (make) => `async (count) => {
  const socket = ${make};
  for (let i = 0; i < count; i++) socket.send(${MESSAGE});
  return { keep: socket, wasm: wasm() };
}`;

const CLIENTS = {
  "reconnecting-websocket": `import Client from "reconnecting-websocket";
export const start = () => ({
  queued: ${queued(`new Client("ws://localhost/", [], ${OFFLINE})`)},
  reconnects: ${reconnecting(`new Client("ws://localhost/", [], ${FAST})`)},
});`,
  partysocket: `import { WebSocket as Client } from "partysocket";
export const start = () => ({
  queued: ${queued(`new Client("ws://localhost/", [], ${OFFLINE})`)},
  reconnects: ${reconnecting(`new Client("ws://localhost/", [], ${FAST})`)},
});`,
  "everwire/websocket": `import Client from ${entry("websocket.js")};
export const start = () => ({
  queued: ${queued(`new Client("ws://localhost/", [], ${OFFLINE})`)},
  reconnects: ${reconnecting(`new Client("ws://localhost/", [], ${FAST})`)},
});`,
  "everwire connect()": `import { connect, conflate, text } from ${entry("client.js")};
const never = () => new Promise(() => {});
export const start = () => ({
  queued: async (count) => {
    const client = connect(never, { codec: text(), queue: { maxMessages: count + 1, maxBytes: 64 << 20 } });
    for (let i = 0; i < count; i++) client.send(${MESSAGE});
    return { keep: client, wasm: wasm() };
  },
  topics: async (count) => {
    const client = connect(never, { codec: text(), queue: { maxMessages: count + 1, maxBytes: 64 << 20 } });
    const topics = [];
    for (let i = 0; i < count; i++) {
      topics.push(client.topic("topic " + i, { policy: conflate() }));
      topics[i].send(${MESSAGE});
    }
    return { keep: [client, topics], wasm: wasm() };
  },
  reconnects: async (count) => {
    const client = connect("ws://localhost/", { codec: text(), reconnect: { minDelay: 0, maxDelay: 0, firstSpread: 0, minUptime: 0 } });
    let opened = 0;
    await new Promise((resolve) => client.on("state", ({ to }) => {
      if (to !== "open") return;
      if (++opened > count) resolve();
      else setTimeout(() => fake.current.lose());
    }));
    return { keep: client, wasm: wasm() };
  },
});`,
};

/** Bytes by client and by what is counted. */
export async function run({ browser, smoke }) {
  const counts = smoke ? SMOKE : FULL;
  const times = Object.fromEntries(Object.keys(CLIENTS).map((name) => [name, {}]));
  const add = (name, kind, value) => (times[name][kind] ??= []).push(value);
  for (let round = 0; round < (smoke ? 1 : ROUNDS); round++) {
    for (const [name, source] of Object.entries(CLIENTS)) {
      for (const [kind, count] of Object.entries(counts)) {
        const grown = await growth(browser, name, source, kind, count);
        if (!grown) continue;
        add(name, `${count.toLocaleString("en")} ${kind}: heap, KB`, grown.heap / 1_000);
        if (grown.wasm) add(name, `${count.toLocaleString("en")} ${kind}: WebAssembly memory, KB`, grown.wasm / 1_000);
      }
    }
  }
  return {
    title: "Scale and memory",
    about: "Growth of the JavaScript heap after a collection, and the module's memory.",
    baseline: Object.keys(CLIENTS)[0],
    times,
  };
}

/** What the heap of a fresh page grows by; nothing if the client does not have the kind. */
async function growth(browser, name, source, kind, count) {
  const realms = await openRealms(browser, { [name]: source }, { prelude: PRELUDE });
  try {
    const session = await realms.page.context().newCDPSession(realms.page);
    const heap = async () => {
      await session.send("HeapProfiler.collectGarbage");
      return (await session.send("Runtime.getHeapUsage")).usedSize;
    };
    const offered = await realms.page.evaluate(([name, kind]) => kind in realms[name], [name, kind]);
    if (!offered) return undefined;
    const before = await heap();
    const wasm = await realms.page.evaluate(async ([name, kind, count]) => {
      globalThis.kept = await realms[name][kind](count);
      return kept.wasm;
    }, [name, kind, count]);
    return { heap: (await heap()) - before, wasm };
  } finally {
    await realms.close();
  }
}
