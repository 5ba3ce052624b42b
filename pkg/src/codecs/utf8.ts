// UTF-8 shared by the codecs and the size accounting.

const encoder = new TextEncoder();
/** Made late: importing must not need the class. */
let decoder: TextDecoder | undefined;

/** Above this many code units native calls are cheaper than a loop. */
const LOOP_LIMIT = 128;
/** Where a long text is encoded to be measured, piece by piece: a tenth of a new buffer's cost. */
const PIECE = 1 << 14;
let scratch: Uint8Array | undefined;

/** Bytes of a text in UTF-8. Lone surrogates count as the replacement character that is sent in their place. */
export function utf8Length(text: string): number {
  const units = text.length;
  if (units > LOOP_LIMIT) {
    scratch ??= new Uint8Array(PIECE);
    let { read, written: total } = encoder.encodeInto(text, scratch);
    // A pair is not torn apart: what is cut off at a piece's end has no room for the three bytes of a lone half.
    while (read < units) {
      const piece = encoder.encodeInto(text.slice(read, read + PIECE), scratch);
      read += piece.read;
      total += piece.written;
    }
    return total;
  }
  let bytes = units;
  for (let i = 0; i < units; i++) {
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

/** Bytes of a text. */
export function utf8Encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of bytes; throws a `TypeError` if they are not UTF-8. */
export function utf8Decode(bytes: ArrayBuffer | Uint8Array): string {
  return (decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })).decode(bytes);
}
