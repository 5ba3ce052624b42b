// MessagePack (msgpack.org specification, 2017), small enough to be part of the package and dropped when unused.
//
// One walk over the value writes into a buffer that is kept between calls; one walk over the frame reads it. Depth is
// bounded both ways, lengths are checked before anything is allocated for them.

import type { Codec, Encoded } from "./types.js";
import { utf8Decode, utf8Encode } from "./utf8.js";

/** Deepest nesting of arrays and maps, both ways: a hostile frame must not exhaust the stack. */
const MAX_DEPTH = 100;
/** Above this many bytes the native decoder is quicker than a loop. */
const SHORT_TEXT = 32;
/** Largest buffer that is kept for the next message, in bytes. */
const MAX_SPARE = 1 << 16;
const TIMESTAMP = -1;
const NANOS_PER_MILLI = 1e6;
const TWO_32 = 2 ** 32;

/** An extension value that MessagePack itself gives no meaning. */
export class Ext {
  readonly type: number;
  readonly data: Uint8Array;

  /**
   * @param type -128 to 127; negative ones are reserved by MessagePack.
   * @param data The content.
   * @throws RangeError if the type is not such an integer.
   */
  constructor(type: number, data: Uint8Array) {
    if (!Number.isInteger(type) || type < -128 || type > 127) {
      throw new RangeError(`type of an extension must be an integer from -128 to 127, not ${String(type)}`);
    }
    this.type = type;
    this.data = data;
  }
}

/**
 * Messages as MessagePack in binary frames, compatible with other implementations. A batch is an array.
 *
 * `undefined` becomes nil and is left out of objects. Integers beyond the safe range are read as `bigint`, and a
 * `bigint` is written as a 64-bit integer. `Date` is the timestamp extension (read with millisecond precision), binary
 * values are read as `Uint8Array`, other extensions as `Ext`. Keys of a `Map` must be strings or numbers, and are read as
 * strings. An object with a `toJSON` method is what that gives; any other that is not plain, such as a `Set`, a `Blob` or
 * an `Error`, is a `TypeError`, as its content would be lost.
 */
export function msgpack<In = any, Out = any>(): Codec<In, Out> {
  let spare: Uint8Array | undefined;
  return {
    encode(value) {
      // A getter of the value may call this codec again; that call then makes a buffer of its own.
      const writer = new Writer(spare ?? new Uint8Array(1024));
      spare = undefined;
      try {
        writer._value(value, 0);
        return writer._take();
      } finally {
        spare = writer._bytes.length > MAX_SPARE ? undefined : writer._bytes;
      }
    },
    decode(data) {
      if (typeof data === "string") throw new TypeError("text frame on a msgpack() connection: MessagePack is binary");
      return new Reader(data)._whole() as In;
    },
    batch(messages: readonly Encoded[]) {
      let size = 0;
      for (const message of messages) size += message.length;
      const writer = new Writer(new Uint8Array(size + 5));
      writer._head(messages.length, 0x90, 16, 0, 0xdc);
      for (const message of messages) writer._raw(message as Uint8Array);
      return writer._take();
    },
  };
}

class Writer {
  _bytes: Uint8Array;
  private _view: DataView;
  private _at = 0;

  constructor(bytes: Uint8Array) {
    this._bytes = bytes;
    this._view = new DataView(bytes.buffer);
  }

  _take(): Uint8Array {
    return this._bytes.slice(0, this._at);
  }

