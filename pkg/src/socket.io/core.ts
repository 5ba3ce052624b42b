// The numbers that src/js/socketio.rs takes and gives.
import { wasm } from "../host/inline.js";

/** Signatures of the module's exports, generated from Rust. */
export type Core = typeof import("../generated/socket.io.js");

/** `kind` of `handle`. */
export const enum Happened {
  start = 0,
  opened = 1,
  sent = 2,
  paused = 3,
  lost = 4,
  failed = 5,
  terminate = 6,
  pinged = 7,
  writing = 8,
  /** `3probe` came on the transport to upgrade to, or something else. */
  probed = 9,
  misprobed = 10,
  tick = 11,
}

/** What `poll` returns; 0 is nothing. Operand 0 is the transport's number unless noted. */
export const enum Todo {
  /** Operand 1: whether it is an upgrade. */
  open = 1,
  opened = 2,
  /** Operand 1: 1 for the upgrade packet, 0 for the probe. */
  control = 3,
  pause = 4,
  resume = 5,
  upgraded = 6,
  upgradeFailed = 7,
  detach = 8,
  /** Operand 0: index of {@link REASONS}. */
  closed = 9,
}

/** Why a session is over. */
export const REASONS = ["ping timeout", "transport close", "transport error", "forced close"] as const;

/** Types of Engine.IO packets by their number on the wire. */
export const PACKET_TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"] as const;

/** The module's exports. */
export const core = (): Core => wasm<Core>();
