// The module's exports and the words for its numbers. The numbers are defined in src/js/client/*.rs.

import { wasm } from "../host/inline.js";
import type { ErrorCode } from "./error.js";
import type { ConnectionState, DropReason, EndReason, SendStatus, StateCause } from "./types.js";

/** The exports of src/js/client. */
export type Core = typeof import("../generated/client.js");

/** The module, compiled at the first call. */
export const core = (): Core => wasm<Core>();

/** Kinds of `input`. */
export const enum Input {
  start = 0, reconnect = 1, terminate = 2, opened = 3, dialFailed = 4, closed = 5, received = 6, page = 7, network = 8, tick = 9,
}

/** Results of `poll`. */
export const enum Action {
  none = 0, dial = 1, close = 2, detach = 3, ping = 4, state = 5, retry = 6, ended = 7, write = 8, writeBatch = 9,
  status = 10, idle = 11,
}

/** Codes of a message's status that this side acts on; all of them are in `STATUSES`. */
export const enum Status { written = 2, acked = 3, superseded = 4, dropped = 5, expired = 6, cancelled = 7 }

/** Scopes of `flush`, `cancel_all` and `pending`: a topic of `all`, a slot of `wholeTopic` or `ownSlot`. */
export const enum Scope { all = -1, wholeTopic = -2, ownSlot = -1 }

/** Bits of `send`'s flags above lane and offline rule. */
export const enum Flag { immediate = 0x100, resend = 0x200, acknowledged = 0x400, merged = 0x800 }
/** Stands for the topic's lane or offline rule in `send`'s flags. */
export const UNSET = 15;

export const LANES = "control rpc normal bulk";
export const OFFLINE_RULES = "queue latest drop reject";
export const ORDERS = "flush-before independent supersede";
export const OVERFLOWS = "reject drop-oldest drop-newest";

export const STATES = list<ConnectionState>("idle connecting open waiting closing closed");
export const CAUSES = list<StateCause>(
  "user opened retry-due socket-closed dial-failed connect-timeout dead close-timeout resumed",
);
export const ENDS = list<EndReason>("user reconnect-off fatal retries-exhausted");
export const STATUSES = list<SendStatus>("paced queued written acked superseded dropped expired cancelled unknown");
export const DROPS = list<DropReason>("overflow offline close policy rate refused");

/** What is wrong with a send, by `-1 - result`. */
export const REFUSALS: readonly (readonly [ErrorCode, string, DropReason])[] = [
  ["closed", "connection is closed: call reconnect() before sending", "close"],
  ["offline", "connection is not open and the offline rule is 'reject': wait for the open state or use another rule", "offline"],
  ["queue-full", "send queue is full: await handles, raise queue.maxMessages or queue.maxBytes, or choose an overflow rule", "overflow"],
  ["too-large", "message is larger than the whole send queue: split it or raise queue.maxBytes", "overflow"],
  ["rate-limited", "rate limit is exceeded: slow down or choose another overflow rule", "rate"],
  ["closed", "topic is closed: ask the connection for it again", "close"],
];

function list<T extends string>(words: string): T[] {
  return words.split(" ") as T[];
}
