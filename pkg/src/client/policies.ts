// The send policies. Each is a plain frozen value: it may be shared by topics and connections.

import { MAX_MS, callable, flag, invalid, number, object, word } from "./check.js";
import type {
  Batch, Conflate, Debounce, Immediate, Pace, PolicyOption, RateLimit, RateOverflow, Throttle,
} from "./policy-types.js";

/** Words of `rateLimit`'s overflow, in the order of the core's enum. */
export const RATE_OVERFLOWS = "queue conflate drop-oldest drop-newest reject";

const IMMEDIATE: Immediate = Object.freeze({ kind: "immediate" });

/** Every message enters its lane at once, in call order, and never replaces another. The default. */
export function immediate(): Immediate {
  return IMMEDIATE;
}

/**
 * The latest value goes out when calls have paused for `wait`, and never later than `maxWait` after the first unsent one.
 *
 * @param options `wait`: quiet time in ms, above 0. `maxWait`: at least `wait`, default 5 times `wait`. `leading`:
 * send the first value of a quiet slot at once, default false. `trailing`: send the latest at the end, default true.
 */
export function debounce(options: { wait: number; maxWait?: number; leading?: boolean; trailing?: boolean }): Debounce {
  const given = object("debounce", options, "wait maxWait leading trailing");
  const wait = number("debounce.wait", given.wait, NaN, 0, MAX_MS, "open");
  if (wait !== wait) invalid("debounce.wait", `a number above 0 and up to ${MAX_MS}`);
  const maxWait = number("debounce.maxWait", given.maxWait, Math.min(5 * wait, MAX_MS), wait, MAX_MS);
  return Object.freeze({ kind: "debounce", wait, maxWait, ...edges("debounce", given, false) });
}

/**
 * At most one admission per `interval`; the last value always goes out unless `trailing` is off.
 *
 * @param options `interval`: ms, above 0. `leading`: send the first value of a quiet slot at once, default true.
 * `trailing`: send the latest at the end of the interval, default true.
 */
export function throttle(options: { interval: number; leading?: boolean; trailing?: boolean }): Throttle {
  const given = object("throttle", options, "interval leading trailing");
  const interval = number("throttle.interval", given.interval, NaN, 0, MAX_MS, "open");
  if (interval !== interval) invalid("throttle.interval", `a number above 0 and up to ${MAX_MS}`);
  return Object.freeze({ kind: "throttle", interval, ...edges("throttle", given, true) });
}

/**
 * No timer: a slot holds the latest value until the link is writable, so a slow link never carries stale state.
 *
 * @param options `merge`: combines the pending with the new value; if it throws, that call fails and the pending value
 * stays. `minInterval`: shortest time in ms between two writes of a slot, default 0.
 */
export function conflate<T = any>(
  options?: { merge?: (older: T, newer: T) => T; minInterval?: number },
): Conflate<T> {
  const given = object("conflate", options, "merge minInterval");
  return Object.freeze({
    kind: "conflate",
    merge: callable("conflate.merge", given.merge),
    minInterval: number("conflate.minInterval", given.minInterval, 0, 0, MAX_MS),
  });
}

/**
 * Several messages in one frame, in call order; needs a codec with a container (`json()`, `msgpack()`). The first limit
 * that is reached sends the frame; at least one must be given.
 *
 * @param options `maxItems`: messages per frame. `maxBytes`: encoded bytes per frame; a larger message goes alone.
 * `maxWait`: longest wait of the first message in ms.
 */
export function batch(options: { maxItems?: number; maxBytes?: number; maxWait?: number }): Batch {
  const given = object("batch", options, "maxItems maxBytes maxWait");
  const maxItems = number("batch.maxItems", given.maxItems, Infinity, 1, MAX_MS, "integer");
  const maxBytes = number("batch.maxBytes", given.maxBytes, Infinity, 1, MAX_MS, "integer");
  const maxWait = number("batch.maxWait", given.maxWait, Infinity, 0, MAX_MS);
  if (Math.min(maxItems, maxBytes, maxWait) === Infinity) invalid("batch", "given maxItems, maxBytes or maxWait");
  return Object.freeze({ kind: "batch", maxItems, maxBytes, maxWait });
}

/**
 * A token bucket: in any time T at most `burst + rate * T` messages. Stacks on any pace: `[throttle(..), rateLimit(..)]`.
 *
 * @param options `rate`: messages per second, above 0 and up to 1,000,000. `burst`: size of the bucket, default 1.
 * `overflow`: what happens to the excess, default `'queue'`.
 */
export function rateLimit(options: { rate: number; burst?: number; overflow?: RateOverflow }): RateLimit {
  const given = object("rateLimit", options, "rate burst overflow");
  const rate = number("rateLimit.rate", given.rate, NaN, 0, 1e6, "open");
  if (rate !== rate) invalid("rateLimit.rate", "a number above 0 and up to 1000000");
  word("rateLimit.overflow", given.overflow, 0, RATE_OVERFLOWS);
  return Object.freeze({
    kind: "rateLimit",
    rate,
    burst: number("rateLimit.burst", given.burst, 1, 1, MAX_MS, "integer"),
    overflow: given.overflow ?? "queue",
  });
}

/** Takes a policy option apart. */
export function split<T>(option: PolicyOption<T> | undefined): [pace: Pace<T>, rate: RateLimit | undefined] {
  const list = (Array.isArray(option) ? option : [option ?? IMMEDIATE]) as readonly (Pace<T> | RateLimit)[];
  let pace: Pace<T> | undefined;
  let rate: RateLimit | undefined;
  for (const part of list) {
    const kind = part?.kind;
    if (kind === "rateLimit" && !rate) rate = part as RateLimit;
    else if (kind && KINDS.includes(kind) && !pace) pace = part as Pace<T>;
    else invalid("policy", "made by everwire's policy functions: one pace, one rateLimit, or both", option);
  }
  return [pace ?? IMMEDIATE, rate];
}

/** Kinds of pace in the order of the core's enum. */
export const KINDS = ["immediate", "debounce", "throttle", "conflate", "batch"];

function edges(option: string, given: { leading?: boolean; trailing?: boolean }, byDefault: boolean) {
  const leading = flag(`${option}.leading`, given.leading, byDefault);
  const trailing = flag(`${option}.trailing`, given.trailing, true);
  if (!leading && !trailing) invalid(`${option}.leading`, "on if trailing is off: otherwise nothing is ever sent", false);
  return { leading, trailing };
}
