// The tests in a dedicated or shared worker: no window, no document.
import Everwire from "/everwire/websocket.js";
import { play } from "/tests/scenarios.js";

const url = new URLSearchParams(location.search).get("ws");
const NAMES = ["attributes before, while and after", "order of events and state in one connection", "listeners: once, handleEvent, signal, duplicates, capture, removal while delivering"];

async function test() {
  const log = { native: [], ours: [], reconnected: false };
  for (const name of NAMES) {
    log.native.push(await play(name, WebSocket, url));
    log.ours.push(await play(name, Everwire, url, { maxRetries: 0 }));
  }
  const socket = new Everwire(url, [], { minReconnectionDelay: 10, maxReconnectionDelay: 10 });
  let opens = 0;
  await new Promise((done) => {
    socket.onopen = () => (++opens === 2 ? done() : socket.send("terminate"));
  });
  socket.close();
  log.reconnected = true;
  // Functions of a message port do not survive JSON, and undefined would not be told from absent.
  return JSON.parse(JSON.stringify(log));
}

const answer = (port) => test().then((log) => port.postMessage(log), (error) => port.postMessage({ error: String(error.stack) }));
if ("onconnect" in globalThis) globalThis.onconnect = ({ ports }) => answer(ports[0]);
else answer(globalThis);
