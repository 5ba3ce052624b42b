// Messages that wait for an open socket. Bytes are counted as the wire counts them, UTF-8 for text.

/** A message as it waits: converted and copied when `send` was called, as the native class does. */
export type Queued = string | ArrayBuffer | Blob;

interface Entry {
  data: Queued;
  bytes: number;
}

/** Messages in the order they were sent, with their size. */
export class Queue {
  bytes = 0;
  #entries: Entry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  push(data: Queued, bytes: number): void {
    this.#entries.push({ data, bytes });
    this.bytes += bytes;
  }

  /** Takes all out. */
  drain(): Queued[] {
    const all = this.#entries.map((entry) => entry.data);
    this.#entries = [];
    this.bytes = 0;
    return all;
  }
}

/** What `send` would send now, independent of what the caller does to `data` later. */
export function snapshot(data: unknown): Queued {
  if (ArrayBuffer.isView(data)) {
    // Through a Uint8Array, because the buffer may be shared and a message must not be.
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer;
  }
  if (data instanceof ArrayBuffer || (typeof SharedArrayBuffer === "function" && data instanceof SharedArrayBuffer)) {
    return new Uint8Array(data).slice().buffer;
  }
  return typeof Blob === "function" && data instanceof Blob ? data : String(data);
}

/** Size of a message on the wire. */
export function byteLength(data: Queued): number {
  if (typeof data !== "string") return data instanceof ArrayBuffer ? data.byteLength : data.size;
  let bytes = data.length;
  for (let i = 0; i < data.length; i++) {
    const unit = data.charCodeAt(i);
    if (unit < 0x80) continue;
    // Three bytes above U+07FF; a surrogate pair is two units and four bytes, a lone one becomes U+FFFD, three bytes.
    bytes += unit < 0x800 ? 1 : 2;
    if ((unit & 0xfc00) === 0xd800 && (data.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return bytes;
}
