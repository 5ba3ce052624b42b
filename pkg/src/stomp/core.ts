// The numbers that the module and this side agree on; src/js/stomp.rs is the other side.

/** The module's exports. */
export type Core = typeof import("../generated/stomp.js");

/** What `poll` returns. */
export const enum Todo { prepare = 1, retry = 2, timedOut = 3, beat = 4, lost = 5, abandon = 6, closeAfterError = 7 }

/** What `head` returns; from `fault` on it is a position in {@link FAULTS}. */
export const enum Kind { incomplete = 0, message = 1, connected = 2, receipt = 3, error = 4, other = 5, fault = 16 }

/** Positions of the numbers behind `found`. */
export const enum Found { octets = 0, units = 1, contentLength = 2, escapes = 3, subscriptionStart = 4, subscriptionEnd = 5 }

/** How a head is escaped. */
export const enum Escapes { none = 0, lenient = 1, v1_1 = 2, v1_2 = 3 }

/** Stands for "none" among the numbers. */
export const NONE = 0xffffffff;

/** Kinds of faults that are found on this side. */
export const NOT_UTF8 = Kind.fault + 6;
export const MISSING_NUL = Kind.fault + 9;
export const BODY_TOO_LARGE = Kind.fault + 3;

/** Name and text of each fault. */
export const FAULTS: readonly (readonly [string, string])[] = [
  ["command-too-long", "command is too long: check the endpoint"],
  ["too-many-headers", "more than 1,000 headers: move data into the body"],
  ["head-too-large", "headers exceed 64 KiB: move data into the body"],
  ["body-too-large", "body exceeds maxBodyBytes: raise it"],
  ["no-colon", "header line without a colon: check how the sender escapes"],
  ["bad-escape", "undefined escape in a header: check how the sender escapes"],
  ["not-utf8", "headers are not UTF-8: check the sender"],
  ["bad-content-length", "content-length is not a number: check the sender"],
  ["conflicting-content-length", "content-lengths differ: check the sender"],
  ["missing-nul", "no NUL after content-length octets: check that the sender counts octets"],
  ["nul-in-head", "NUL inside the headers: check the sender"],
  ["first-frame", "first frame is neither CONNECTED nor ERROR: check the endpoint"],
];
