// The parser as the peer exports it. The client reads with a Reader of its own.
import { ignore } from "./connection.js";
import { FAULTS, Kind } from "./core.js";
import type { FrameImpl } from "./frame.js";
import { Reader } from "./reader.js";
import type { IRawFrameType, RawHeaderType } from "./types.js";

/** Takes frames out of WebSocket messages. Headers are given as they are on the wire. */
export class Parser {
  readonly #reader: Reader;

  declare onFrame: (rawFrame: IRawFrameType) => void;
  declare onIncomingPing: () => void;

  constructor(onFrame: (rawFrame: IRawFrameType) => void, onIncomingPing: () => void) {
    this.onFrame = onFrame;
    this.onIncomingPing = onIncomingPing;
    this.#reader = new Reader(0, {
      _frame: (frame) => {
        try {
          this.onFrame(raw(frame));
        } catch (error) {
          ignore(error);
        }
      },
      _beat: () => this.onIncomingPing(),
      _fault: (fault) => {
        throw new Error(`everwire: ${(FAULTS[fault - Kind.fault] as readonly [string, string])[1]}`);
      },
    }, 64 * 1024 * 1024);
  }

  /**
   * Takes in one message.
   *
   * @param appendMissingNULLonIncoming whether a NUL follows it if it has none at its end
   * @throws Error when it is not STOMP; nothing is read any more
   */
  parseChunk(segment: string | ArrayBuffer, appendMissingNULLonIncoming = false): void {
    this.#reader._read(segment, appendMissingNULLonIncoming);
  }
}

function raw(frame: FrameImpl): IRawFrameType {
  const [command, ...lines] = frame._lines();
  const headers = lines.map((line): RawHeaderType => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  return { command, headers, binaryBody: frame.binaryBody };
}
