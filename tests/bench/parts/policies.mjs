// Part 4, sending: what the policies save. A page makes 10,000 position updates a second of 2,000 vehicles and has a link of
// 64 kB/s, a ninth of what they need. Whoever writes everything at once is ever later; a policy that holds a value
// until the link can take it lets a newer one replace it. Where the system cannot shape a link, the server reads slowly.
import { entry, mainThreadClock, openRealms } from "../lib/realms.mjs";
import { SLOW_PORT, canShape, overSlowLink } from "../lib/slow-link.mjs";
import { startTestServer } from "../lib/test-server.mjs";

const UPDATES_PER_SECOND = 10_000;
const KEYS = 2_000;
const LINK_BYTES_PER_SECOND = 64_000;
/** The pause per vehicle of the throttled ones, as a map would choose it. */
const THROTTLE_MS = 250;
/** Messages a second of somebody who knows what the link can take: it carries some 900 of them. */
const KNOWN_RATE = 800;
const KNOWN_BURST = 16;
const ROUNDS = 9;
const SECONDS = 10;
const SMOKE_SECONDS = 1;

/** Counts what is given to the browser's sockets. */
const PRELUDE = `const sent = { frames: 0, bytes: 0 };
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
  sent.frames++;
  sent.bytes += data.length ?? data.byteLength;
  send.call(this, data);
};`;

/** Makes updates for `seconds` and hands each to `send(key, value)`. */
const producer = (connect) => `
const connect = ${connect};
const at = () => performance.timeOrigin + performance.now();
export async function start() {
  const { send, end } = await connect(params.url);
  const produce = (seconds) => new Promise((resolve) => {
    const began = performance.now();
    let made = 0;
    const timer = setInterval(() => {
      const elapsed = Math.min(performance.now() - began, seconds * 1_000);
      const due = elapsed * ${UPDATES_PER_SECOND / 1_000};
      for (; made < due; made++) {
        const k = made % ${KEYS};
        send(k, { k, t: at(), lat: 37.5 + k / 1e4, lon: 127 + made / 1e7 });
      }
      if (elapsed < seconds * 1_000) return;
      clearInterval(timer);
      resolve(made);
    }, 4);
  });
  return { produce: async (seconds) => ({ made: await produce(seconds), ...sent }), end };
}`;

const native = `const socket = new WebSocket(url);
  await new Promise((open) => { socket.onopen = open; });`;

const everwire = (policy) => `import { connect as dial, conflate, rateLimit, throttle } from ${entry("client.js")};
${producer(`async (url) => {
  const client = dial(url, { queue: { maxMessages: ${KEYS * 2} } });
  await new Promise((open) => client.on("state", (change) => { if (change.to === "open") open(); }));
  const positions = client.topic("position", { policy: ${policy}, key: (value) => value.k });
  return { send: (_, value) => positions.send(value), end: () => client.close({ deadline: 0 }) };
}`)}`;

const CLIENTS = {
  "send at once": producer(`async (url) => {
  ${native}
  return { send: (_, value) => socket.send(JSON.stringify(value)), end: () => socket.close() };
}`),
  [`lodash throttle ${THROTTLE_MS} ms`]: `import throttle from "lodash.throttle";
${producer(`async (url) => {
  ${native}
  const byKey = new Map();
  const send = (key, value) => {
    let throttled = byKey.get(key);
    if (!throttled) byKey.set(key, throttled = throttle((value) => socket.send(JSON.stringify(value)), ${THROTTLE_MS}));
    throttled(value);
  };
  return { send, end: () => socket.close() };
}`)}`,
  [`everwire throttle ${THROTTLE_MS} ms`]: everwire(`throttle({ interval: ${THROTTLE_MS} })`),
  "everwire conflate": everwire("conflate()"),
  [`everwire conflate, ${KNOWN_RATE}/s`]: everwire(`[conflate(), rateLimit({ rate: ${KNOWN_RATE}, burst: ${KNOWN_BURST} })]`),
};

/** Frames, bytes, main-thread time and staleness of every way to send. */
export async function run({ browser, smoke }) {
  const shaped = canShape();
  const times = shaped
    ? await overSlowLink(LINK_BYTES_PER_SECOND, import.meta.url, { smoke, port: SLOW_PORT })
    : await measure({ browser, smoke, port: 0, rate: LINK_BYTES_PER_SECOND });
  return {
    title: "What policies save",
    about: `${UPDATES_PER_SECOND} updates/s of ${KEYS} keys for ${smoke ? SMOKE_SECONDS : SECONDS} s over ${LINK_BYTES_PER_SECOND / 1_000} kB/s, ${
      shaped ? "shaped by the kernel, cubic" : "made by a server that reads slowly: the system's buffers come on top"}.`,
    baseline: Object.keys(CLIENTS)[0],
    times,
  };
}

/** Every client's figures with a test server on `port` that reads at most `rate` bytes a second; none for no limit. */
export async function measure({ browser, smoke, port, rate }) {
  const server = await startTestServer(port);
  const times = Object.fromEntries(Object.keys(CLIENTS).map((name) => [name, {}]));
  const seconds = smoke ? SMOKE_SECONDS : SECONDS;
  try {
    for (let round = 0; round < (smoke ? 1 : ROUNDS); round++) {
      for (const name of Object.keys(CLIENTS)) {
        const key = `policies-${round}-${Object.keys(CLIENTS).indexOf(name)}`;
        const measured = await once(browser, name, `${server.url}/meter?key=${key}${rate ? `&rate=${rate}` : ""}`, seconds);
        const seen = await server.stats(key);
        if (!seen.messages) throw new Error(`${name}: the receiver saw no message`);
        const all = {
          "frames sent per s": measured.frames / seconds,
          "bytes sent per s": measured.bytes / seconds,
          "frames received per s": seen.messages / seconds,
          "bytes received per s": seen.bytes / seconds,
          "main thread, % of a core": measured.busy * 100,
          "age at the receiver, p50 ms": seen.ageMs.p50,
          "age at the receiver, p95 ms": seen.ageMs.p95,
        };
        for (const [kind, value] of Object.entries(all)) (times[name][kind] ??= []).push(value);
      }
    }
  } finally {
    await server.close();
  }
  return times;
}

/** One client alone in a page of its own: the link is its own, too. */
async function once(browser, name, url, seconds) {
  const realms = await openRealms(browser, { [name]: CLIENTS[name] }, { prelude: PRELUDE, params: { url } });
  try {
    const now = await mainThreadClock(realms.page);
    const [cpu, wall] = [now(), performance.now()];
    const { made, frames, bytes } = await realms.call(name, "produce", seconds);
    const busy = (now() - cpu) / ((performance.now() - wall) * 1e6);
    if (made < seconds * UPDATES_PER_SECOND) throw new Error(`${name}: ${made} updates were made in ${seconds} s`);
    return { busy, frames, bytes };
  } finally {
    await realms.close();
  }
}
