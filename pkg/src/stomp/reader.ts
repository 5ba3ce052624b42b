// Frames out of WebSocket messages that may cut or join them anywhere.
//
// What is a head, what is wrong with it and how long its body is, the module decides; it gets the beginning of each frame and
// no more. The body is cut out of the message here: one slice of the string, or a view of the buffer. A frame that goes on
// in the next message is kept, and looked at again only when it must be complete.
import { wasm } from "../host/inline.js";
import { BODY_TOO_LARGE, Found, Kind, MISSING_NUL, NONE, NOT_UTF8, type Core } from "./core.js";
import { decodeText, encoder, octetLength, seek } from "./octets.js";
import { FrameImpl } from "./frame.js";

/** Most heads are shorter. */
const WINDOW = 512;
/** A head that is longer is one too many for the module. */
const LONGEST_HEAD = 64 * 1024 + 1;
const COMMANDS = ["", "MESSAGE", "CONNECTED", "RECEIPT", "ERROR", ""];

/** Made late: importing must not need the class. */
let fatal: TextDecoder | undefined;

/** What a reader tells. Each may be called by one message many times. */
export interface FrameEvents {
  /** A whole frame; for a MESSAGE also its subscription as it is on the wire, "" for none. */
  _frame(frame: FrameImpl, kind: number, subscription: string): void;
  /** A line feed between frames. */
  _beat(): void;
  /** What came in is not STOMP; the number is one of core.ts. Nothing is read any more. */
  _fault(fault: number): void;
}

let core: Core;
/** The module's buffer for heads, and the numbers it leaves. */
let heads: Uint8Array<ArrayBuffer> = new Uint8Array();
let found: Uint32Array<ArrayBuffer> = new Uint32Array();

/** The module's buffer, at least `length` bytes of it. */
export function scratch(length: number): Uint8Array<ArrayBuffer> {
  // Memory that has grown leaves views of length 0 behind.
  if (heads.length < length || !found.length) {
    core = wasm<Core>();
    const start = core.scratch(Math.max(length, WINDOW * 3));
    const memory = core.memory.buffer as ArrayBuffer;
    heads = new Uint8Array(memory, start, Math.max(length, WINDOW * 3));
    found = new Uint32Array(memory, core.found(), 6);
  }
  return heads;
}

/** A number that the module left. */
export const number = (index: number): number => {
  if (!found.length) scratch(0);
  return found[index] as number;
};

/** Reads the messages of one connection. */
export class Reader {
  /** The beginning of a frame that goes on in the next message: a string, or octets in pieces. */
  _text = "";
  _pieces: Uint8Array[] = [];
  /** Octets or units that are kept. */
  _kept = 0;
  /** Octets that are missing, with NUL: at least 1 while something is kept; 0 if a NUL is missing. Negative while the head is incomplete: how much of it was looked at. */
  _missing = 0;
  _closed = false;

  declare readonly _handle: number;
  declare readonly _events: FrameEvents;
  declare readonly _maxBody: number;

  constructor(handle: number, events: FrameEvents, maxBody: number) {
    this._handle = handle;
    this._events = events;
    this._maxBody = maxBody;
  }

  /** Nothing more is read. */
  _close(): void {
    this._closed = true;
    this._forget();
  }

  /** A message: a string, or what a Uint8Array can be made of. With `append`, a NUL follows it if it has none at its end. */
  _read(data: unknown, append: boolean): void {
    if (this._closed) return;
    if (typeof data === "string") {
      const text = append && !data.endsWith("\0") ? data + "\0" : data;
      return this._add(this._pieces.length ? encoder.encode(text) : text);
    }
    let bytes = new Uint8Array(data as ArrayBuffer);
    if (append && bytes[bytes.length - 1] !== 0) {
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      bytes = longer;
    }
    if (this._text) {
      const octets = encoder.encode(this._text);
      this._text = "";
      this._pieces = [octets];
      this._kept = octets.length;
    }
    this._add(bytes);
  }

