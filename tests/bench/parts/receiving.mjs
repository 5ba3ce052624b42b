// Part 4, receiving: a ticker of 20,000 messages a second into a chart. Drawing at every message starves the page; a client
// should leave time for the frames that are drawn.
import { startEchoServers } from "../lib/echo-servers.mjs";
import { entry, mainThreadClock, openRealms } from "../lib/realms.mjs";

const ROUNDS = 9;
const MILLISECONDS = 3_000;
const SMOKE_MILLISECONDS = 500;
/** A frame at 60 Hz. One that comes after more than one and a half of these was dropped. */
const FRAME_MS = 1_000 / 60;

/** A chart of one symbol's last prices, drawn per message or per animation frame. */
const chart = (drawing, connect) => `import uPlot from "uplot";
const connect = ${connect};
const POINTS = 300;
const series = [Array.from({ length: POINTS }, (_, i) => i), new Array(POINTS).fill(100)];
export async function start() {
  const plot = new uPlot({ width: 400, height: 200, series: [{}, { stroke: "teal" }], scales: { x: { time: false } } }, series, document.body);
  const latest = new Map();
  let messages = 0;
  const draw = () => {
    series[1].shift();
    series[1].push(latest.get(0) ?? 100);
    plot.setData(series);
  };
  const run = async (duration) => {
    const began = performance.now();
    let dropped = 0;
    let last = began;
    const close = await connect(params.url, (tick) => {
      messages++;
      latest.set(tick.s, tick.p);
      ${drawing === "message" ? "draw();" : ""}
    });
    await new Promise((resolve) => {
      const frame = (now) => {
        dropped += Math.max(0, Math.round((now - last) / ${FRAME_MS}) - 1);
        last = Math.max(last, now);
        ${drawing === "frame" ? "draw();" : ""}
        if (performance.now() - began < duration) requestAnimationFrame(frame);
        else resolve();
      };
      requestAnimationFrame(frame);
    });
    close();
    return { dropped, messages };
  };
  return { run };
}`;

const websocketLike = (drawing, imported, className = "Client") => `${imported}
${chart(drawing, `async (url, receive) => {
  const socket = new ${className}(url);
  socket.onmessage = (event) => receive(JSON.parse(event.data));
  return () => socket.close();
}`)}`;

const CLIENTS = {
  "native, drawn per message": websocketLike("message", "", "WebSocket"),
  "native, drawn per frame": websocketLike("frame", "", "WebSocket"),
  "reconnecting-websocket, per frame": websocketLike("frame", `import Client from "reconnecting-websocket";`),
  "partysocket, per frame": websocketLike("frame", `import { WebSocket as Client } from "partysocket";`),
  "everwire/websocket, per frame": websocketLike("frame", `import Client from ${entry("websocket.js")};`),
  "everwire connect(), per frame": `import { connect as dial } from ${entry("client.js")};
${chart("frame", `async (url, receive) => {
  const client = dial(url);
  client.on("message", receive);
  return () => client.close();
}`)}`,
};

/** Dropped frames, heap and main-thread time of every way to receive. */
export async function run({ browser, smoke }) {
  const servers = await startEchoServers();
  const times = Object.fromEntries(Object.keys(CLIENTS).map((name) => [name, {}]));
  try {
    for (let round = 0; round < (smoke ? 1 : ROUNDS); round++) {
      for (const name of Object.keys(CLIENTS)) {
        const seen = await once(browser, name, servers.urls.ticker, smoke ? SMOKE_MILLISECONDS : MILLISECONDS);
        for (const [kind, value] of Object.entries(seen)) (times[name][kind] ??= []).push(value);
      }
    }
  } finally {
    await servers.close();
  }
  return {
    title: "A ticker into a chart",
    about: "20,000 messages/s, uPlot; frames are those of a 60 Hz display.",
    baseline: "native, drawn per frame",
    times,
  };
}

async function once(browser, name, url, duration) {
  const realms = await openRealms(browser, { [name]: CLIENTS[name] }, { params: { url } });
  try {
    const session = await realms.page.context().newCDPSession(realms.page);
    const now = await mainThreadClock(realms.page);
    const [cpu, wall] = [now(), performance.now()];
    const { dropped, messages } = await realms.call(name, "run", duration);
    const busy = (now() - cpu) / ((performance.now() - wall) * 1e6);
    if (!messages) throw new Error(`${name}: no message came`);
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    return {
      "dropped frames, % of all": Math.min(100, (100 * dropped) / (duration / FRAME_MS)),
      "messages handled per s": messages / (duration / 1_000),
      "main thread, % of a core": busy * 100,
      "heap at the end, MB": usedSize / 1e6,
    };
  } finally {
    await realms.close();
  }
}
