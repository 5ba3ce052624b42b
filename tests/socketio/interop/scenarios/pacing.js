// everwire/socket.io/policies with real servers: what arrives, and in which order. socket.io-client has nothing to compare
// with, so each scenario says what its trace has to be.

const ENDS = ["written", "acked", "superseded", "dropped", "expired", "cancelled", "unknown"];

/** A name that the server notes under a key of this run, and what it has noted. */
async function start(t, profile, options) {
  const socket = await t.connected(profile, options);
  // The request that joined the namespace may not be answered yet.
  await t.until("a writable transport", () => socket.io.engine.transport.writable);
  const key = `${t.mode}-${socket.id}`;
  const named = (name) => `${name}@${key}`;
  const noted = () => t.command(profile === "own" ? "seenOwn" : "seen", ...(profile === "own" ? [] : [profile]), key);
  const arrived = async (count) => {
    await t.until(`${count} values`, async () => (await noted()).length >= count);
    // What else is on the way comes before the answer.
    await t.ask(socket, "echo");
    return noted();
  };
  return { socket, named, noted, arrived };
}

/** How the handles ended: the number of each status. */
async function ends(handles) {
  const results = await Promise.all(handles.map((handle) => handle.acked));
  return Object.fromEntries(ENDS.map((end) => [end, results.filter(({ status }) => status === end).length]).filter(([, count]) => count));
}

export const pacing = {
  "throttle: the first value of each key at once, its latest one later, none of those between": {
    modes: ["polling", "websocket", "upgrade"],
    wanted: ["ends {written: 4, superseded: 96}", "arrived [[at, p, 0], [at, q, 0], [at, p, 49], [at, q, 49]]"],
    // The first value has the request for itself; what waits for the next request is still replaced.
    polling: ["ends {written: 3, superseded: 97}", "arrived [[at, p, 0], [at, q, 49], [at, p, 49]]"],
    async run(t) {
      const { socket, named, arrived } = await start(t, "main");
      const { policies, throttle } = t.lib.pacing;
      const position = policies(socket).event(named("at"), { policy: throttle({ interval: 150 }), key: ([id]) => id, spread: true });
      const handles = [];
      for (let x = 0; x < 50; x++) for (const id of ["p", "q"]) handles.push(position.emit([id, x]));
      const ended = await ends(handles);
      t.log("ends", show(ended));
      t.log("arrived", show(await arrived(ended.written)));
      policies(socket).close();
    },
  },

  "conflate: nothing is lost of a merged value while the transport is busy": {
    modes: ["polling", "websocket", "upgrade"],
    wanted: ["sum 200", "fewer than values true", "in order true"],
    async run(t) {
      const { socket, named, arrived } = await start(t, "main");
      const { policies, conflate } = t.lib.pacing;
      const likes = policies(socket, { highWater: 1 }).event(named("like"), { policy: conflate({ merge: (a, b) => a + b }) });
      const handles = [];
      for (let i = 0; i < 200; i++) handles.push(likes.emit(1));
      const { written } = await ends(handles);
      const values = (await arrived(written)).map(([, value]) => value);
      t.log("sum", values.reduce((sum, value) => sum + value, 0));
      t.log("fewer than values", values.length === written && written < 10);
      t.log("in order", values[0] === 1 || values.length === 1);
      policies(socket).close();
    },
  },

  "rateLimit: the excess waits, in order": {
    modes: ["polling", "websocket"],
    wanted: ["arrived [[x, 0], [x, 1], [x, 2], [x, 3], [x, 4], [x, 5], [x, 6], [x, 7]]", "not faster than the rate true", "strict rate-limited"],
    async run(t) {
      const { socket, named, arrived } = await start(t, "main");
      const { policies, rateLimit } = t.lib.pacing;
      const paced = policies(socket);
      const limited = paced.event(named("x"), { policy: rateLimit({ rate: 20, burst: 3 }) });
      const began = performance.now();
      const handles = Array.from({ length: 8 }, (_, value) => limited.emit(value));
      await Promise.all(handles.map((handle) => handle.written));
      const took = performance.now() - began;
      t.log("arrived", show(await arrived(8)));
      // Five more than the burst, 50 ms each; clocks of pages are rounded.
      t.log("not faster than the rate", took > 245);
      const strict = paced.event(named("strict"), { policy: rateLimit({ rate: 1, overflow: "reject" }) });
      strict.emit(1);
      try {
        strict.emit(2);
      } catch (error) {
        t.log("strict", error.code);
      }
      paced.close();
    },
  },

  "acknowledgements of the server, and one that never comes": {
    modes: ["polling", "websocket"],
    wanted: ["echo {status: acked, reply: {a: 1}}", "mute {status: unknown}"],
    async run(t) {
      const { socket } = await start(t, "main");
      const paced = t.lib.pacing.policies(socket);
      t.log("echo", show(await paced.event("echo", { ack: true }).emit({ a: 1 }).acked));
      t.log("mute", show(await paced.event("mute", { ack: true, timeout: 50 }).emit(1).acked));
      paced.close();
    },
  },

  "a bounded queue while the server is dead, and what it gets when it is back": {
    modes: ["polling", "websocket", "upgrade"],
    wanted: [
      "refused queue-full", "never offline", "statuses [queued, queued, queued, paced, dropped]", "sendBuffer 1",
      "ends {written: 4, superseded: 1, dropped: 1}",
      "arrived [[buffered, 0], [joined, 0], [order, 0], [order, 1], [order, 2], [at, 1]]",
    ],
    async run(t) {
      t.ports.own = await t.command("own");
      const { socket, named, arrived } = await start(t, "own");
      const { policies, throttle } = t.lib.pacing;
      const paced = policies(socket, { maxMessages: 4 });
      const order = paced.event(named("order"));
      const position = paced.event(named("at"), { policy: throttle({ interval: 20 }) });
      const typing = paced.event(named("typing"), { policy: throttle({ interval: 20 }), offline: "drop" });
      const never = paced.event(named("never"), { offline: "reject" });
      const lost = t.next(socket, "disconnect");
      await t.command("kill", "own");
      await lost;
      socket.emit(named("buffered"), 0);
      const handles = [0, 1, 2].map((value) => order.emit(value));
      handles.push(position.emit(0), typing.emit(0));
      const latest = position.emit(1);
      for (const [name, refused] of [["refused", () => order.emit(3)], ["never", () => never.emit(0)]]) {
        try {
          refused();
        } catch (error) {
          t.log(name, error.code);
        }
      }
      t.log("statuses", show([...handles.slice(0, 3), latest, handles[4]].map(({ status }) => status)));
      t.log("sendBuffer", socket.sendBuffer.length);
      socket.on("connect", () => socket.emit(named("joined"), 0));
      const back = t.next(socket, "connect");
      await t.command("restart", "own");
      await back;
      t.log("ends", show(await ends([...handles, latest])));
      t.log("arrived", show(await arrived(6)));
      paced.close();
    },
  },
};

const show = (value) => JSON.stringify(value).replaceAll('"', "").replace(/([,:])/g, "$1 ");
