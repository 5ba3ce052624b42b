// What a codec is: the one place where values become frames and back.

/** What goes into a frame: text or bytes. */
export type Encoded = string | Uint8Array;

/** Turns values into frames and back. */
export interface Codec<In = any, Out = any> {
  /**
   * Encodes one message, at the moment of the call to `send`, so that later changes of the value do not matter. May
   * return a promise (a `Blob` must be read): later messages of the same lane then wait, so that order is kept.
   * Throws if the value cannot be encoded.
   */
  encode(value: Out): Encoded | Promise<Encoded>;
  /** Decodes one frame: text as a string, binary as an `ArrayBuffer`. Throws if it cannot. */
  decode(data: string | ArrayBuffer): In;
  /** Puts encoded messages into one frame, in order; what `batch()` needs. Absent if there is no such container. */
  batch?(messages: readonly Encoded[]): Encoded;
}
