// The public types of `everwire/socket.io/policies`.
import type { RateLimit } from "../client/policy-types.js";
import type { Handle, Paced, TopicOptions, TopicSendOptions } from "../client/send-types.js";
import type { EventNames, EventParams, EventsMap } from "./types.js";

/** Bounds of everything that waits to be sent on one socket. */
export interface QueueOptions {
  /** Most values that wait. Default 1,000, from 1. */
  maxMessages?: number;
  /** Most bytes that wait, as estimated when they are given. Default 1 MiB, from 1. */
  maxBytes?: number;
  /** What a full queue does: refuse the new value with an error (the default), or drop the oldest or the new one. */
  overflow?: "reject" | "drop-oldest" | "drop-newest";
  /** Of all events with a policy together. */
  rateLimit?: RateLimit;
  /** Bytes in the WebSocket's own buffer, or in one polling request, above which nothing more is written. Default 64 KiB. */
  highWater?: number;
}

/** Options of one event: pace, key, lane, ttl, offline rule, order and overflow as everywhere in everwire. */
export interface EventOptions<T = any> extends TopicOptions<T> {
  /** Awaits the server's acknowledgement: the handle becomes `acked` with its first argument as `reply`. Default false. */
  ack?: boolean;
  /** Longest wait for the acknowledgement in ms, after which the handle becomes `unknown`. Default: as long as the connection. */
  timeout?: number;
  /** The value is an array of the event's arguments. Default false: the value is its only argument. */
  spread?: boolean;
}

/** Options of one value; they override the event's. */
export type PacedEmitOptions = Pick<TopicSendOptions, "key" | "immediate" | "lane" | "ttl" | "offline" | "signal">;

/** What an event's listener takes, without the acknowledgement. */
export type EventArgs<P extends any[]> = P extends [...infer Rest, (...args: any[]) => any] ? Rest : P;

/** What is given to `emit` of an event with a policy: the event's first argument, or with `spread` the list of all. */
export type EventValue<P extends any[], Spread extends boolean> = Spread extends true ? EventArgs<P> : P[0];

/** One event with a policy. */
export interface PacedEvent<T = any> extends Paced<T> {
  /** The event's name. */
  readonly name: string;
  /**
   * Sends the value as the policy says. It is encoded when it is written; a value that cannot be then ends as `dropped`,
   * reason `refused`, with the error.
   *
   * @throws EverwireError if it is not accepted: queue full, offline rule `reject`, rate limit, a wrong option
   */
  emit(value: T, options?: PacedEmitOptions): Handle;
}

/** The events of one socket that have a policy. All others are none of its business. */
export interface Policies<EmitEvents extends EventsMap> {
  /** Gives an event a policy. The same name gives the same object; with other options it throws an `EverwireError`. */
  event<Ev extends EventNames<EmitEvents>, Spread extends boolean = false>(
    name: Ev, options?: EventOptions<EventValue<EventParams<EmitEvents, Ev>, Spread>> & { spread?: Spread },
  ): PacedEvent<EventValue<EventParams<EmitEvents, Ev>, Spread>>;
  /** Admits now what is paced; resolves when all of it has been written or has ended. */
  flush(): Promise<void>;
  /** Takes back what is not yet written. */
  cancel(): void;
  /** Whether a value would still be sent. */
  readonly pending: boolean;
  /** Drops what is not yet written (`dropped`, reason `close`) and lets go of the socket; later emits throw. */
  close(): void;
}
