// UTF-8 shared by the codecs and the size accounting.

const encoder = new TextEncoder();
/** Made late: importing must not need the class. */
let decoder: TextDecoder | undefined;

/**
 * What takes more than one byte. Written as what is looked for and not as its complement: browsers then skip 16 characters
 * at a time, and 16 KB of ASCII take less than half a microsecond, a tenth of what encoding them takes.
 */
const BEYOND_ASCII = /[\x80-\uffff]/;
/** Above this many code units native calls are cheaper than a loop, if the text is Latin-1. */
const LOOP_LIMIT = 256;
/** Where a long text is encoded to be measured, piece by piece: a tenth of a new buffer's cost. */
const PIECE = 1 << 14;
let scratch: Uint8Array | undefined;

/** Bytes of a text in UTF-8. Lone surrogates count as the replacement character that is sent in their place. */
export function utf8Length(text: string): number {
  const units = text.length;
  let i = text.search(BEYOND_ASCII);
  if (i < 0) return units;
  // Where there are more than Latin letters, the text lies in memory as UTF-16, which a loop reads faster than it is encoded.
  if (units > LOOP_LIMIT && text.charCodeAt(i) < 0x100) return measured(text);
  let bytes = units;
  for (; i < units; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

function measured(text: string): number {
  scratch ??= new Uint8Array(PIECE);
  let total = 0;
  // A pair is not torn apart: what is cut off at a piece's end has no room for the three bytes of a lone half.
  for (let at = 0; at < text.length; ) {
    const { read, written } = encoder.encodeInto(text.slice(at, at + PIECE), scratch);
    at += read;
    total += written;
  }
  return total;
}

/** Bytes of a text. */
export function utf8Encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of bytes; throws a `TypeError` if they are not UTF-8. */
export function utf8Decode(bytes: ArrayBuffer | Uint8Array): string {
  return (decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })).decode(bytes);
}
