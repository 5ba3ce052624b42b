// Codecs without a format of their own: frames as the application makes and reads them.

import type { Codec } from "./types.js";

/** Text frames as strings. A binary frame is an `error` event; batches are refused, as text has no container. */
export function text(): Codec<string, string> {
  return {
    encode(value) {
      if (typeof value !== "string") throw new TypeError(`text() sends strings, not a ${typeof value}`);
      return value;
    },
    decode(data) {
      if (typeof data !== "string") throw new TypeError("binary frame on a text() connection: use bytes() or a codec of your own");
      return data;
    },
  };
}

/**
 * Binary frames as `Uint8Array`. Sends copies of buffers and views, so they may be reused at once; a `Blob` is read
 * first, and later messages of its lane wait for it. A text frame is an `error` event; batches are refused.
 */
export function bytes(): Codec<Uint8Array, ArrayBuffer | ArrayBufferView | Blob> {
  return {
    encode(value) {
      if (ArrayBuffer.isView(value)) return copy(value.buffer, value.byteOffset, value.byteLength);
      if (typeof Blob === "function" && value instanceof Blob) {
        return value.arrayBuffer().then((buffer) => new Uint8Array(buffer));
      }
      if (!/ArrayBuffer/.test(Object.prototype.toString.call(value))) {
        throw new TypeError("bytes() sends an ArrayBuffer, a view of one, or a Blob");
      }
      const buffer = value as ArrayBuffer;
      return copy(buffer, 0, buffer.byteLength);
    },
    decode(data) {
      if (typeof data === "string") throw new TypeError("text frame on a bytes() connection: use text() or json()");
      return new Uint8Array(data);
    },
  };
}

// A view of the copy would not do: sockets refuse views of a SharedArrayBuffer.
function copy(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array {
  return new Uint8Array(new Uint8Array(buffer, offset, length));
}
