// Assertions that work alike in Node and in a page, and make no difference between realms.

/** Text in which equal values are equal. */
export function show(value) {
  const seen = new Set();
  const walk = (value) => {
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value === "function") return "function";
    if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      const bytes = ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value);
      return `${ArrayBuffer.isView(value) ? value.constructor.name : "ArrayBuffer"}<${[...bytes]}>`;
    }
    if (seen.has(value)) return "circular";
    seen.add(value);
    return Array.isArray(value) ? `[${value.map(walk).join(", ")}]` : `{${Object.keys(value).map((key) => `${key}: ${walk(value[key])}`).join(", ")}}`;
  };
  return walk(value);
}

/** Fails unless the two look the same. */
export function equal(actual, expected, what = "value") {
  const [a, b] = [show(actual), show(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

/** Fails unless true. */
export function ok(value, what = "condition") {
  if (!value) throw new Error(`not so: ${what}`);
}

/** What `run` throws. */
export async function thrown(run) {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** Waits for a condition. */
export async function until(condition, what = String(condition), limit = 5_000) {
  const end = Date.now() + limit;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${limit} ms for ${what}`);
    await new Promise((next) => setTimeout(next, 1));
  }
}

/** The arguments of the next event. */
export const next = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));

/** Lets microtasks and due timers run. */
export const turn = () => new Promise((resolve) => setTimeout(resolve));
