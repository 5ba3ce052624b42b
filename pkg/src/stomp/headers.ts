// Header lines to objects and back. The core has checked what comes in; here it is only taken apart, when it is asked for.
import { Escapes } from "./core.js";
import type { StompHeaders } from "./config.js";

const MEANING: Record<string, string> = { "\\\\": "\\", "\\n": "\n", "\\c": ":", "\\r": "\r" };
const ESCAPE: Record<string, string> = { "\n": "n", ":": "c", "\r": "r" };

/** Decodes names or values, from left to right, so that an escaped backslash is never the beginning of another escape. */
export function unescape(text: string, escapes: number): string {
  if (escapes === Escapes.none || text.indexOf("\\") < 0) return text;
  return text.replace(/\\[\\ncr]/g, (code) => (code === "\\r" && escapes === Escapes.v1_1 ? code : (MEANING[code] as string)));
}

/** Encodes a value as 1.2 wants it. */
export function escape(text: string): string {
  return /[\\\n\r:]/.test(text) ? text.replace(/[\\\n\r:]/g, (char) => "\\" + (ESCAPE[char] ?? char)) : text;
}

/** Sets a header, whatever its name: an assignment to `__proto__` would be lost. */
export function setHeader(headers: StompHeaders, name: string, value: string): void {
  if (name === "__proto__") {
    Object.defineProperty(headers, name, { value, configurable: true, enumerable: true, writable: true });
  } else headers[name] = value;
}

/** The lines of a head without the blank one; the first is the command. */
export function lines(head: string, escapes: number): string[] {
  const all = head.split("\n");
  all.length -= 2;
  // Only 1.2 ends lines with CR LF; before, a CR belongs to the value.
  return escapes === Escapes.lenient || escapes === Escapes.v1_2
    ? all.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
    : all;
}

/**
 * The headers among the lines of a head. As with the peer they are in the reverse order of the wire, and the first of a
 * repeated header counts.
 */
export function decode(all: readonly string[], escapes: number, trim: boolean): StompHeaders {
  const headers: StompHeaders = {};
  for (let i = all.length - 1; i > 0; i--) {
    const line = all[i] as string;
    const colon = line.indexOf(":");
    const value = unescape(line.slice(colon + 1), escapes);
    setHeader(headers, unescape(line.slice(0, colon), escapes), trim ? value.trim() : value);
  }
  return headers;
}
