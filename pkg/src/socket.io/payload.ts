// How long messages are on the wire, and what happens to those that the server would not take.
import { base64Length } from "./transport.js";

/** A message longer than the server takes; it was not sent, and the connection is not harmed. */
export class PayloadTooLargeError extends Error {
  readonly code = "PAYLOAD_TOO_LARGE";

  constructor(readonly size: number, readonly limit: number) {
    super(`message of ${size} bytes exceeds the server's limit of ${limit}: send it in parts or raise maxHttpBufferSize`);
  }
}

/** Bytes of a packet on the wire. */
export function encodedLength(data: any, asText: boolean): number {
  if (data === undefined || data === null) return 1;
  if (typeof data === "string") return utf8Length(data) + 1;
  const bytes = data.byteLength ?? data.size ?? 0;
  return asText ? base64Length(bytes) : bytes;
}

/** Length of text in UTF-8; a lone surrogate counts as the replacement character. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) length += code > 0x7ff ? 2 : 1;
    // Both halves of a pair have been counted with three bytes each, and are four together.
    if (code >= 0xdc00 && code < 0xe000 && i && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) length -= 2;
  }
  return length;
}
