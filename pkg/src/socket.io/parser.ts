// Packets of Socket.IO v5 as text and attachments. The interface is that of socket.io-parser, which custom parsers share;
// what is accepted is what the core's parser accepts (`protocol/socket_io/packet.rs`).
import { Found, deconstruct, explain, flatBinary, hasBinary, isBinary, reconstruct, survey } from "./binary.js";
import { Emitter } from "./emitter.js";
import { PacketType, RESERVED, type Packet } from "./packet.js";

/** Options of a {@link Decoder}. */
export interface DecoderOptions {
  /** Second argument of `JSON.parse`. */
  reviver?: (this: any, key: string, value: any) => any;
  /** Most attachments of one packet. Default 10. */
  maxAttachments?: number;
  /** Most bytes of all attachments of one packet. Default 16 MiB. */
  maxAttachmentBytes?: number;
}

/** Engine.IO's mark of a message, which the manager has written in front at once, and an event behind it. */
export const MARK = "4";
const MARKED_EVENT = "42";

/** Longest namespace in characters, query included. */
const MAX_NAMESPACE = 1_024;

export class Encoder {
  constructor(readonly replacer?: (this: any, key: string, value: any) => any) {}

  /** The packet's text, and its attachments behind it. */
  encode(packet: Packet): any[] {
    const encoded = this._encode(packet);
    return typeof encoded === "string" ? [encoded] : encoded;
  }

  /** The packet's text alone, behind `mark`, if there are no attachments. */
  _encode(packet: Packet, mark = ""): string | any[] {
    let { type, data } = packet;
    if (type !== PacketType.event && type !== PacketType.ack) return this.#text(packet, mark, type, data, packet.attachments);
    const found = survey(data);
    if (found === Found.flat && !this.replacer) {
      const parts = flatBinary(data);
      parts[0] = this.#header(packet, "", type + PacketType.binaryEvent - PacketType.event, parts.length - 1) + parts[0];
      return parts;
    }
    if (found === Found.scalars) return this.#text(packet, mark, type, data, packet.attachments);
    try {
      if (!hasBinary(data)) return this.#text(packet, mark, type, data, packet.attachments);
      const parts: unknown[] = [];
      data = deconstruct(data, parts);
      type += PacketType.binaryEvent - PacketType.event;
      parts.unshift(this.#text(packet, "", type, data, parts.length));
      return parts;
    } catch (error) {
      throw explain(error);
    }
  }

  #text(packet: Packet, mark: string, type: PacketType, data: any, attachments?: number): string {
    const text = this.#header(packet, mark, type, attachments);
    return data !== undefined && data !== null ? text + JSON.stringify(data, this.replacer) : text;
  }

  #header({ nsp, id }: Packet, mark: string, type: PacketType, attachments?: number): string {
    let text = mark && type === PacketType.event ? MARKED_EVENT : mark + type;
    if (type >= PacketType.binaryEvent) text += `${attachments}-`;
    if (nsp && nsp !== "/") text += `${nsp},`;
    if (id !== undefined && id !== null) text += id;
    return text;
  }
}

export class Decoder extends Emitter {
  opts: Required<Omit<DecoderOptions, "reviver">> & Pick<DecoderOptions, "reviver">;
  /** The packet that waits for attachments, those that are there, how many it has, and how many bytes they may still have. */
  #pending: Packet | undefined;
  #buffers: unknown[] = [];
  #attachments = 0;
  #room = 0;

  constructor(options?: DecoderOptions | DecoderOptions["reviver"]) {
    super();
    this.opts = { maxAttachments: 10, maxAttachmentBytes: 16 << 20, ...(typeof options === "function" ? { reviver: options } : options) };
  }

  /**
   * Takes a message; a complete packet is raised as `decoded`.
   *
   * @throws Error for anything malformed
   */
  add(message: any): void {
    const packet = this._decode(message, 0);
    if (packet) this.emitReserved("decoded", packet);
  }

