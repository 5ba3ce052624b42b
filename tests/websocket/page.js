// Helpers of the tests that run in a page or worker.

/** Throws unless both have the same JSON. */
export function equal(actual, expected, what = "values") {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: got ${a}, expected ${b}`);
}

/** Throws unless the condition holds. */
export function ok(condition, what) {
  if (!condition) throw new Error(what);
}

/** Throws unless `body` throws an error with this name whose message matches. */
export function throws(body, name, pattern) {
  let thrown;
  try {
    body();
  } catch (error) {
    thrown = error;
  }
  ok(thrown && thrown.name === name && pattern.test(thrown.message), `expected ${name} ${pattern}, got ${thrown}`);
}

/** The next event of a type. */
export const next = (target, type) => new Promise((done) => target.addEventListener(type, done, { once: true }));

/** Resolves when the condition holds, fails after ten seconds. */
export async function until(condition, what) {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited 10 s for ${what}`);
    await new Promise((wake) => setTimeout(wake, 2));
  }
}

/** Notes type, code and message of the events of a socket. */
export function record(socket, log = []) {
  for (const type of ["open", "message", "error", "close"]) {
    socket.addEventListener(type, (event) => log.push([type, event.code ?? event.message ?? event.data].filter((part) => part !== undefined).join(" ")));
  }
  return log;
}

/** A socket without a network, driven by the test. */
export class Fake extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  static all = [];
  readyState = 0;
  binaryType = "blob";
  bufferedAmount = 0;
  extensions = "";
  protocol = "";
  sent = [];
  listeners = 0;

  constructor(url, protocols) {
    super();
    Object.assign(this, { url: String(url), protocols });
    Fake.all.push(this);
  }

  addEventListener(...args) {
    this.listeners++;
    super.addEventListener(...args);
  }

  removeEventListener(...args) {
    this.listeners--;
    super.removeEventListener(...args);
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  message(data) {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  fail(code = 1006, reason = "") {
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: code !== 1006 }));
  }

  send(data) {
    this.sent.push(data);
  }

  close(code, reason) {
    this.closed = [code, reason];
    this.readyState = 2;
  }

  static get last() {
    return Fake.all.at(-1);
  }
}
