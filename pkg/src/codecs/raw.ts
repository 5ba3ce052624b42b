// Codecs without a format of their own: frames as the application makes and reads them.

import type { Codec, Encoded } from "./types.js";

/** Text frames as strings. A binary frame is an `error` event; batches are refused, as text has no container. */
export function text(): Codec<string, string> {
  return {
    encode(value) {
      if (typeof value !== "string") throw new TypeError(`text() sends strings, not ${typeof value}`);
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
    encode: encodeBytes,
    decode(data) {
      if (typeof data === "string") throw new TypeError("text frame on a bytes() connection: use text() or json()");
      return new Uint8Array(data);
    },
  };
}

/** What {@link bytes} encodes with, by which its connections recognise it. */
export function encodeBytes(value: ArrayBuffer | ArrayBufferView | Blob): Encoded | Promise<Encoded> {
  const frame = borrow(value);
  return "then" in frame ? frame : owned(frame);
}

/** As {@link encodeBytes}, but the frame may lie in the caller's memory: for what is written before the caller goes on. */
export function borrow(value: ArrayBuffer | ArrayBufferView | Blob): Uint8Array | Promise<Uint8Array> {
  if (ArrayBuffer.isView(value)) return view(value.buffer, value.byteOffset, value.byteLength);
  if (typeof Blob === "function" && value instanceof Blob) {
    return value.arrayBuffer().then((buffer) => new Uint8Array(buffer));
  }
  if (!/ArrayBuffer/.test(Object.prototype.toString.call(value))) {
    throw new TypeError("bytes() sends an ArrayBuffer, a view of one, or a Blob");
  }
  const buffer = value as ArrayBuffer;
  return view(buffer, 0, buffer.byteLength);
}

/** A frame in memory of its own. */
export function owned(frame: Encoded): Encoded {
  return typeof frame === "string" ? frame : new Uint8Array(frame);
}

// Sockets refuse views of a SharedArrayBuffer and of one that can be resized.
function view(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(buffer, offset, length);
  const fixed = Object.prototype.toString.call(buffer) === "[object ArrayBuffer]" && !(buffer as { resizable?: boolean }).resizable;
  return fixed ? bytes : new Uint8Array(bytes);
}
