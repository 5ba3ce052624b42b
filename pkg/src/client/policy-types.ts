// Types of the send policies; see policies.ts for the functions that make and check them.

/** Priority classes; higher ones go first, each lower one keeps a floor share of 1 in 16 writes. */
export type Lane = "control" | "rpc" | "normal" | "bulk";

/** What happens to a message while the link is down: kept, only the latest of its slot kept, dropped, or refused. */
export type Offline = "queue" | "latest" | "drop" | "reject";

/** What a full queue does: refuse the new message (an error), or drop the oldest or the new one (its handle says so). */
export type Overflow = "reject" | "drop-oldest" | "drop-newest";

/** What an immediate message does to pending values of its topic: admit them first, nothing, or cancel them. */
export type Order = "flush-before" | "independent" | "supersede";

/** What a rate limit does with the excess. */
export type RateOverflow = "queue" | "conflate" | "drop-oldest" | "drop-newest" | "reject";

/** Every message enters its lane at once, first in, first out. */
export interface Immediate {
  readonly kind: "immediate";
}

/** The latest value goes out when calls have paused for `wait`. */
export interface Debounce {
  readonly kind: "debounce";
  readonly wait: number;
  readonly maxWait: number;
  readonly leading: boolean;
  readonly trailing: boolean;
}

/** At most one admission per `interval`. */
export interface Throttle {
  readonly kind: "throttle";
  readonly interval: number;
  readonly leading: boolean;
  readonly trailing: boolean;
}

/** The latest or merged value waits until the link is writable. */
export interface Conflate<T = any> {
  readonly kind: "conflate";
  readonly merge: ((older: T, newer: T) => T) | undefined;
  readonly minInterval: number;
}

/** Several messages in one frame, in call order. */
export interface Batch {
  readonly kind: "batch";
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly maxWait: number;
}

/** A token bucket: `rate` messages per second, up to `burst` at once. */
export interface RateLimit {
  readonly kind: "rateLimit";
  readonly rate: number;
  readonly burst: number;
  readonly overflow: RateOverflow;
}

/** A policy that says when a value leaves its slot. */
export type Pace<T = any> = Immediate | Debounce | Throttle | Conflate<T> | Batch;

/** One pace, one rate limit, or both. */
export type PolicyOption<T = any> = Pace<T> | RateLimit | readonly [Pace<T>, RateLimit];
