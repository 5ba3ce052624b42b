// UTF-8: to and from text, and the length of text in it, which content-length counts.

export const encoder = new TextEncoder();
let decoder: TextDecoder | undefined;

/** Octets to text, a byte order mark kept, for content-length counts it. */
export const decodeText = (octets: Uint8Array | ArrayBuffer | undefined): string =>
  // Late: importing must not need the class.
  (decoder ??= new TextDecoder("utf-8", { ignoreBOM: true })).decode(octets);

// Most bodies are ASCII, where an octet is a unit, and a search for
// anything else is the fastest way through a string that engines have: V8 does it 16 units at a time, 500 times as fast as
// encoding. (It does so only for a class that lists what is looked for: the negation of ASCII takes it 200 times as long.)
const NOT_ASCII = /[\x80-\uffff]/;

/** How far the last count came. */
let end = 0;

/** Octets of `text` in UTF-8. */
export const octetLength = (text: string): number => count(text, 0, Infinity);

/**
 * Where exactly `octets` octets end that begin at `at`; -1 if `text` ends before, -2 if they end inside a character.
 */
export function seek(text: string, at: number, octets: number): number {
  const counted = count(text, at, octets);
  return counted === octets ? end : counted < octets ? -1 : -2;
}

/** Counts octets from `at` on until there are `limit`, or more by a part of a character. */
function count(text: string, at: number, limit: number): number {
  const size = Math.min(text.length, at + limit);
  const found = text.slice(at, size).search(NOT_ASCII);
  let octets = found < 0 ? size - at : found;
  for (at += octets; octets < limit && at < size; at++) {
    const unit = text.charCodeAt(at);
    octets += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      octets++;
      at++;
    }
  }
  end = at;
  return octets;
}
