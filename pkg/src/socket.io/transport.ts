// What all transports have in common, with the hooks that custom ones override (doOpen, doClose, write, pause, name).
import { PACKET_TYPES } from "./core.js";
import { Emitter } from "./emitter.js";
import { query } from "./url.js";

/** A packet of Engine.IO. `data` is text or whatever the application sent. */
export interface EnginePacket {
  type: (typeof PACKET_TYPES)[number] | "error";
  data?: any;
  options?: { compress?: boolean };
}

/** Longest answer of a poll in characters; the reference client has no limit. */
const MAX_BODY = 16 << 20;
/** Most packets in one answer. */
const MAX_PACKETS = 1 << 16;
const SEPARATOR = "\x1e";
const BASE64_MARK = 98;
const UNDECODABLE: EnginePacket = { type: "error", data: "parser error" };

// Captured at module load for `useNativeTimers`: fake clocks come later.
const { setTimeout: nativeSetTimeout, clearTimeout: nativeClearTimeout } = globalThis;

/** The timer functions of an object; those of now unless the options ask for the platform's. */
export interface Timers {
  setTimeoutFn: (callback: () => void, delay?: number) => any;
  clearTimeoutFn: (timer: any) => void;
}

/** Gives `object` its timer functions. */
export function installTimers(object: Timers, options: { useNativeTimers?: boolean }): void {
  object.setTimeoutFn = (options.useNativeTimers ? nativeSetTimeout : setTimeout).bind(globalThis);
  object.clearTimeoutFn = (options.useNativeTimers ? nativeClearTimeout : clearTimeout).bind(globalThis);
}

/** A transport that failed. */
export class TransportError extends Error {
  readonly type = "TransportError";
  /** What the server said in the body of a refused request. */
  declare data?: { code: number; message: string };

  constructor(message: string, readonly description: any, readonly context: any) {
    super(message);
  }
}

export abstract class Transport extends Emitter implements Timers {
  declare setTimeoutFn: Timers["setTimeoutFn"];
  declare clearTimeoutFn: Timers["clearTimeoutFn"];
  query: Record<string, any>;
  writable = false;
  opts: any;
  socket: any;
  supportsBinary: boolean;
  readyState: "opening" | "open" | "closed" | "pausing" | "paused" | undefined;

  constructor(opts: any) {
    super();
    installTimers(this, opts);
    this.opts = opts;
    this.query = opts.query;
    this.socket = opts.socket;
    this.supportsBinary = !opts.forceBase64;
  }

  abstract get name(): string;
  abstract doOpen(): void;
  abstract doClose(): void;
  abstract write(packets: EnginePacket[]): void;

  onError(reason: string, description: any, context?: any): this {
    return this.emitReserved("error", new TransportError(reason, description, context));
  }

  open(): this {
    this.readyState = "opening";
    this.doOpen();
    return this;
  }

  close(): this {
    if (this.readyState === "opening" || this.readyState === "open") {
      this.doClose();
      this.onClose();
    }
    return this;
  }

  send(packets: EnginePacket[]): void {
    if (this.readyState === "open") this.write(packets);
  }

  onOpen(): void {
    this.readyState = "open";
    this.writable = true;
    this.emitReserved("open");
  }

  onData(data: any): void {
    this.onPacket(decodePacket(data, this.socket.binaryType));
  }

  onPacket(packet: EnginePacket): void {
    this.emitReserved("packet", packet);
  }

  onClose(details?: { description: string; context?: unknown }): void {
    this.readyState = "closed";
    this.emitReserved("close", details);
  }

  pause(_onPause: () => void): void {}

  createUri(schema: string, parameters: Record<string, unknown> = {}): string {
    const { hostname, port, secure, path } = this.opts;
    const usual = Number(port) === (secure ? 443 : 80);
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    const search = query(parameters);
    return `${schema}://${host}${port && !usual ? `:${port}` : ""}${path}${search && `?${search}`}`;
  }
}

/** A cache buster for `t`. */
export const randomString = (): string => Date.now().toString(36).slice(3) + Math.random().toString(36).slice(2, 5);

/** Reads a message of a WebSocket or one packet of a polling body. */
export function decodePacket(data: any, binaryType?: string): EnginePacket {
  if (typeof data !== "string") return { type: "message", data: asBinary(data, binaryType) };
  const code = data.charCodeAt(0);
  if (code === BASE64_MARK) {
    const bytes = fromBase64(data);
    return bytes ? { type: "message", data: asBinary(bytes, binaryType) } : UNDECODABLE;
  }
  const type = PACKET_TYPES[code - 48];
  if (!type) return UNDECODABLE;
  return data.length > 1 ? { type, data: data.slice(1) } : { type };
}

/** Reads the answer of a poll; an undecodable packet is the last one. */
export function decodePayload(body: string, binaryType?: string): EnginePacket[] {
  const packets: EnginePacket[] = [];
  for (const text of body.length > MAX_BODY ? [""] : body.split(SEPARATOR)) {
    const packet = packets.length < MAX_PACKETS ? decodePacket(text, binaryType) : UNDECODABLE;
    packets.push(packet);
    if (packet.type === "error") break;
  }
  return packets;
}

/** Writes the body of a POST. Blobs have to be read first, then `done` comes later. */
export function encodePayload(packets: readonly EnginePacket[], done: (body: string) => void): void {
  const texts = packets.map((packet) => encodePacket(packet, false));
  const join = (parts: readonly any[]) => done(parts.join(SEPARATOR));
  if (texts.some((text) => typeof text !== "string")) void Promise.all(texts).then(join);
  else join(texts);
}

/** A packet as a WebSocket takes it. Without support of binary it is text, a promise of it for blobs. */
export function encodePacket({ type, data }: EnginePacket, supportsBinary: boolean): any {
  const blob = isBlob(data);
  if (!blob && !(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data)) {
    return PACKET_TYPES.indexOf(type as "open") + (data || "");
  }
  if (supportsBinary) return data;
  return blob ? data.arrayBuffer().then(toBase64) : toBase64(data);
}

export const isBlob = (value: unknown): value is Blob => typeof Blob === "function" && value instanceof Blob;

export function asBinary(data: any, binaryType?: string): any {
  if (binaryType === "blob") return isBlob(data) ? data : new Blob([data]);
  if (!ArrayBuffer.isView(data)) return data;
  // `ws` on Node gives Buffers, which may share their memory with others.
  const { buffer, byteOffset, byteLength } = data;
  return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
}

/** The bytes behind the mark, nothing for damaged text. */
function fromBase64(text: string): ArrayBuffer | undefined {
  try {
    return Uint8Array.from(atob(text.slice(1)), (char) => char.charCodeAt(0)).buffer;
  } catch {
    return undefined;
  }
}

function toBase64(data: ArrayBuffer | ArrayBufferView): string {
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  let text = "";
  // In pieces: each becomes that many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return `b${btoa(text)}`;
}

/** Length of a packet in a polling body, as {@link encodePacket} writes it. */
export const base64Length = (bytes: number): number => 4 * Math.ceil(bytes / 3) + 1;
