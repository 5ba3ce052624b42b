// The queue of packets that are sent again until the server has acknowledged them: one at a time as in the original, or a
// window of several, in which packets of one key never overtake each other.
import { report } from "./emitter.js";
import type { Ack, Flags, Socket } from "./socket.js";

/** A packet that waits for its acknowledgement. */
export interface QueuedPacket {
  id: number;
  tryCount: number;
  pending: boolean;
  args: any[];
  flags: Flags;
}

export class RetryQueue {
  _packets: QueuedPacket[] = [];
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  _add(args: any[], flags: Flags): void {
    const socket = this.#socket;
    const ack: Ack | undefined = typeof args[args.length - 1] === "function" ? args.pop() : undefined;
    const packet: QueuedPacket = { id: socket._queueSeq++, tryCount: 0, pending: false, args, flags: { fromQueue: true, ...flags } };
    const answered: Ack = (error: unknown, ...answer: any[]) => {
      packet.pending = false;
      const failed = error !== null;
      if (!failed || packet.tryCount > socket._opts.retries) {
        const at = this._packets.indexOf(packet);
        if (at >= 0) this._packets.splice(at, 1);
        if (ack) ack(...(failed ? [error] : [null, ...answer]));
        else if (packet.tryCount === Infinity) report(error);
      }
      this._drain();
    };
    // Told about a disconnection, too, even without a timeout.
    answered.withError = true;
    args.push(answered);
    this._packets.push(packet);
    this._drain();
  }

  /** Sends what the window has room for; `again` also sends what was not acknowledged on the connection before. */
  _drain(again = false): void {
    const socket = this.#socket;
    const { retryWindow = 1, retryKey } = socket._opts;
    const keys = new Set<unknown>();
    let room = retryWindow;
    for (const packet of [...this._packets]) {
      // An overdue heartbeat ends the connection, and the next one sends: buffered as well, it would go out twice.
      if (!socket.connected || room <= 0 || socket.io.engine._hasPingExpired()) return;
      if (retryKey) {
        const key = retryKey(...packet.args.slice(0, -1));
        if (keys.has(key)) continue;
        keys.add(key);
      }
      room--;
      if (!packet.pending || again) this.#send(packet);
    }
  }

  #send(packet: QueuedPacket): void {
    packet.pending = true;
    packet.tryCount++;
    try {
      // A copy: the emit takes the callback out.
      this.#socket._emit([...packet.args], packet.flags);
    } catch (error) {
      // It can never be sent, and must not hold up the others.
      packet.tryCount = Infinity;
      packet.args.at(-1)(error);
    }
  }
}
