// The numbers that src/js/websocket.rs takes and gives.

/** Signatures of the module's exports, generated from Rust. */
export type Core = typeof import("../generated/websocket.js");

/** `kind` of `handle`. */
export const enum Happened {
  reconnect = 0,
  close = 1,
  terminate = 2,
  opened = 3,
  dialFailed = 4,
  socketClosed = 5,
  received = 6,
  /** The providers are done and the handshake runs. */
  dialed = 7,
  signal = 8,
  tick = 9,
}

/** What `poll` returns; 0 is nothing. */
export const enum Todo {
  /** Operand 0: generation, 1: attempt. */
  dial = 1,
  closeSocket = 2,
  detach = 3,
  ping = 4,
  /** Operand 0: old state, 1: new state, 2: cause. */
  state = 5,
  /** Operand 0: attempt, 1: delay in milliseconds. */
  retry = 6,
  ended = 7,
  /** The handshake took too long. */
  timeout = 8,
}

/** States of a link. */
export const enum State { idle = 0, connecting = 1, open = 2, waiting = 3, closing = 4, closed = 5 }

/** Why a state was left, as far as the facade cares. */
export const enum Cause { reported = 0, other = 1, dead = 2, resumed = 3, closeTimeout = 4 }
