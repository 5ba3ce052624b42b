// What a send with a policy takes and gives. Without the names of newer libraries, for projects that have `lib: es2022`.

import type { AbortSignalType } from "../host/dom-types.js";
import type { Lane, Offline, Order, Overflow, PolicyOption } from "./policy-types.js";

/** Identity of a message over reconnects, and what an answer refers to. */
export type MessageId = string | number;

/**
 * Where a send is in its life. Each ends in exactly one terminal status. Two can be passing ones: `'written'` while an
 * acknowledgement is awaited, and `'unknown'` after a loss while a message with an id waits to be written again.
 */
export type SendStatus =
  | "paced" | "queued" | "written" | "acked" | "superseded" | "dropped" | "expired" | "cancelled" | "unknown";

/** Why a message was not sent. */
export type DropReason =
  /** The queue was full. */
  | "overflow"
  /** The link was down and the offline rule says drop. */
  | "offline"
  /** The connection was closed first. */
  | "close"
  /** `trailing: false` sends no further value in this interval. */
  | "policy"
  /** The rate limit's overflow rule. */
  | "rate"
  /** The socket or, in an answer, the server refused it. */
  | "refused";

/**
 * What became of a send; `status` tells which. Only `written` and `acked` mean that it went out for certain. `reply` may be
 * read without a look at `status` first.
 */
export type SendResult =
  | { readonly status: "written"; readonly reply?: undefined }
  | { readonly status: "acked"; /** The message that confirmed it. */ readonly reply: unknown }
  | {
      readonly status: "superseded";
      /** The newer send of the same slot. */
      readonly by: Handle | undefined;
      /** Whether the newer value contains this one (`conflate` with `merge`). */
      readonly merged: boolean;
      readonly reply?: undefined;
    }
  | {
      readonly status: "dropped";
      readonly reason: DropReason;
      /** The refusal, if the server sent one. */
      readonly reply?: unknown;
      /** What was thrown at the write, of values that are encoded only then (`everwire/socket.io/policies`). */
      readonly error?: unknown;
    }
  | { readonly status: "expired" | "cancelled" | "unknown"; readonly reply?: undefined };

/** One accepted send. */
export interface Handle {
  /** Where it is now. */
  readonly status: SendStatus;
  /** Its id, if it has one. */
  readonly id: MessageId | undefined;
  /**
   * Resolves when the message was handed to the socket, or can no longer be: look at `status` of the result.
   * Rejects only with the reason of an aborted `signal` when the message was already written.
   */
  readonly written: Promise<SendResult>;
  /** Resolves at the terminal status: `acked` if an acknowledgement was expected and came. Rejects as `written` does. */
  readonly acked: Promise<SendResult>;
  /** Takes the message back. False if it was written or ended before: then nothing can be taken back. */
  cancel(): boolean;
}

/** Options of one send on a topic; they override the topic's. */
export interface TopicSendOptions {
  /** Slot within the topic, instead of what the topic's `key` function says. */
  key?: string | number;
  /** Sends this one at once; the topic's `order` says what becomes of pending values. */
  immediate?: boolean;
  /** Priority, instead of the topic's. */
  lane?: Lane;
  /**
   * Longest time from the call until the write, instead of the topic's. It runs also while the message waits behind a `Blob`
   * that is being read, but its end is told only when that is read.
   */
  ttl?: number;
  /** What happens while the link is down, instead of the topic's rule. */
  offline?: Offline;
  /**
   * Identity of the message. It is tagged with it, awaits an acknowledgement (see the option `correlation`), and is resent
   * after a reconnect. Until the server answers it keeps its place in the queue: give ids only to what is answered.
   */
  id?: MessageId;
  /** Whether an acknowledgement is awaited, which needs an `id`. Default: an `id` is given. */
  ack?: boolean;
  /**
   * Whether it is written again when the link died before the acknowledgement, which needs an `id`; if not, it ends as
   * `unknown` then. Default: an `id` is given.
   */
  resend?: boolean;
  /** Aborting it before the write cancels the message; after it only the waits of the handle reject, and nothing is taken back. */
  signal?: AbortSignalType;
}

/** Options of a topic. */
export interface TopicOptions<T = any> {
  /** How its sends are paced, optionally with a rate limit: `[throttle({ interval: 100 }), rateLimit({ rate: 20 })]`. */
  policy?: PolicyOption<T>;
  /** Slot of a value: policies replace only within a slot. Default, and for values without a key: one slot for the topic. */
  key?: (value: T) => string | number | undefined;
  /** Priority. Default `'normal'`. */
  lane?: Lane;
  /** Longest time from the call until the write. Default: none. */
  ttl?: number;
  /** What happens while the link is down. Default: `'queue'` for immediate and batch, else `'latest'`. */
  offline?: Offline;
  /** What an immediate send does to pending values. Default `'flush-before'`. */
  order?: Order;
  /** What a full queue does to sends of this topic. Default: the connection's rule. */
  overflow?: Overflow;
}

/** What a stream of sends with a policy lets one do about those that wait. */
export interface Paced<T = any> {
  /** Admits now what is paced, of one key or all; resolves when all of it has been written or has ended. */
  flush(key?: string | number): Promise<void>;
  /** Takes back what is not yet written, of one key or all. */
  cancel(key?: string | number): void;
  /** Whether a value would still be sent. */
  readonly pending: boolean;
  /** Whether a value of this key would still be sent. */
  isPending(key: string | number): boolean;
  /** The value that would be sent, as it was given (after `merge`). */
  peek(key?: string | number): T | undefined;
  /** Takes back what is pending and frees the name. Later sends throw, and nothing else has an effect any more. */
  close(): void;
}
