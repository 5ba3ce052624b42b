// The class that users hold: the members of the native one and a few more, over a Connection. State lives in private
// fields, so that an object shows no more than a native one does.
import { closeArguments } from "./check.js";
import { Connection } from "./connection.js";
import type { Queued } from "./queue.js";
import { MessageTarget } from "./target.js";
import type { Options, ProtocolsProvider, UrlProvider } from "./types.js";

/** Implementation of the public class; its types are in types.ts. */
export class Socket extends MessageTarget {
  readonly #connection: Connection;

  constructor(url: UrlProvider, protocols?: ProtocolsProvider, options: Options = {}) {
    super();
    if (!arguments.length) throw new TypeError("everwire: a WebSocket needs a url");
    this.#connection = new Connection(this, url, protocols, options);
    if (!options.startClosed) this.#connection._connect();
  }

  get readyState(): number {
    return this.#connection._readyState;
  }

  get bufferedAmount(): number {
    return this.#connection._queue.bytes + (this.#connection._host.socket?.bufferedAmount ?? 0);
  }

  get extensions(): string {
    return this.#connection._host.socket?.extensions ?? "";
  }

  get protocol(): string {
    return this.#connection._host.socket?.protocol ?? "";
  }

  get url(): string {
    return this.#connection._host.socket?.url ?? "";
  }

  get binaryType(): BinaryType {
    return this.#connection._binaryType;
  }

  set binaryType(value: BinaryType) {
    this.#connection._setBinaryType(String(value));
  }

  get retryCount(): number {
    return this.#connection._retryCount;
  }

  get shouldReconnect(): boolean {
    return this.#connection._shouldReconnect;
  }

  send(data: unknown): boolean {
    if (!arguments.length) throw new TypeError("everwire: send needs a message");
    return this.#connection._send(data);
  }

  close(code?: number, reason?: string): void {
    this.#connection._close(closeArguments(code, reason));
  }

  reconnect(code?: number, reason?: string): void {
    this.#connection._reconnect(closeArguments(code, reason));
  }

  drainQueuedMessages(): Queued[] {
    return this.#connection._drain();
  }
}