  destroy(): void {
    this.#pending = undefined;
    this.#buffers = [];
    this.#attachments = 0;
  }

  /** The packet that a message completes, if it does. A text begins at `from`. */
  _decode(message: any, from: number): Packet | undefined {
    if (typeof message !== "string") return this.#binary(message);
    if (this.#pending) throw new Error("got plaintext data when reconstructing a packet");
    const packet = this.#text(message, from);
    if (!this.#attachments) return packet;
    this.#pending = packet;
    this.#room = this.opts.maxAttachmentBytes;
    return undefined;
  }

  #binary(data: any): Packet | undefined {
    if (!isBinary(data)) throw new Error(`Unknown type: ${data}`);
    const packet = this.#pending;
    if (!packet) throw new Error("got binary data when not reconstructing a packet");
    this.#room -= data.byteLength ?? data.size;
    if (this.#room < 0) throw new Error("attachments too long: raise maxAttachmentBytes of the parser or send less at once");
    const buffers = this.#buffers;
    if (buffers.push(data) < this.#attachments) return undefined;
    this.destroy();
    packet.data = reconstruct(packet.data, buffers);
    return packet;
  }

  #text(text: string, from: number): Packet {
    // An empty text joins the namespace `/`, as in the original.
    let type: PacketType = from < text.length ? text.charCodeAt(from) - 48 : PacketType.connect;
    if (!(type >= PacketType.connect && type <= PacketType.binaryAck)) throw new Error(`unknown packet type ${text[from]}`);
    let nsp = "/";
    let id: number | undefined;
    let attachments = 0;
    let at = from + 1;
    let code = text.charCodeAt(at);
    // Most packets are events of the main namespace: nothing is between type and payload.
    if (code !== 91 || type >= PacketType.binaryEvent) {
      if (type >= PacketType.binaryEvent) {
        for (; code >= 48 && code <= 57; code = text.charCodeAt(++at)) attachments = attachments * 10 + code - 48;
        if (!attachments || code !== 45) throw new Error("Illegal attachments");
        if (attachments > this.opts.maxAttachments) throw new Error("too many attachments");
        code = text.charCodeAt(++at);
        type -= PacketType.binaryEvent - PacketType.event;
      }
      if (code === 47) {
        const comma = text.indexOf(",", at);
        const end = comma < 0 ? text.length : comma;
        if (end - at > MAX_NAMESPACE) throw new Error("namespace too long");
        nsp = text.slice(at, end);
        code = text.charCodeAt(at = end + 1);
      }
      if (code >= 48 && code <= 57) {
        id = 0;
        for (; code >= 48 && code <= 57; code = text.charCodeAt(++at)) id = id * 10 + code - 48;
        if (!Number.isSafeInteger(id)) throw new Error("invalid packet id");
      }
    }
    let packet: Packet;
    if (at < text.length) {
      const data = this.#parse(text.slice(at));
      if (!fits(type, data)) throw new Error("invalid payload");
      packet = id === undefined ? { type, nsp, data } : { type, nsp, data, id };
    } else {
      packet = id === undefined ? { type, nsp } : { type, nsp, id };
    }
    this.#attachments = attachments;
    return packet;
  }

  #parse(json: string): any {
    try {
      return JSON.parse(json, this.opts.reviver);
    } catch {
      throw new Error("invalid payload");
    }
  }
}

function fits(type: PacketType, data: any): boolean {
  switch (type) {
    case PacketType.connect:
      return isObject(data);
    case PacketType.disconnect:
      return data === undefined;
    case PacketType.connectError:
      return typeof data === "string" || isObject(data);
    case PacketType.event:
      return Array.isArray(data) && (typeof data[0] === "number" || (typeof data[0] === "string" && !RESERVED.has(data[0])));
    default:
      return Array.isArray(data);
  }
}

const isObject = (value: unknown): boolean => Object.prototype.toString.call(value) === "[object Object]";
