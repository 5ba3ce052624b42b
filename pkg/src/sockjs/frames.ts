// Frames as they come: what the core must know of them, and their messages, which it need not.
import { Arrival, MAX_FRAME } from "./core.js";

/** A frame that was looked at. */
export interface Frame {
  readonly _kind: Arrival;
  /** Length of messages, code of a close. */
  readonly _value: number;
  readonly _messages: readonly unknown[];
  readonly _reason: string;
}

/** The messages of a well-formed frame `a[...]`, the usual one; undefined for all others, which {@link parse} is for. */
export function messagesOf(text: unknown): readonly unknown[] | undefined {
  if (typeof text !== "string" || text.charCodeAt(0) !== 0x61 || text.length > MAX_FRAME) return undefined;
  try {
    const messages: unknown = JSON.parse(text.slice(1));
    return Array.isArray(messages) ? messages : undefined;
  } catch {
    return undefined;
  }
}

/** Looks at a frame. A binary one has no meaning in SockJS. */
export function parse(text: unknown): Frame {
  if (typeof text !== "string") return frame(Arrival.malformed);
  if (text.length > MAX_FRAME) return frame(Arrival.tooLong);
  const kind = text[0];
  const body = text.slice(1);
  if (kind === "o") return frame(Arrival.open);
  if (kind === "h") return frame(body ? Arrival.prelude : Arrival.heartbeat);
  if (!body.trim() || !/[amc]/.test(kind as string)) return frame(Arrival.unknown);
  let payload: any;
  try {
    payload = JSON.parse(body);
  } catch {
    return frame(Arrival.malformed);
  }
  if (kind === "m") return frame(Arrival.messages, text.length, [payload]);
  if (!Array.isArray(payload)) return frame(Arrival.unknown);
  if (kind === "a") return frame(Arrival.messages, text.length, payload);
  if (payload.length !== 2) return frame(Arrival.unknown);
  const [code, reason] = payload;
  if (!(code >>> 0 === code && code < 65_536)) return frame(Arrival.malformed);
  return frame(Arrival.close, code, [], String(reason ?? ""));
}

function frame(_kind: Arrival, _value = 0, _messages: readonly unknown[] = [], _reason = ""): Frame {
  return { _kind, _value, _messages, _reason };
}

/** Takes lines out of a streamed answer. What is behind the last line end waits for the rest, and is dropped without one. */
export class Lines {
  private _begun = "";
  private readonly _line: (line: string) => void;

  constructor(line: (line: string) => void) {
    this._line = line;
  }

  _push(piece: string): void {
    const lines = piece.split("\n");
    lines[0] = this._begun + lines[0];
    this._begun = lines.pop() as string;
    // A line without an end is handed on as well once it is too long: that is for the frame's own check to find.
    if (this._begun.length > MAX_FRAME) {
      lines.push(this._begun);
      this._begun = "";
    }
    for (const line of lines) if (line) this._line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}

/** The frame in a line of server-sent events, "" for other lines. Only what servers escape is undone. */
export function eventData(line: string): string {
  if (!line.startsWith("data:")) return "";
  return line.slice(line[5] === " " ? 6 : 5).replace(/%(25|0D|0A|00)/gi, decodeURIComponent);
}
