// The numbers that src/js/sockjs.rs takes and gives.

/** Signatures of the module's exports, generated from Rust. */
export type Core = typeof import("../generated/sockjs.js");

/** `kind` of `handle`. */
export const enum Happened {
  start = 0,
  /** The last argument is 1 if the server offers WebSocket. */
  info = 1,
  infoFailed = 2,
  answered = 3,
  sent = 4,
  /** The last argument is the close code. */
  socketLost = 5,
  receiverLost = 6,
  senderLost = 7,
  close = 8,
  tick = 9,
}

/** `kind` of `receive`. */
export const enum Arrival { open = 0, heartbeat = 1, prelude = 2, messages = 3, close = 4, malformed = 5, tooLong = 6, unknown = 7 }

/** What `receive` returns; 0 is nothing. */
export const enum Received { deliver = 1, hold = 2, heartbeat = 3 }

/** What `poll` returns; 0 is nothing. */
export const enum Todo {
  ask = 1,
  /** Operand 0: attempt, 1: transport. */
  dial = 2,
  /** Operand 0: attempt. */
  receive = 3,
  /** Operand 0: attempt, 1: how many messages. */
  write = 4,
  detach = 5,
  /** Operand 0: transport. */
  opened = 6,
  /** Operand 0: code, 1: cause, 2: whether it was clean. */
  closed = 7,
}

/** Names of the transports by their number, and the last segment of the URL that receives. */
export const TRANSPORTS = ["websocket", "xhr-streaming", "eventsource", "xhr-polling"] as const;
export const PATHS = ["/websocket", "/xhr_streaming", "/eventsource", "/xhr"] as const;

/** Causes of an end whose reason is not known to the core. */
export const enum Cause { user = 0, server = 1, socket = 5, sender = 7 }

/** Reasons by cause, in the words of sockjs-client where it has any. */
export const REASONS = [
  "", "", "Cannot connect to server", "All transports failed", "Server lost session", "", "permanent", "",
  "Too many empty answers", "No heartbeat", "Bad frame", "Frame too long",
] as const;

/** Longest frame, in UTF-16 units. */
export const MAX_FRAME = 1 << 24;
