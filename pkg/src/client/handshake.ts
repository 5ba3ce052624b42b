// What the application's protocol has to say before anything else: who it is, what it subscribes to. The core hears that
// the socket is open only when this is done, so nothing queued can overtake it, and its connect timeout ends one that hangs.

import type { LinkHost } from "./link-host.js";
import { EverwireError, UNENCODABLE, caused } from "./error.js";
import { sizeOf } from "./link-host.js";
import type { HandshakeLink } from "./types.js";

interface Wait {
  readonly _fits: (message: any) => unknown;
  readonly _resolve: (message: unknown) => void;
  readonly _reject: (reason: unknown) => void;
}

/** The socket during one handshake, and the one implementation of `HandshakeLink`. */
export class Handshake implements HandshakeLink {
  readonly attempt: number;
  readonly url: string;
  readonly protocol: string;
  private readonly _host: LinkHost;
  private readonly _controller = new AbortController();
  /** Messages that no `next` has taken yet. They may come in one turn, before the first is looked at. */
  private readonly _unread: unknown[] = [];
  private _waits: Wait[] = [];
  private _over = false;

  constructor(host: LinkHost, attempt: number, protocol: string) {
    this._host = host;
    this.attempt = attempt;
    this.url = host.url;
    this.protocol = protocol;
  }

  get signal(): AbortSignal {
    return this._controller.signal;
  }

  send(value: unknown): void {
    if (this._over) throw over("send with");
    let data;
    try {
      data = this._host._settings._codec.encode(value);
    } catch (cause) {
      throw caused("encode", UNENCODABLE, cause);
    }
    if (typeof data !== "string" && "then" in data) {
      data.then(undefined, () => {});
      throw new EverwireError("encode", "a handshake sends what is there at once: read the Blob first");
    }
    if (!this._host._transmit(data, sizeOf(data))) throw new EverwireError("offline", "the socket is closing");
  }

  next(fits: (message: any) => unknown = () => true): Promise<any> {
    const answer = new Promise<unknown>((_resolve, _reject) => {
      const wait = { _fits: fits, _resolve, _reject };
      if (this._over) _reject(this.signal.reason ?? over("listen to"));
      else if (!this._unread.some((message, at) => take(wait, message) && this._unread.splice(at, 1))) this._waits.push(wait);
    });
    // Whoever stops waiting before the link is lost has nothing to handle.
    answer.catch(() => {});
    return answer;
  }

  /** A message came in. */
  _offer(message: unknown): void {
    const at = this._waits.findIndex((wait) => take(wait, message));
    if (at >= 0) this._waits.splice(at, 1);
    else if (this._unread.push(message) > this._host._settings._inboundLimit) this._unread.shift();
  }

  /** It succeeded, or nothing can come of it any more. */
  _end(done: boolean): void {
    this._over = true;
    const reason = new EverwireError("handshake", "the link was given up before the handshake was done");
    for (const { _reject } of this._waits) _reject(reason);
    this._waits = [];
    if (!done) this._controller.abort(reason);
  }
}

function over(instead: string): EverwireError {
  return new EverwireError("closed", `the handshake is over: ${instead} the connection`);
}

/** Gives a message to who waits for it; also true if the look at it failed. */
function take({ _fits, _resolve, _reject }: Wait, message: unknown): boolean {
  try {
    if (!_fits(message)) return false;
    _resolve(message);
  } catch (error) {
    _reject(error);
  }
  return true;
}
