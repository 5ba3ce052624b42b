// The module's exports, the words for its numbers, and texts on their way into its memory. The numbers are defined in
// src/js/stomp_connect/*.rs.

import { wasm } from "../host/inline.js";
import { utf8Length } from "../codecs/utf8.js";
import { EverwireError, type ErrorCode } from "../client/error.js";

/** The exports of src/js/stomp_connect. */
export type Core = typeof import("../generated/stomp-connect.js");

/** The module, compiled at the first call. */
export const core = (): Core => wasm<Core>();

/** Kinds of `tell`. */
export const enum News { start = 0, reconnect = 1, terminate = 2, tick = 3, page = 4, network = 5 }

/** Results of `poll`. */
export const enum Action {
  none = 0, dial = 1, close = 2, detach = 3, fault = 4, state = 5, retry = 6, ended = 7, write = 8, unwritable = 9,
  status = 10, idle = 11, subscription = 12, request = 13,
}

/** Results of `next`. */
export const enum Incoming { none = 0, connected = 1, message = 2, reply = 3, error = 4, unhandled = 5 }

/** Kinds of `lost`. */
export const enum Loss { dial = 0, socket = 1, fault = 2 }

/** States of a subscription. */
export const enum Subscribed { confirmed = 0, unconfirmed = 1, refused = 2, unwritable = 3 }

export const VERSIONS = ["1.0", "1.1", "1.2"] as const;
export const ACK_MODES = "auto client client-individual";

/** Why the client gave a connection up. */
export const FAULTS: readonly string[] = [
  "received data is not STOMP: check the address and what proxies do to frames",
  "the first frame is neither CONNECTED nor ERROR: check the address",
  "the server chose a version that was not offered: offer it in versions",
  "the server fell silent, the connection was given up",
  "the server reported an error",
  "the connection was given up",
];

/** What is wrong with a call, by `-1 - result`. */
const REFUSALS: readonly (readonly [ErrorCode, string])[] = [
  ["closed", "connection is closed: call reconnect() first"],
  ["offline", "connection is not open and the offline rule is 'reject': wait for the open state or use another rule"],
  ["queue-full", "send queue is full: await handles, raise queue.maxMessages or queue.maxBytes, or choose an overflow rule"],
  ["too-large", "message is larger than the whole send queue: split it or raise queue.maxBytes"],
  ["rate-limited", "rate limit is exceeded: slow down or choose another overflow rule"],
  ["closed", "topic is closed: ask the connection for it again"],
  ["encode", "a header or the body cannot be written: remove NUL, or send the body with content-length"],
  ["invalid-option", "destination must not be empty"],
  ["queue-full", "too many messages wait for a receipt: await handles first"],
  ["queue-full", "too many requests wait for an answer: await some first"],
  ["invalid-option", "transaction is empty: publish or acknowledge something in it"],
  ["queue-full", "too many subscriptions: end some first"],
  ["invalid-option", "the subscription's id header is in use: choose another one or unsubscribe first"],
];

/** What to throw for a negative result. */
export function refusal(result: number): EverwireError {
  const [code, text] = REFUSALS[-1 - result]!;
  return new EverwireError(code, text);
}

const encoder = new TextEncoder();
// A byte order mark belongs to the body.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Writes texts, each with a NUL behind it, into the input, then a body; returns the length of the texts. */
export function fill(core: Core, texts: readonly string[], body: string | Uint8Array = ""): number {
  let head = "";
  for (const text of texts) {
    if (text.includes("\0")) throw new EverwireError("encode", "headers must not contain NUL");
    head += `${text}\0`;
  }
  const headLength = utf8Length(head);
  const text = typeof body === "string";
  const bodyLength = text ? utf8Length(body) : body.length;
  const at = core.input(headLength + bodyLength);
  const memory = new Uint8Array(core.memory.buffer, at, headLength + bodyLength);
  encoder.encodeInto(text ? head + body : head, memory);
  if (!text) memory.set(body, headLength);
  return headLength;
}

/** A text out of the memory. */
export function readText(core: Core, at: number, length: number): string {
  return decoder.decode(new Uint8Array(core.memory.buffer, at, length));
}

/** A copy of octets in the memory. */
export function readBytes(core: Core, at: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(core.memory.buffer, at, length).slice();
}

/** Octets as text. */
export const decode = (octets: Uint8Array): string => decoder.decode(octets);
