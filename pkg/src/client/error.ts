// The one error class of everwire: a stable code for programs, and a text that tells people what to do next.

import type { SchemaIssue } from "./schema-types.js";

/** Stable names of what can go wrong. */
export type ErrorCode =
  /** An option is unknown, of the wrong type or out of range; see `option`. */
  | "invalid-option"
  /** The value cannot be encoded. */
  | "encode"
  /** A received message cannot be decoded; see `data`. The link stays up. */
  | "decode"
  /** A received message does not satisfy the schema; see `data` and `issues`. The link stays up. */
  | "schema"
  /** The connection is closing or closed. */
  | "closed"
  /** The link is down and the offline rule is `'reject'`. */
  | "offline"
  /** The send queue is full. */
  | "queue-full"
  /** The message alone is larger than the send queue. */
  | "too-large"
  /** The rate limit's overflow rule is `'reject'`. */
  | "rate-limited"
  /** A `merge` function threw; the pending value stays. */
  | "merge"
  /** The reply did not come in time. */
  | "timeout"
  /** The server answered with a refusal; see `data`. */
  | "refused"
  /** The request was not sent, or it is unknown whether it arrived; the text says which. */
  | "not-delivered"
  /** `reconnect()` came before a `close()` was done. */
  | "called-off"
  /** A url or protocol provider failed, or a socket could not be made; tried again as often as `reconnect` says. */
  | "dial"
  /** The `handshake` option failed or took too long; tried again as often as `reconnect` says. */
  | "handshake"
  /** A `for await` loop did not keep up. */
  | "inbound-overflow"
  /** The connection ended for another reason than the user's wish. */
  | "ended"
  /** STOMP: the server sent an `ERROR`; see `data`. */
  | "server"
  /** STOMP: what came in is malformed, or nothing came for too long; the link is dialled again. */
  | "protocol"
  /** STOMP: the server sent no receipt for a subscription in time. */
  | "unconfirmed"
  /** STOMP: a message cannot be acknowledged, or no more. */
  | "late-ack";

/** What is known about an error beyond its text. */
export interface ErrorDetails {
  option?: string | undefined;
  data?: unknown;
  issues?: readonly SchemaIssue[] | undefined;
  cause?: unknown;
}

/** An error of everwire. */
export class EverwireError extends Error {
  /** Stable name of the kind of error. */
  readonly code: ErrorCode;
  /** Path of the wrong option, such as `reconnect.minDelay`. */
  readonly option: string | undefined;
  /** The raw message that was received, or the refusal. */
  readonly data: unknown;
  /** What the schema says is wrong with the message. */
  readonly issues: readonly SchemaIssue[] | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, "cause" in details ? details as ErrorOptions : undefined);
    this.code = code;
    this.option = details.option;
    this.data = details.data;
    this.issues = details.issues;
  }

  static {
    this.prototype.name = "EverwireError";
  }
}

/** What `send` and its kin say about a value that the codec refused. */
export const UNENCODABLE = "value cannot be encoded";

/** An error about what somebody else threw, whose text it ends with. */
export function caused(code: ErrorCode, what: string, cause: unknown, data?: unknown): EverwireError {
  return new EverwireError(code, `${what}: ${text(cause)}`, { data, cause });
}

/** The text of anything thrown. */
function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
