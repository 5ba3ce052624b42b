// `everwire/socket.io/policies`: send policies of the core for single events of a socket, and one bounded queue for what
// they hold back. Its module is one of its own, so that sockets without policies do not carry it.
import { MAX_MS, invalid, number, object, word } from "../client/check.js";
import { OVERFLOWS } from "../client/core.js";
import { split } from "../client/policies.js";
import { rateNumbers } from "../client/topic.js";
import { Pacer } from "./pacer.js";
import type { Policies, QueueOptions } from "./policies-types.js";
import type { EventsMap, Socket } from "./types.js";

export { EverwireError, type ErrorCode } from "../client/error.js";
export { conflate, debounce, immediate, rateLimit, throttle } from "../client/policies.js";
export type { Conflate, Debounce, Immediate, Lane, Offline, Order, PolicyOption, RateLimit, Throttle } from "../client/policy-types.js";
export type { DropReason, Handle, Paced, SendResult, SendStatus } from "../client/send-types.js";
export type { EventArgs, EventOptions, PacedEmitOptions, PacedEvent, Policies, QueueOptions } from "./policies-types.js";

const pacers = new WeakMap<object, Pacer>();

/**
 * The policies of a socket's events. Asked again without options it gives the same object.
 *
 * @param socket a socket of `everwire/socket.io`; its namespace being joined is what counts as connected
 * @throws EverwireError for a wrong option, or options for a socket that has its policies already
 */
export function policies<L extends EventsMap, E extends EventsMap>(socket: Socket<L, E>, options?: QueueOptions): Policies<E> {
  const known = pacers.get(socket);
  if (known && !known._closed) {
    if (options === undefined) return known as unknown as Policies<E>;
    invalid("options", "left out for a socket that has its policies already, or close() these first", options);
  }
  if (typeof socket?.emit !== "function" || !socket.io) invalid("socket", "a socket of everwire/socket.io", socket);
  const given = object("options", options, "maxMessages maxBytes overflow rateLimit highWater");
  const [, rate] = given.rateLimit === undefined ? [] : split(given.rateLimit);
  if (given.rateLimit && !rate) invalid("rateLimit", "made by rateLimit()", given.rateLimit);
  const made = new Pacer(socket, [
    number("maxMessages", given.maxMessages, 1_000, 1, MAX_MS, "integer"),
    number("maxBytes", given.maxBytes, 1 << 20, 1, MAX_MS, "integer"),
    word("overflow", given.overflow, 0, OVERFLOWS),
    ...rateNumbers(rate),
    number("highWater", given.highWater, 64 << 10, 1, MAX_MS, "integer"),
  ]);
  pacers.set(socket, made);
  return made as unknown as Policies<E>;
}
