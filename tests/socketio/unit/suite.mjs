// All scenarios, for both clients where they should behave alike, and for ours alone otherwise. Runs in Node and in a page.
import { turn } from "./assert.mjs";
import * as connection from "./connection.mjs";
import * as edges from "./edges.mjs";
import * as events from "./events.mjs";
import { FakeServer, FakeWebSocket } from "./fake.mjs";
import * as internals from "./internals.mjs";
import * as own from "./own.mjs";
import * as packets from "./packets.mjs";
import * as policies from "./policies.mjs";
import * as polling from "./polling.mjs";
import * as signals from "./signals.mjs";

/** Loads the clients and the policies, given by address, and lists what there is to run. */
export async function prepare(clients, policiesUrl) {
  // Before the clients: the original takes the class when it is loaded.
  globalThis.WebSocket = FakeWebSocket;
  const loaded = {};
  for (const [name, url] of Object.entries(clients)) loaded[name] = await import(url);
  const paced = await import(policiesUrl);
  const tests = new Map();
  for (const module of [connection, events, packets, internals, own, edges, polling, policies, signals]) {
    for (const [name, scenario] of Object.entries(module.scenarios ?? {})) {
      for (const client of Object.keys(loaded)) tests.set(`${client}: ${name}`, [loaded[client], scenario]);
    }
    for (const [name, scenario] of Object.entries(module.own ?? {})) tests.set(`everwire: ${name}`, [loaded.everwire, scenario]);
  }
  const rejections = [];
  return {
    names: [...tests.keys()],
    /** What nobody caught, for scenarios about that. */
    rejections,
    async run(name) {
      const [lib, scenario] = tests.get(name);
      const server = new FakeServer();
      const sockets = [];
      // Every client made here is closed at the end: one that still reconnects would keep Node from ending.
      const io = (...args) => {
        const socket = lib.io(...args);
        sockets.push(socket);
        return socket;
      };
      const connect = (options) =>
        io("http://fake.test", { transports: ["websocket"], forceNew: true, reconnectionDelay: 1, reconnectionDelayMax: 1, randomizationFactor: 0, ...options });
      rejections.length = 0;
      try {
        await scenario({ lib, server, io, connect, rejections, policies: paced });
        if (rejections.length) throw new Error(`uncaught: ${rejections.map(String)}`);
      } finally {
        for (const socket of sockets) socket.off().io._close();
        await turn();
      }
    },
  };
}
