// Options of `everwire/sockjs`: defaults and checks.
import type { NativeSocketClass } from "../host/socket.js";
import { TRANSPORTS } from "./core.js";
import type { Options, Parameters } from "./types.js";

/** The alphabet of session ids; its length divides 256, so every character is equally likely. */
const ALPHABET = "abcdefghijklmnopqrstuvwxyz012345";

/** Option values with all defaults filled in. */
export type Settings = ReturnType<typeof settings>;

/** Checks the options and fills in the defaults. */
export function settings(options: Options) {
  if (options.protocols_whitelist) console.warn("'protocols_whitelist' is DEPRECATED. Use 'transports' instead.");
  const { sessionId } = options;
  if (sessionId && typeof sessionId !== "function" && typeof sessionId !== "number") {
    throw new TypeError("If sessionId is used in the options, it needs to be a number or a function.");
  }
  const { heartbeatTimeout } = options;
  const native = (options.WebSocket ?? globalThis.WebSocket) as NativeSocketClass | undefined;
  const names = ([] as string[]).concat(options.transports || []);
  let bits = 0;
  TRANSPORTS.forEach((name, bit) => {
    if ((!names.length || names.includes(name)) && (bit || native)) bits |= 1 << bit;
  });
  return {
    _server: options.server || String(Math.floor(Math.random() * 1_000)).padStart(3, "0"),
    _sessionId: typeof sessionId === "function" ? sessionId : () => randomId(sessionId || 8),
    _transports: bits,
    _timeout: milliseconds("timeout", options.timeout) || -1,
    _infoTimeout: milliseconds("infoTimeout", options.infoTimeout) ?? 8_000,
    _heartbeat: heartbeatTimeout === "learned" ? -1 : (milliseconds("heartbeatTimeout", heartbeatTimeout) ?? -1),
    _headers: parameters("headers", options.headers),
    _query: parameters("query", options.query),
    _credentials: options.credentials ?? true,
    _socketClass: native,
  };
}

function randomId(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => ALPHABET[byte % 32]).join("");
}

function milliseconds(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value >= 0) return value;
  throw new RangeError(`everwire: ${name} must be a number of milliseconds, not ${typeof value} ${String(value)}`);
}

function parameters(name: string, value: Parameters | undefined): Parameters {
  if (value !== undefined && typeof value !== "function" && (typeof value !== "object" || value === null)) {
    throw new TypeError(`everwire: ${name} must be an object or a function that gives one, not ${String(value)}`);
  }
  return value ?? {};
}