  _value(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`value is nested deeper than ${MAX_DEPTH} levels, or contains itself`);
    switch (typeof value) {
      case "undefined":
        return this._byte(0xc0);
      case "boolean":
        return this._byte(value ? 0xc3 : 0xc2);
      case "number":
        return this._number(value);
      case "bigint":
        return this._bigint(value);
      case "string":
        return this._string(value);
      case "object":
        return value === null ? this._byte(0xc0) : this._object(value, depth + 1);
      default:
        throw new TypeError(`a ${typeof value} has no MessagePack form`);
    }
  }

  /** Type and length of a container: fix form below `fixed`, then 8 bit if there is such a form, 16 and 32 bit. */
  _head(length: number, fix: number, fixed: number, form8: number, form16: number): void {
    if (length < fixed) this._byte(fix + length);
    else if (form8 && length < 0x100) this._uint(form8, length, 1);
    else if (length < 0x10000) this._uint(form16, length, 2);
    else this._uint(form16 + 1, length, 4);
  }

  _raw(bytes: Uint8Array): void {
    const at = this._room(bytes.length);
    this._bytes.set(bytes, at);
  }

  private _object(value: object, depth: number): void {
    if (Array.isArray(value)) {
      this._head(value.length, 0x90, 16, 0, 0xdc);
      for (const item of value) this._value(item, depth);
    } else if (ArrayBuffer.isView(value)) {
      this._binary(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (value instanceof Date) {
      this._ext(TIMESTAMP, timestamp(value));
    } else if (value instanceof Ext) {
      this._ext(value.type, value.data);
    } else if (value instanceof Map) {
      this._head(value.size, 0x80, 16, 0, 0xde);
      for (const [key, item] of value) {
        if (typeof key !== "string" && typeof key !== "number") {
          throw new TypeError(`a map key must be a string or a number for MessagePack, not a ${typeof key}`);
        }
        this._value(key, depth);
        this._value(item, depth);
      }
    } else if ("toJSON" in value && typeof value.toJSON === "function") {
      this._value(value.toJSON(), depth);
    } else {
      this._other(value, Object.prototype.toString.call(value).slice(8, -1), depth);
    }
  }

  /** `tag` names the built-in type, also of an object of another realm. */
  private _other(value: object, tag: string, depth: number): void {
    if (tag === "ArrayBuffer" || tag === "SharedArrayBuffer") return this._binary(new Uint8Array(value as ArrayBuffer));
    if (tag !== "Object") throw new TypeError(`a value of type ${tag} has no MessagePack form: convert it first, or give it a toJSON method`);
    const entries = Object.entries(value).filter((entry) => entry[1] !== undefined);
    this._head(entries.length, 0x80, 16, 0, 0xde);
    for (const [key, item] of entries) {
      this._string(key);
      this._value(item, depth);
    }
  }

  private _number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const at = this._room(9);
      this._bytes[at] = 0xcb;
      this._view.setFloat64(at + 1, value);
    } else if (value >= 0) {
      if (value < 0x80) this._byte(value);
      else if (value < 0x100) this._uint(0xcc, value, 1);
      else if (value < 0x10000) this._uint(0xcd, value, 2);
      else if (value < TWO_32) this._uint(0xce, value, 4);
      else this._wide(0xcf, BigInt(value));
    } else if (value >= -0x20) this._byte(value & 0xff);
    else if (value >= -0x80) this._uint(0xd0, value, 1);
    else if (value >= -0x8000) this._uint(0xd1, value, 2);
    else if (value >= -0x80000000) this._uint(0xd2, value, 4);
    else this._wide(0xd3, BigInt(value));
  }

  private _bigint(value: bigint): void {
    if (BigInt.asUintN(64, value) === value) this._wide(0xcf, value);
    else if (BigInt.asIntN(64, value) === value) this._wide(0xd3, value);
    else throw new RangeError("bigint does not fit into 64 bits");
  }

  private _string(value: string): void {
    const bytes = utf8Encode(value);
    this._head(bytes.length, 0xa0, 32, 0xd9, 0xda);
    this._raw(bytes);
  }

  private _binary(bytes: Uint8Array): void {
    this._head(bytes.length, 0, 0, 0xc4, 0xc5);
    this._raw(bytes);
  }

  private _ext(type: number, data: Uint8Array): void {
    const power = [1, 2, 4, 8, 16].indexOf(data.length);
    if (power >= 0) this._byte(0xd4 + power);
    else this._head(data.length, 0, 0, 0xc7, 0xc8);
    this._byte(type & 0xff);
    this._raw(data);
  }

  private _byte(value: number): void {
    const at = this._room(1);
    this._bytes[at] = value;
  }

  private _uint(form: number, value: number, size: 1 | 2 | 4): void {
    const at = this._room(1 + size);
    this._bytes[at] = form;
    if (size === 1) this._view.setUint8(at + 1, value);
    else if (size === 2) this._view.setUint16(at + 1, value);
    else this._view.setUint32(at + 1, value);
  }

  private _wide(form: number, value: bigint): void {
    const at = this._room(9);
    this._bytes[at] = form;
    this._view.setBigUint64(at + 1, value);
  }

  /** Reserves `size` bytes and returns where they begin. */
  private _room(size: number): number {
    const at = this._at;
    const end = at + size;
    if (end > this._bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this._bytes.length));
      larger.set(this._bytes);
      this._bytes = larger;
      this._view = new DataView(larger.buffer);
    }
    this._at = end;
    return at;
  }
}

/** Reads one message. Relatives of MessagePack override what an extension means. */
export class Reader {
  _at = 0;
  private readonly _bytes: Uint8Array;
  private readonly _view: DataView;

  constructor(data: ArrayBuffer) {
    this._bytes = new Uint8Array(data);
    this._view = new DataView(data);
  }

  _whole(): unknown {
    const value = this._value(0);
    if (this._at !== this._bytes.length) throw new RangeError("bytes after the end of the MessagePack value");
    return value;
  }

