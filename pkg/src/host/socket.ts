// Owner of the native socket. At most one is current; each has the generation number the core gave it, and what an old
// one still says goes nowhere, because its listeners are taken off before it is closed.

/** What a native socket, `ws` on Node or a test double must offer. */
export interface NativeSocket extends Pick<WebSocket, "readyState" | "bufferedAmount" | "extensions" | "protocol" | "url"> {
  binaryType: string;
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: string, listener: (event: never) => void): void;
  removeEventListener(type: string, listener: (event: never) => void): void;
}

/** The class that makes them. */
export type NativeSocketClass = new (url: string | URL, protocols?: string | string[]) => NativeSocket;

/** What a socket reports, always of the current generation. */
export interface SocketEvents {
  opened(generation: number): void;
  /** Called without a receiver. */
  message: (event: MessageEvent) => void;
  failed(event: Event): void;
  closed(generation: number, event: CloseEvent): void;
}

/** Holds the current socket; the last one stays readable after it closed. */
export class SocketHost {
  socket: NativeSocket | undefined;
  #release: (() => void) | undefined;
  readonly #events: SocketEvents;

  constructor(events: SocketEvents) {
    this.#events = events;
  }

  /** Makes `socket` current. */
  attach(generation: number, socket: NativeSocket): void {
    this.#release?.();
    this.socket = socket;
    const events = this.#events;
    const listeners = {
      open: () => events.opened(generation),
      message: events.message,
      error: (event: Event) => events.failed(event),
      close: (event: CloseEvent) => {
        this.#release?.();
        events.closed(generation, event);
      },
    };
    for (const [type, listener] of Object.entries(listeners)) socket.addEventListener(type, listener);
    this.#release = () => {
      this.#release = undefined;
      for (const [type, listener] of Object.entries(listeners)) socket.removeEventListener(type, listener);
    };
  }

  /**
   * Abandons the current socket: listeners off first, then a close in the background, whose outcome nobody awaits (on a
   * half-open link it takes up to 60 s).
   */
  detach(code?: number, reason?: string): void {
    if (!this.#release) return;
    this.#release();
    const socket = this.socket;
    // `ws` on Node reports an aborted handshake as an error event, which throws if nobody listens.
    socket?.addEventListener("error", ignore);
    try {
      if (code === undefined) socket?.close();
      else socket?.close(code, reason);
    } catch {
      // A double may refuse to close twice; it is abandoned either way.
    }
  }
}

const ignore = () => {};