  /** Goes on with what is kept, once it can be complete. */
  _add(data: string | Uint8Array<ArrayBuffer>): void {
    if (!this._kept) return this._parse(data);
    const text = typeof data === "string";
    const missing = this._missing;
    const kept = this._kept + data.length;
    let goesOn: boolean;
    if (missing > 0) goesOn = (this._missing -= text ? octetLength(data) : data.length) > 0;
    else goesOn = has(data, 0) < 0 && (!missing || (kept > WINDOW && kept < -2 * missing && has(data, 10) < 0));
    if (text) this._text += data;
    else this._pieces.push(data);
    this._kept = kept;
    if (!this._fits(kept) || goesOn) return;
    let whole: string | Uint8Array<ArrayBuffer> = this._text;
    if (!text) {
      whole = new Uint8Array(kept);
      let at = 0;
      for (const piece of this._pieces) {
        whole.set(piece, at);
        at += piece.length;
      }
    }
    this._forget();
    this._parse(whole);
  }

  _parse(data: string | Uint8Array<ArrayBuffer>): void {
    const text = typeof data === "string";
    const part = (from: number, to?: number) => (text ? data.slice(from, to) : data.subarray(from, to));
    const size = data.length;
    let at = 0;
    for (;;) {
      for (let code: number | undefined; (code = text ? data.charCodeAt(at) : data[at]) === 10 || code === 13 || code === 0; ) {
        at++;
        if (code === 10) {
          this._events._beat();
          if (this._closed) return;
        }
      }
      if (at >= size) return;
      let kind: number;
      for (let room = WINDOW; ; room *= 8) {
        const start = at || size > room ? part(at, at + room) : data;
        let length = start.length;
        scratch(room * 3);
        if (text) length = encoder.encodeInto(start as string, heads).written;
        else heads.set(start as Uint8Array);
        kind = core.head(this._handle, length);
        if (kind || size - at <= room || room > LONGEST_HEAD) break;
      }
      if (kind >= Kind.fault) return this._fault(kind);
      if (!kind) return this._keep(part(at), at - size);
      const octets = number(Found.octets);
      const begin = at + (text ? number(Found.units) : octets);
      const length = number(Found.contentLength);
      let end: number;
      if (length === NONE) end = has(data, 0, begin);
      else {
        end = text ? seek(data, begin, length) : begin + length;
        if (end === -2 || (end < size && end >= 0 && (text ? data.charCodeAt(end) : data[end]))) return this._fault(MISSING_NUL);
        if (end >= size) end = -1;
      }
      if (end < 0) {
        const body = part(begin);
        return this._keep(part(at), length === NONE ? 0 : length + 1 - (text ? octetLength(body as string) : body.length));
      }
      if (end - begin > this._maxBody) return this._fault(BODY_TOO_LARGE);
      let head = part(at, begin);
      if (typeof head !== "string") {
        try {
          head = (fatal ??= new TextDecoder("utf-8", { ignoreBOM: true, fatal: true })).decode(head);
        } catch {
          return this._fault(NOT_UTF8);
        }
      }
      let subscription = "";
      if (kind === Kind.message) {
        const from = number(Found.subscriptionStart);
        const to = number(Found.subscriptionEnd);
        // Where all of the head is ASCII, an octet is a unit.
        subscription = head.length === octets ? head.slice(from, to) : decodeText(heads.subarray(from, to));
      }
      const body = part(begin, end);
      const escapes = number(Found.escapes);
      const command = COMMANDS[kind] as string;
      const frame = typeof body === "string"
        ? FrameImpl._received(head, escapes, command, body, undefined)
        : FrameImpl._received(head, escapes, command, undefined, body);
      at = end + 1;
      this._events._frame(frame, kind, subscription);
      if (this._closed) return;
    }
  }

  _keep(data: string | Uint8Array, missing: number): void {
    if (typeof data === "string") this._text = data;
    else this._pieces = [data];
    this._kept = data.length;
    this._missing = missing;
    this._fits(this._kept);
  }

  /** Whether so much may be kept; a fault if not. */
  _fits(size: number): boolean {
    if (size <= this._maxBody + LONGEST_HEAD) return true;
    this._fault(BODY_TOO_LARGE);
    return false;
  }

  _forget(): void {
    this._text = "";
    this._pieces = [];
    this._kept = this._missing = 0;
  }

  _fault(fault: number): void {
    this._close();
    this._events._fault(fault);
  }
}

/** Where an octet below 0x80 first is, -1 if it is not there. */
const has = (data: string | Uint8Array, octet: number, from = 0): number =>
  typeof data === "string" ? data.indexOf(octet ? "\n" : "\0", from) : data.indexOf(octet, from);
