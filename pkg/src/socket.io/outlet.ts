// How the policies of a socket see its connection: whether the namespace is joined, and what the transport takes. Only
// members are used that socket.io-client has as well.
import { Signal, onSignal } from "../host/signals.js";
import { soon } from "./emitter.js";

/** What the owner is told. */
export interface OutletEvents {
  _up(): void;
  _down(): void;
  /** The transport takes something again. */
  _writable(): void;
  /** The page is about to stand still: what is paced goes now. */
  _hiding(): void;
}

export class Outlet {
  readonly #socket: any;
  readonly #owner: OutletEvents;
  /** Ends the listening on the current engine and page. */
  #release: (() => void) | undefined;
  /** The transport that is made to wait until a whole turn's packets are there, and their bytes. */
  #corked: any;
  #bytes = 0;

  constructor(socket: any, owner: OutletEvents) {
    this.#socket = socket;
    this.#owner = owner;
    const { onconnect, onclose } = socket;
    // Not as listeners: `off()` of the application would take them away.
    socket.onconnect = (...args: unknown[]) => {
      onconnect.apply(socket, args);
      // Behind the listeners of `connect`, which set up what the values may need; one of them may have left.
      if (socket.connected) this._listen();
    };
    socket.onclose = (...args: unknown[]) => {
      this._leave();
      onclose.apply(socket, args);
    };
  }

  /** The namespace is joined. */
  _listen(): void {
    if (this.#release) return;
    const { engine } = this.#socket.io;
    const writable = () => this.#owner._writable();
    // `upgrading` is still set while these are told.
    const later = () => soon(writable);
    engine.on("drain", writable).on("upgrade", later).on("upgradeError", later);
    const quiet = onSignal((signal) => {
      if (signal === Signal.hidden || signal === Signal.frozen) this.#owner._hiding();
    });
    this.#release = () => {
      quiet();
      engine.off("drain", writable).off("upgrade", later).off("upgradeError", later);
    };
    this.#owner._up();
  }

  _leave(): void {
    if (!this.#release) return;
    this.#release();
    this.#release = undefined;
    this.#owner._down();
  }

  /** Gives the socket back as it was. */
  _close(): void {
    this._leave();
    delete this.#socket.onconnect;
    delete this.#socket.onclose;
  }

  /** Bytes that the transport itself still holds, negative if nothing can be written now. */
  _buffered(highWater: number): number {
    const socket = this.#socket;
    const { engine } = socket.io;
    if (!socket.connected || engine.readyState !== "open" || engine.upgrading || engine._hasPingExpired?.()) return -1;
    const { transport, writeBuffer } = engine;
    if (transport === this.#corked) return this.#bytes < highWater ? 0 : -1;
    // A WebSocket says what it holds. `writable` only says whether this turn has written already.
    const held = transport.name === "websocket" ? transport.ws?.bufferedAmount : undefined;
    if (held !== undefined) return writeBuffer.length ? -1 : held;
    return transport.writable ? 0 : -1;
  }

  /** Emits as the application would, but for the flags that it may have set for its own next emit. */
  _emit(args: unknown[], flags: object, size: number): void {
    const socket = this.#socket;
    const { flags: own } = socket;
    const { transport } = socket.io.engine;
    if (transport.name !== "websocket" && !this.#corked) {
      // Otherwise the first packet would have the request for itself, and the others would wait for the next one.
      this.#corked = transport;
      transport.writable = false;
    }
    this.#bytes += size;
    socket.flags = flags;
    try {
      socket.emit(...args);
    } finally {
      socket.flags = own;
    }
  }

  /** Lets the collected packets go. */
  _uncork(): void {
    const transport = this.#corked;
    this.#corked = undefined;
    this.#bytes = 0;
    const { engine } = this.#socket.io;
    if (!transport || transport !== engine.transport || engine.readyState !== "open") return;
    transport.writable = true;
    engine.flush();
  }
}
