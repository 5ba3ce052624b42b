// What a scenario gets, the same in Node and in a page: the package, a commanded server, checks and waits. Nothing here
// sleeps: every wait is for an event or for the server.

const GIVE_UP_MS = 15_000;
/** Quick enough for tests, and without randomness. */
const QUICK = { minDelay: 10, maxDelay: 40, jitter: "none", firstSpread: 0 };

/** Runs one scenario; `command` reaches the server, `open` starts an endpoint, `extra` are additional connect options. */
export async function runScenario(scenario, { everwire, open, command, extra = {} }) {
  const connections = [];
  const reported = [];
  const unhandled = [];
  const before = globalThis.reportError;
  globalThis.reportError = (error) => reported.push(error);
  const onUnhandled = (event) => unhandled.push(event.reason ?? event);
  if (globalThis.addEventListener) globalThis.addEventListener("unhandledrejection", onUnhandled);
  else process.on("unhandledRejection", onUnhandled);

  const t = {
    ...everwire,
    reported,
    connect(url, options = {}) {
      const reconnect = options.reconnect === false ? false : { ...QUICK, ...options.reconnect };
      const connection = everwire.connect(url, { ...extra, ...options, reconnect });
      connections.push(connection);
      return connection;
    },
    async server(options) {
      const { id, url } = await open(options);
      const call = (name) => (...args) => command(id, name, ...args);
      const names = ["received", "opened", "closed", "mode", "send", "freeze", "close", "cut", "stop", "listen"];
      return { url, ...Object.fromEntries(names.map((name) => [name, call(name)])) };
    },
    /** Resolves with the next event that fits. */
    next(connection, event, fits = () => true) {
      return within(`${event} event`, (resolve) => {
        const off = connection.on(event, (payload) => {
          if (!fits(payload)) return;
          off();
          resolve(payload);
        });
      });
    },
    /** Listens first, then acts: what follows from the action cannot be missed. */
    async when(event, act) {
      const [result] = await Promise.all([event, act()]);
      return result;
    },
    /** Resolves once the connection is in the state. */
    async state(connection, state) {
      if (connection.state !== state) await t.next(connection, "state", (event) => event.to === state);
      return connection;
    },
    /** Records events from now on. */
    record(connection, event) {
      const list = [];
      connection.on(event, (payload) => list.push(payload));
      return list;
    },
    /** An opened connection. */
    async opened(url, options) {
      return t.state(t.connect(url, options), "open");
    },
    ok(value, message) {
      if (!value) throw new Error(message ?? "expected something true");
    },
    equal(actual, expected, message = "") {
      const [a, b] = [show(actual), show(expected)];
      if (a !== b) throw new Error(`${message} expected ${b}, got ${a}`);
    },
    /** Checks that `run` throws or rejects with an EverwireError of this code, and returns it. */
    async fails(code, run) {
      const error = await caught(run);
      if (!(error instanceof everwire.EverwireError) || error.code !== code) {
        throw new Error(`expected an EverwireError ${code}, got ${error?.name} ${error?.code}: ${error?.message}`);
      }
      return error;
    },
    /** Checks that `run` throws, not rejects, a DOMException of this name. */
    throwsDom(name, run) {
      try {
        run();
      } catch (error) {
        if (error instanceof DOMException && error.name === name) return;
        throw new Error(`expected a DOMException ${name}, got ${error}`);
      }
      throw new Error(`expected a DOMException ${name}`);
    },
    caught,
  };

  try {
    await scenario(t);
    for (const connection of connections) connection.terminate();
    // Unhandled rejections are reported in a task of their own.
    await new Promise((resolve) => setTimeout(resolve));
    if (unhandled.length) throw new Error(`unhandled rejection: ${unhandled[0]}`);
  } finally {
    for (const connection of connections) connection.terminate();
    globalThis.reportError = before;
    if (globalThis.removeEventListener) globalThis.removeEventListener("unhandledrejection", onUnhandled);
    else process.off("unhandledRejection", onUnhandled);
  }
}

async function caught(run) {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return undefined;
}

function within(what, start) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited in vain for: ${what}`)), GIVE_UP_MS);
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

function show(value) {
  return JSON.stringify(value, (_, item) =>
    item === undefined ? "(undefined)"
    : typeof item === "bigint" ? `${item}n`
    : item instanceof Uint8Array ? { bytes: [...item] }
    : item);
}