  _value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new RangeError(`MessagePack value is nested deeper than ${MAX_DEPTH} levels`);
    const form = this._uint(1);
    if (form < 0x80) return form;
    if (form < 0x90) return this._map(form & 0x0f, depth);
    if (form < 0xa0) return this._array(form & 0x0f, depth);
    if (form < 0xc0) return this._string(form & 0x1f);
    if (form >= 0xe0) return form - 0x100;
    // From here on the forms come in families of 8, 16, 32 and 64 bits.
    switch (form) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return this._take(this._uint(1 << (form - 0xc4))).slice();
      case 0xc7: case 0xc8: case 0xc9: return this._ext(this._uint(1 << (form - 0xc7)), false);
      case 0xca: return this._view.getFloat32(this._skip(4));
      case 0xcb: return this._view.getFloat64(this._skip(8));
      case 0xcc: case 0xcd: case 0xce: return this._uint(1 << (form - 0xcc));
      case 0xcf: return narrow(this._view.getBigUint64(this._skip(8)));
      case 0xd0: return this._view.getInt8(this._skip(1));
      case 0xd1: return this._view.getInt16(this._skip(2));
      case 0xd2: return this._view.getInt32(this._skip(4));
      case 0xd3: return narrow(this._view.getBigInt64(this._skip(8)));
      case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: return this._ext(1 << (form - 0xd4), true);
      case 0xd9: case 0xda: case 0xdb: return this._string(this._uint(1 << (form - 0xd9)));
      case 0xdc: case 0xdd: return this._array(this._uint(2 << (form - 0xdc)), depth);
      case 0xde: case 0xdf: return this._map(this._uint(2 << (form - 0xde)), depth);
      default: throw new RangeError(`byte ${form} starts no MessagePack value`);
    }
  }

  private _array(length: number, depth: number): unknown[] {
    this._fits(length);
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this._value(depth + 1));
    return items;
  }

  private _map(length: number, depth: number): Record<string, unknown> {
    this._fits(2 * length);
    const object: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this._value(depth + 1);
      if (typeof key === "object" && key !== null) throw new TypeError("MessagePack map key is not a scalar");
      const value = this._value(depth + 1);
      // A plain assignment would set the prototype instead of a property.
      if (key === "__proto__") Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      else object[String(key)] = value;
    }
    return object;
  }

  private _string(length: number): string {
    const bytes = this._take(length);
    if (length > SHORT_TEXT) return utf8Decode(bytes);
    let text = "";
    for (const byte of bytes) {
      if (byte > 0x7f) return utf8Decode(bytes);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  private _ext(length: number, fixed: boolean): unknown {
    const type = this._view.getInt8(this._skip(1));
    return this._meaning(type, this._take(length), fixed);
  }

  /** The value of an extension; `fixed` if the form of its head has said the length. */
  _meaning(type: number, data: Uint8Array, _fixed: boolean): unknown {
    return (type === TIMESTAMP ? date(data) : undefined) ?? new Ext(type, data.slice());
  }

  private _take(length: number): Uint8Array {
    const at = this._skip(length);
    return this._bytes.subarray(at, at + length);
  }

  private _uint(size: number): number {
    const at = this._skip(size);
    return size === 1 ? this._view.getUint8(at) : size === 2 ? this._view.getUint16(at) : this._view.getUint32(at);
  }

  private _skip(length: number): number {
    this._fits(length);
    const at = this._at;
    this._at += length;
    return at;
  }

  private _fits(length: number): void {
    if (length > this._bytes.length - this._at) throw new RangeError("MessagePack value is cut off");
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Content of a timestamp in the shortest of its three forms. */
function timestamp(value: Date): Uint8Array {
  const millis = value.getTime();
  if (millis !== millis) throw new RangeError("invalid date has no MessagePack form");
  const seconds = Math.floor(millis / 1000);
  const nanos = (millis - seconds * 1000) * NANOS_PER_MILLI;
  if (seconds < 0 || seconds >= 2 ** 34) {
    const view = new DataView(new ArrayBuffer(12));
    view.setUint32(0, nanos);
    view.setBigInt64(4, BigInt(seconds));
    return new Uint8Array(view.buffer);
  }
  const view = new DataView(new ArrayBuffer(nanos || seconds >= TWO_32 ? 8 : 4));
  // The 64-bit form has 30 bits of nanoseconds before 34 bits of seconds.
  if (view.byteLength === 8) view.setUint32(0, nanos * 4 + Math.floor(seconds / TWO_32));
  view.setUint32(view.byteLength - 4, seconds % TWO_32);
  return new Uint8Array(view.buffer);
}

/** Date of a timestamp's content; undefined if it has none of the three forms. */
function date(data: Uint8Array): Date | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  let seconds: number;
  let nanos = 0;
  if (data.length === 4) seconds = view.getUint32(0);
  else if (data.length === 8) {
    const high = view.getUint32(0);
    nanos = Math.floor(high / 4);
    seconds = (high % 4) * TWO_32 + view.getUint32(4);
  } else if (data.length === 12) {
    nanos = view.getUint32(0);
    seconds = Number(view.getBigInt64(4));
  } else return undefined;
  return new Date(seconds * 1000 + Math.floor(nanos / NANOS_PER_MILLI));
}
