// Options of `everwire/websocket`: defaults and checks.
import type { NativeSocketClass } from "../host/socket.js";
import { MessageTarget } from "./target.js";
import type { Options } from "./types.js";

/** Heartbeats shorter than this are refused by the core. */
const MIN_HEARTBEAT = 10;

/** The platform's class, in case that our own takes its place. */
const native: unknown = globalThis.WebSocket;

/** Option values with all defaults filled in. */
export type Settings = ReturnType<typeof settings>;

/** Checks the options and fills in the defaults. */
export function settings(options: Options) {
  const heartbeat = options.heartbeat;
  const maxRetries = number("maxRetries", options.maxRetries, Infinity);
  const longest = number("maxReconnectionDelay", options.maxReconnectionDelay, 10_000);
  const shortest = number("minReconnectionDelay", options.minReconnectionDelay, 1_000 + Math.random() * 4_000);
  if (options.WebSocket !== undefined) socketClass(options.WebSocket);
  if (typeof (options.shouldReconnectOnClose ?? settings) !== "function") {
    throw new TypeError("everwire: shouldReconnectOnClose must be a function");
  }
  return {
    _given: options,
    _minDelay: Math.min(shortest, longest),
    _maxDelay: longest,
    _factor: number("reconnectionDelayGrowFactor", options.reconnectionDelayGrowFactor, 1.3, 1, 1_000),
    _minUptime: number("minUptime", options.minUptime, 5_000),
    // The native class knows no limit of its own.
    _connectTimeout: number("connectionTimeout", options.connectionTimeout, maxRetries ? 4_000 : Infinity),
    _closeTimeout: maxRetries ? 5_000 : Infinity,
    _maxRetries: maxRetries,
    _maxMessages: number("maxEnqueuedMessages", options.maxEnqueuedMessages, Infinity),
    _maxBytes: number("maxEnqueuedBytes", options.maxEnqueuedBytes, 1 << 24),
    _interval: heartbeat ? number("heartbeat.interval", heartbeat.interval, 25_000, MIN_HEARTBEAT) : 0,
    _timeout: number("heartbeat.timeout", heartbeat?.timeout, 10_000, MIN_HEARTBEAT),
  };
}

/** The class that makes native sockets; throws where there is none. */
export function socketClass(given: unknown): NativeSocketClass {
  let found = given ?? (globalThis.WebSocket as unknown);
  if (given == null && (found as typeof MessageTarget | undefined)?.prototype instanceof MessageTarget) found = native;
  if (typeof found === "function" && (found as { CLOSING?: unknown }).CLOSING === 2) return found as NativeSocketClass;
  if (given === undefined) {
    throw new Error("everwire: no global WebSocket here; give a class as option WebSocket, such as that of the package ws");
  }
  throw new TypeError("everwire: no valid WebSocket class provided; give a class as option WebSocket, such as that of the package ws");
}

function number(name: string, value: number | undefined, fallback: number, min = 0, max = Infinity): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new RangeError(`everwire: ${name} must be a number from ${min} to ${max}, not ${typeof value} ${value}`);
}
