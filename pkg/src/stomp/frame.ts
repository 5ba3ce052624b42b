// Frames: those that users and the client make, and those that came in, which decode what is asked for when it is asked for.
import type { StompHeaders } from "./config.js";
import { Escapes } from "./core.js";
import { decode, escape, lines, setHeader, unescape } from "./headers.js";
import { decodeText, encoder, octetLength } from "./octets.js";
import type { IFrame, IRawFrameType } from "./types.js";

/** What a frame is made of. */
export interface FrameParams {
  command: string;
  headers?: StompHeaders | undefined;
  body?: string | undefined;
  binaryBody?: Uint8Array | undefined;
  escapeHeaderValues?: boolean | undefined;
  skipContentLengthHeader?: boolean | undefined;
}

const isUnescaped = (command: string): boolean => command === "CONNECT" || command === "CONNECTED";

/** A frame. Exported because the peer exports it; the client makes its frames by itself. */
export class FrameImpl implements IFrame {
  declare command: string;
  declare isBinaryBody: boolean;
  // Not `#private`: users keep messages in the stores of state libraries, whose proxies have no such members. Nor mangled, for
  // users set properties of their own.
  declare private _headers: StompHeaders | undefined;
  declare private _body: string | undefined;
  declare private _binaryBody: Uint8Array | undefined;
  /** A body that came in, inside the message that brought it; a copy is made when it is asked for. */
  declare private _view: Uint8Array | undefined;
  declare private escapeHeaderValues: boolean;
  declare private skipContentLengthHeader: boolean;
  /** The head of a frame that came in, until its headers are decoded. */
  declare private _head: string | undefined;
  declare private _escapes: number;

  constructor(params: FrameParams) {
    this.command = params.command;
    const bytes = params.binaryBody;
    this.isBinaryBody = !!bytes;
    this._headers = params.headers && { ...params.headers };
    // A number, say, in programs without types goes out as text.
    this._body = bytes ? undefined : `${params.body || ""}`;
    this._binaryBody = bytes || undefined;
    this.escapeHeaderValues = params.escapeHeaderValues || false;
    this.skipContentLengthHeader = params.skipContentLengthHeader || false;
    this._view = this._head = undefined;
    this._escapes = 0;
  }

  get headers(): StompHeaders {
    return (this._headers ??= this._head === undefined ? {} : this._decode());
  }

  set headers(headers: StompHeaders) {
    this._headers = headers;
  }

  get body(): string {
    return (this._body ??= decodeText(this._binaryBody ?? this._view));
  }

  get binaryBody(): Uint8Array {
    return (this._binaryBody ??= this._view ? this._view.slice() : encoder.encode(this._body));
  }

  /** A frame of what {@link Parser} gives. */
  static fromRawFrame(rawFrame: IRawFrameType, escapeHeaderValues: boolean): FrameImpl {
    const command = rawFrame.command as string;
    const escapes = escapeHeaderValues && !isUnescaped(command) ? Escapes.v1_2 : Escapes.none;
    const headers: StompHeaders = {};
    for (const [name, value] of rawFrame.headers.reverse()) setHeader(headers, unescape(name, escapes), unescape(value, escapes));
    return new FrameImpl({ command, headers, binaryBody: rawFrame.binaryBody, escapeHeaderValues });
  }

  /** Command and headers as on the wire, with the blank line. */
  toString(): string {
    const headers = this.headers;
    const skip = this.skipContentLengthHeader;
    const plain = !this.escapeHeaderValues || isUnescaped(this.command);
    const length = (this._binaryBody ?? this._view)?.length ?? octetLength(this._body as string);
    const counted = this.isBinaryBody || (length > 0 && !skip);
    // A second count that differs would cut the frame elsewhere. What came in is shown as it is.
    const single = this._head === undefined && (skip || counted);
    let text = this.command + "\n";
    for (const name of Object.keys(headers)) {
      if (single && name === "content-length") continue;
      const value = `${headers[name]}`;
      text += name + ":" + (plain ? value : escape(value)) + "\n";
    }
    if (counted) text += "content-length:" + length + "\n";
    return text + "\n";
  }

  /** The whole frame: a string, or an ArrayBuffer if it has a binary body. */
  serialize(): string | ArrayBuffer {
    const head = this.toString();
    if (!this.isBinaryBody) return head + (this._body as string) + "\0";
    const body = this.binaryBody;
    const start = octetLength(head);
    const frame = new Uint8Array(start + body.length + 1);
    encoder.encodeInto(head, frame);
    frame.set(body, start);
    return frame.buffer;
  }

  /** Serialises without making a frame first. */
  static marshall(params: FrameParams): string | ArrayBuffer {
    return new FrameImpl(params).serialize();
  }

  /** @internal A frame to send, whose headers object is its own. */
  static _outgoing(command: string, headers: StompHeaders, body: string | undefined, binaryBody: Uint8Array | undefined, escapes: boolean, skip: boolean): FrameImpl {
    const frame = new FrameImpl({ command, body, binaryBody, escapeHeaderValues: escapes, skipContentLengthHeader: skip });
    frame._headers = headers;
    return frame;
  }

  /** @internal A frame that came in: its head, and its body as a string or as octets where they lie. */
  static _received(head: string, escapes: number, command: string, text: string | undefined, view: Uint8Array | undefined): FrameImpl {
    const frame = new FrameImpl(NOTHING);
    frame._head = head;
    frame._escapes = escapes;
    frame.escapeHeaderValues = escapes === Escapes.v1_2;
    frame._body = text;
    frame._view = view;
    frame.command = command || (frame._lines()[0] as string);
    frame.isBinaryBody = true;
    return frame;
  }

  /** @internal The lines of the head of a frame that came in. */
  _lines(): string[] {
    return lines(this._head as string, this._escapes);
  }

  private _decode(): StompHeaders {
    // 1.0 leaves blanks around values to the receiver; before a version is agreed the same holds.
    const escapes = this._escapes;
    return decode(this._lines(), escapes, escapes === Escapes.none || escapes === Escapes.lenient);
  }
}

const NOTHING: FrameParams = { command: "" };
