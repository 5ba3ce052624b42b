// `everwire/socket.io/msgpack`: a parser that writes each packet as one MessagePack frame, attachments included. The wire is
// that of socket.io-msgpack-parser 3, which the server needs. Bundled without a module, for this is JavaScript only.
import { Ext, Reader, msgpack as codec } from "../codecs/msgpack.js";
import { Emitter } from "./emitter.js";
import { PacketType, type Packet } from "./packet.js";

/** The version of the protocol. */
export const protocol = 5;

class MsgpackEncoder {
  readonly #codec = codec();

  encode({ type, nsp, data, id }: Packet): Uint8Array[] {
    return [this.#codec.encode({ type, nsp, data: data === undefined ? data : toNotepack(data, 0), id }) as Uint8Array];
  }
}

class MsgpackDecoder extends Emitter {
  add(chunk: unknown): void {
    const bytes = ArrayBuffer.isView(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength).slice().buffer : chunk;
    if (!(bytes instanceof ArrayBuffer)) throw new TypeError("a MessagePack packet is binary: check that the server uses the same parser");
    const packet = new NotepackReader(bytes)._whole() as Packet;
    check(packet);
    packet.data = withBuffers(packet.data);
    this.emitReserved("decoded", packet);
  }

  destroy(): void {}
}

/**
 * The extension of notepack.io 2, which the original uses. With a head for a fixed length, 8 bytes are a date in milliseconds and
 * one byte is undefined; everything else is an ArrayBuffer or a view of a server on Node, whatever its length.
 */
const NOTEPACK = 0;

class NotepackReader extends Reader {
  override _meaning(type: number, data: Uint8Array, fixed: boolean): unknown {
    if (type !== NOTEPACK) return super._meaning(type, data, fixed);
    const { buffer } = data.slice();
    if (fixed && data.length === 8) return new Date(Number(new DataView(buffer).getBigInt64(0)));
    return fixed && data.length === 1 ? undefined : buffer;
  }
}

/** What `socket.io-parser` and its relatives look like to a Manager. */
export interface Parser {
  Encoder: new () => { encode(packet: any): any[] };
  Decoder: new () => { add(chunk: any): void; destroy(): void; on(event: any, listener: any): any };
}

/**
 * The writing half. Functions in objects are left out. Other functions, blobs, invalid dates and values nested deeper than
 * 100 levels are refused by `emit`.
 */
export const Encoder = MsgpackEncoder as Parser["Encoder"];
/** The reading half. Binary arrives as `ArrayBuffer`, integers beyond the safe range as `bigint`. */
export const Decoder = MsgpackDecoder as Parser["Decoder"];

/** The option: `io(url, { parser: msgpack() })`. */
export const msgpack = (): Parser => ({ Encoder, Decoder });

export default { Encoder, Decoder } as Parser;

/** @throws Error for what is no packet; the connection then ends with "parse error" */
function check(packet: Packet): void {
  const { type, nsp, data, id } = Object(packet);
  if (!Number.isInteger(type) || type < PacketType.connect || type > PacketType.connectError) throw new Error("invalid packet type");
  if (typeof nsp !== "string") throw new Error("invalid namespace");
  if (!fits(type, data)) throw new Error("invalid payload");
  if (id !== undefined && !Number.isInteger(id)) throw new Error("invalid packet id");
}

function fits(type: PacketType, data: unknown): boolean {
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  if (type === PacketType.connect) return data === undefined || isObject;
  if (type === PacketType.disconnect) return data === undefined;
  if (type === PacketType.connectError) return typeof data === "string" || isObject;
  return Array.isArray(data);
}

/** Dates and undefined as the original's encoder writes them, wherever the codec would come upon them. */
function toNotepack(value: any, depth: number): any {
  if (value === undefined) return new Ext(NOTEPACK, new Uint8Array(1));
  // Too deep for the codec, which says so.
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || depth > 100) return value;
  if (value instanceof Date) {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigInt64(0, BigInt(value.getTime()));
    return new Ext(NOTEPACK, new Uint8Array(view.buffer));
  }
  const inside = (item: unknown) => toNotepack(item, depth + 1);
  if (Array.isArray(value)) return Array.from(value, inside);
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, inside(item)]));
  if (typeof value.toJSON === "function") return inside(value.toJSON());
  if (Object.prototype.toString.call(value) !== "[object Object]" || value instanceof Ext) return value;
  const kept = Object.entries(value).filter(([, item]) => typeof item !== "function");
  return Object.fromEntries(kept.map(([key, item]) => [key, inside(item)]));
}

/** Bytes as the original gives them. The codec's depth is bounded, and so is this. */
function withBuffers(value: any): any {
  if (value instanceof Uint8Array) return value.buffer;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = withBuffers(value[i]);
  } else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    for (const key of Object.keys(value)) {
      // `__proto__` may be a key of its own, which an assignment would not reach.
      if (typeof value[key] === "object" && key !== "__proto__") value[key] = withBuffers(value[key]);
    }
  }
  return value;
}
