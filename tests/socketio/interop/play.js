// Runs one scenario in a page with one client library and gives its trace: what the library did, in order, in words that
// do not depend on chance. Two libraries that behave the same give equal traces.

const PATIENCE = 20_000;

/** Options that hold for every connection unless a scenario says otherwise: quick and without randomness. */
const QUICK = { reconnectionDelay: 40, reconnectionDelayMax: 160, randomizationFactor: 0, forceNew: true };

const MODES = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: { transports: ["polling", "websocket"] },
};

export async function play(scenario, lib, { mode, ports, command }) {
  const trace = [];
  const sockets = new Set();
  const managers = new Set();
  const reported = [];
  const onError = (event) => void reported.push(String(event.error?.message ?? event.reason?.message ?? event.message ?? event.reason));
  addEventListener("error", onError);
  addEventListener("unhandledrejection", onError);

  const t = {
    lib,
    mode,
    ports,
    command,
    /** Errors that nobody has caught; they also end the trace. */
    reported,
    /** Adds a line to the trace. */
    log: (...values) => void trace.push(values.map((value) => (typeof value === "string" ? value : describe(value))).join(" ")),
    /** Begins a part of the trace with a name of its own; what was not caught so far belongs to the part before. */
    section(name) {
      trace.push(...reported.splice(0).map((text) => `reported: ${text}`), `--- ${name}`);
    },
    url: (profile, nsp = "") => `http://127.0.0.1:${ports[profile]}${nsp}`,
    options: (options) => ({ ...QUICK, ...MODES[mode], ...options }),
    /** A socket to a profile of the servers. */
    io(profile, options = {}, nsp = "") {
      return t.keep(lib.io(t.url(profile, nsp), t.options(options)));
    },
    keep(socket) {
      sockets.add(socket);
      managers.add(socket.io);
      return socket;
    },
    /** A connected socket, after the upgrade if there is one. */
    async connected(profile, options, nsp) {
      const socket = t.io(profile, options, nsp);
      await t.next(socket, "connect");
      await t.settled(socket);
      return socket;
    },
    /** Waits until the transport is the final one. */
    async settled(socket) {
      if (mode !== "upgrade" || socket.io.engine.transport.name === "websocket") return;
      await t.next(socket.io.engine, "upgrade");
    },
    /** Resolves with the arguments of the next event. */
    next(emitter, event, fits = () => true) {
      return within(`the event ${event}`, (done) => {
        const listener = (...args) => {
          if (!fits(...args)) return;
          emitter.off(event, listener);
          done(args);
        };
        emitter.on(event, listener);
      });
    },
    /** Emits with an acknowledgement; resolves with its arguments. */
    ask: (socket, ...args) => within(`the answer to ${args[0]}`, (done) => socket.emit(...args, (...reply) => done(reply))),
    until: (what, condition) => within(what, async (done) => {
      while (!(await condition())) await new Promise((next) => setTimeout(next, 5));
      done();
    }),
    /** Writes what happens to a socket and its manager into the trace. */
    follow(socket, name = "socket", { manager = true, details = true } = {}) {
      socket.on("connect", () => t.log(name, "connect, recovered", socket.recovered));
      socket.on("connect_error", (error) => t.log(name, "connect_error", errorText(error), "active", socket.active));
      socket.on("disconnect", (reason, more) => {
        t.log(name, "disconnect", reason, "active", socket.active, "id", typeof socket.id, details ? detailText(more) : "");
      });
      if (manager) t.followManager(socket.io);
    },
    followManager(manager) {
      manager.on("open", () => t.log("manager open"));
      manager.on("close", (reason) => t.log("manager close", reason));
      manager.on("error", (error) => t.log("manager error", errorText(error)));
      manager.on("reconnect_attempt", (attempt) => t.log("manager reconnect_attempt", attempt));
      manager.on("reconnect_error", (error) => t.log("manager reconnect_error", errorText(error)));
      manager.on("reconnect_failed", () => t.log("manager reconnect_failed"));
      manager.on("reconnect", (attempt) => t.log("manager reconnect", attempt));
    },
    /** How often a thing was tried depends on the machine: numbers go, and what repeats itself is told once. */
    collapse() {
      const lines = trace.map((line) => line.replace(/(reconnect(?:_attempt)?) \d+$/, "$1"));
      trace.splice(0, trace.length, ...withoutRepeats(lines));
    },
    describe,
    errorText,
    detailText,
  };

  try {
    await scenario(t);
  } finally {
    for (const socket of sockets) socket.disconnect();
    for (const manager of managers) {
      manager.reconnection(false);
      manager.engine?.close();
    }
    removeEventListener("error", onError);
    removeEventListener("unhandledrejection", onError);
  }
  return [...trace, ...reported.map((text) => `reported: ${text}`)];
}

/** Blocks of up to 6 lines that follow themselves are kept once. */
function withoutRepeats(lines) {
  const kept = [];
  for (const line of lines) {
    kept.push(line);
    for (let size = 1; size <= 6; size++) {
      const [last, before] = [kept.slice(-size), kept.slice(-2 * size, -size)];
      if (before.length === size && last.every((text, index) => text === before[index])) {
        kept.length -= size;
        break;
      }
    }
  }
  return kept;
}

/** Resolves as `body` does; rejects if it does not in time. */
export function within(what, body, limit = PATIENCE) {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error(`waited ${limit} ms for ${what}`)), limit);
    const settle = (end) => (value) => {
      clearTimeout(timer);
      end(value);
    };
    Promise.resolve(body(settle(done))).catch(settle(failed));
  });
}

function errorText(error) {
  if (!(error instanceof Error)) return `not an Error: ${String(error)}`;
  const extra = [];
  if (error.type !== undefined) extra.push(`type ${error.type}`);
  if (error.data !== undefined) extra.push(`data ${describe(error.data)}`);
  if (error.code !== undefined) extra.push(`code ${error.code}`);
  return [`"${error.message}"`, ...extra].join(", ");
}

/** The second argument of "disconnect". */
function detailText(details) {
  if (details === undefined) return "no details";
  if (details instanceof Error) return `details ${errorText(details)}`;
  const { description, context } = details;
  return `details ${typeof description === "string" ? description : errorText(description)}, ${context?.constructor?.name ?? "no context"}`;
}

/** A value in words, types included; long ones with a checksum instead of their content. */
export function describe(value, depth = 0) {
  if (value === null || ["undefined", "boolean", "number", "bigint"].includes(typeof value)) return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") {
    const text = JSON.stringify(value);
    return text.length > 200 ? `string of ${value.length} #${checksum([...text].map((letter) => letter.codePointAt(0)))}` : text;
  }
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${bytes(new Uint8Array(value))}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} ${bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`;
  if (value instanceof Blob) return `${value.constructor.name} of ${value.size}`;
  if (typeof value === "function") return "function";
  if (depth > 30) return `and ${deeper(value)} deeper`;
  if (Array.isArray(value)) return `[${value.map((entry) => describe(entry, depth + 1)).join(", ")}]`;
  return `{${Object.keys(value).map((key) => `${key}: ${describe(value[key], depth + 1)}`).join(", ")}}`;
}

function deeper(value) {
  let levels = 0;
  for (let inner = value; inner && typeof inner === "object"; inner = Object.values(inner)[0]) levels++;
  return levels;
}

const bytes = (view) => (view.length > 32 ? `of ${view.length} #${checksum(view)}` : `<${[...view].join(" ")}>`);

function checksum(numbers) {
  let sum = 17;
  for (const number of numbers) sum = (Math.imul(sum, 31) + number) | 0;
  return (sum >>> 0).toString(36);
}
