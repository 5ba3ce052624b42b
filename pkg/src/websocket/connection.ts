// What stands behind one object of the class: the native socket that is replaced when it is lost, the queue, and the link
// in the core, which decides when to dial, wait, ping and give up. This carries its decisions out.
import { Alarm, now } from "../host/clock.js";
import { wasm } from "../host/inline.js";
import { provide, type Provider } from "../host/provider.js";
import { onSignal } from "../host/signals.js";
import { SocketHost, type NativeSocket } from "../host/socket.js";
import { failure } from "./check.js";
import { Cause, Happened, State, Todo, type Core } from "./core.js";
import { attempt, closeEvent, errorEvent, own } from "./events.js";
import { settings, socketClass, type Settings } from "./options.js";
import { byteLength, Queue, snapshot, type Queued } from "./queue.js";
import { deliver, type MessageTarget } from "./target.js";
import type { Options, ProtocolsProvider, Protocols, UrlProvider } from "./types.js";

/** `readyState` while there is no native socket to ask, by state of the link. */
const READY_STATE = [3, 0, 1, 3, 2, 3];
const CAUSE_TEXT: Record<number, string> = {
  [Cause.dead]: "no sign of life within heartbeat.timeout",
  [Cause.resumed]: "the page was frozen",
  [Cause.closeTimeout]: "the closing handshake took too long",
};

/** The state of one WebSocket object; its listeners are those of `target`. */
export class Connection {
  /** The link in the core, 0 while there is none: before the first dial and after the end. */
  _link = 0;
  _state: number = State.idle;
  _generation = 0;
  /** `retryCount` of a link that has ended. */
  _attempts = 0;
  _binaryType: BinaryType = "blob";
  /** Whether a dial was begun whose end the listeners have not been told. */
  _live = false;
  /** Whether the host holds the current generation's native socket. */
  _attached = false;
  /** When the last message came that the core does not know of, 0 if it knows all. */
  _seen = 0;
  /** What an end means to the listeners, from the moment it is known until the core has decided what follows. */
  _ending: { failure: Event | undefined; close: CloseEvent } | undefined;
  /** Arguments of the `close` or `reconnect` that is being carried out. */
  _goodbye: [code?: number, reason?: string] = [];
  _reconnecting = false;
  /** Whether what the native constructor throws is for our caller, and what it threw. */
  _synchronous = false;
  _thrown: { error: unknown } | undefined;
  _overflowed = false;
  _depth = 0;
  _unlisten: (() => void) | undefined;
  readonly _target: MessageTarget;
  readonly _url: UrlProvider;
  readonly _protocols: ProtocolsProvider;
  readonly _settings: Settings;
  readonly _queue = new Queue();
  readonly _alarm = new Alarm(() => this._tell(Happened.tick));
  readonly _host: SocketHost;

  constructor(target: MessageTarget, url: UrlProvider, protocols: ProtocolsProvider, options: Options) {
    this._target = target;
    this._url = url;
    this._protocols = protocols;
    this._settings = settings(options);
    const heartbeat = this._settings._interval > 0;
    this._host = new SocketHost({
      opened: (generation) => this._tell(Happened.opened, generation),
      message: heartbeat
        ? (event) => {
            // A given class may be of another page, whose clock began at another time.
            this._seen = (!options.WebSocket && event.timeStamp) || now();
            deliver(target, event);
          }
        : (event) => deliver(target, event),
      failed: ({ message, error }: Event & Partial<ErrorEvent>) => {
        target.dispatchEvent(message === undefined ? new Event("error") : errorEvent(message, error));
      },
      closed: (generation, { code, reason, wasClean }) => {
        this._attached = false;
        this._end(closeEvent(code, reason, wasClean), undefined, Happened.socketClosed, generation);
      },
    });
  }

  get _readyState(): number {
    if (this._attached) return this._host.socket?.readyState as number;
    return this._live ? (READY_STATE[this._state] as number) : 3;
  }

  get _shouldReconnect(): boolean {
    return this._settings._maxRetries > 0 && this._state > State.idle && this._state < State.closing;
  }

  get _retryCount(): number {
    return this._link ? wasm<Core>().attempt(this._link) : this._attempts;
  }

  _setBinaryType(type: string): void {
    if (type !== "blob" && type !== "arraybuffer") return;
    this._binaryType = type;
    if (this._host.socket) this._host.socket.binaryType = type;
  }

  _send(data: unknown): boolean {
    const socket = this._host.socket;
    if (this._state === State.open && socket?.readyState === 1) {
      socket.send(data as Queued);
      return true;
    }
    return this._enqueue(data);
  }

  /** Closes with the goodbye that was set. */
  _close(goodbye: [code?: number, reason?: string] = []): void {
    this._goodbye = goodbye;
    this._tell(Happened.close);
  }

  _reconnect(goodbye: [code?: number, reason?: string]): void {
    this._goodbye = goodbye;
    this._reconnecting = true;
    try {
      this._connect();
    } finally {
      this._reconnecting = false;
    }
  }

  _drain(): Queued[] {
    this._overflowed = false;
    return this._queue.drain();
  }

  /** Dials at the user's wish. A bad address given as a value is the caller's error, and nothing is tried again. */
  _connect(): void {
    const settings = this._settings;
    const signal = settings._given.signal as AbortSignal | undefined;
    socketClass(settings._given.WebSocket);
    if (signal?.aborted) return;
    if (!this._link) {
      this._link = wasm<Core>().create(
        settings._minDelay, settings._maxDelay, settings._factor, settings._maxRetries, settings._minUptime,
        settings._connectTimeout, settings._closeTimeout, settings._interval, settings._timeout, Math.random(),
      );
      const abort = () => this._close();
      const ignoreSignals = onSignal((number) => this._tell(Happened.signal, 0, number));
      signal?.addEventListener("abort", abort);
      this._unlisten = () => {
        ignoreSignals();
        signal?.removeEventListener("abort", abort);
      };
    }
    this._synchronous = typeof this._url !== "function" && typeof this._protocols !== "function";
    this._tell(Happened.reconnect);
    this._synchronous = false;
    const thrown = this._thrown;
    if (thrown) {
      this._thrown = undefined;
      this._tell(Happened.terminate);
      throw thrown.error;
    }
  }

  /** Tells the core what happened and does what it says. Listeners run in here and may call anything again. */
  _tell(kind: number, generation = 0, code = 0, verdict = 0): void {
    const link = this._link;
    if (!link) return;
    const core = wasm<Core>();
    if (this._seen) {
      core.handle(link, this._seen, Happened.received, 0, 0, 0);
      this._seen = 0;
    }
    core.handle(link, now(), kind, generation, code, verdict);
    this._depth++;
    // One that fails, as a custom socket may, must not keep the others from being done and the alarm from being set.
    for (let todo: number; (todo = core.poll(link)); ) attempt(() => this._do(todo, core.operand(0), core.operand(1), core.operand(2)));
    if (--this._depth) return;
    if (this._state === State.closed) {
      this._attempts = core.attempt(link);
      core.destroy(link);
      this._link = 0;
      this._unlisten?.();
      this._alarm.set(Infinity);
    } else {
      this._alarm.set(core.next_wake(link));
    }
  }

  _do(todo: number, a: number, b: number, cause: number): void {
    if (todo === Todo.dial) {
      // A dial that replaces a dial is no change of state.
      this._lost(cause);
      this._dial(a);
    } else if (todo === Todo.closeSocket) {
      this._closeSocket();
    } else if (todo === Todo.detach) {
      this._abandon();
    } else if (todo === Todo.timeout) {
      this._abandon(errorEvent("TIMEOUT", new Error("TIMEOUT")));
    } else if (todo === Todo.ping) {
      this._ping();
    } else if (todo === Todo.state) {
      this._log("state", b);
      this._state = b;
      if (b === State.open) this._opened();
      else if (b !== State.closing) this._lost(cause);
    } else if (todo === Todo.retry) {
      this._log("retry", a, "in", b, "ms");
    }
  }

  _dial(generation: number): void {
    this._generation = generation;
    this._live = true;
    const failed = (error: unknown) => this._dialFailed(generation, error);
    provide(this._url as Provider<string | URL>, (url) => {
      provide(this._protocols as Provider<Protocols>, (protocols) => this._open(generation, url, protocols), failed);
    }, failed);
  }

  _open(generation: number, url: string | URL, protocols: Protocols): void {
    if (generation !== this._generation || this._state !== State.connecting) return;
    let socket: NativeSocket;
    try {
      if (typeof this._url === "function" && typeof url !== "string" && !(url instanceof URL)) {
        throw new TypeError("everwire: the url function must give a string or a URL");
      }
      const Native = socketClass(this._settings._given.WebSocket);
      socket = protocols == null ? new Native(url) : new Native(url, protocols);
    } catch (error) {
      this._dialFailed(generation, error);
      return;
    }
    this._log("connect", socket.url);
    own(socket, this._target);
    socket.binaryType = this._binaryType;
    this._host.attach(generation, socket);
    this._attached = true;
    this._tell(Happened.dialed);
  }

  _dialFailed(generation: number, error: unknown): void {
    if (this._synchronous) {
      this._live = false;
      this._thrown = { error };
      return;
    }
    // Later, because the caller of the constructor has no listeners yet.
    queueMicrotask(() => {
      if (generation !== this._generation || this._state !== State.connecting || !this._live) return;
      const failure = errorEvent(error instanceof Error ? error.message : String(error), error);
      this._end(closeEvent(1006, "", false), failure, Happened.dialFailed, generation);
    });
  }

  /** The socket or the dial has ended by itself: asks the user, then the core. */
  _end(close: CloseEvent, failure: Event | undefined, kind: number, generation: number): void {
    const stop = this._isUnwanted(close);
    if (generation !== this._generation) return;
    this._live = false;
    this._ending = { failure, close };
    this._tell(kind, generation, close.wasClean ? close.code : -close.code, stop ? 1 : 0);
  }

  /** The core gives up on the socket or the dial. */
  _abandon(failure?: Event): void {
    if (!this._live) return;
    this._live = this._attached = false;
    const [code, reason] = this._reconnecting ? this._goodbye : [];
    this._host.detach(code, reason);
    const close = this._reconnecting ? closeEvent(code ?? 1000, reason ?? "", true) : closeEvent(1006, "", false);
    this._ending = { failure, close };
    if (!this._reconnecting && this._isUnwanted(close)) this._tell(Happened.terminate);
  }

  _isUnwanted(close: CloseEvent): boolean {
    return attempt(() => this._settings._given.shouldReconnectOnClose?.(close)) === false;
  }

  /** Tells the listeners of an end, now that the core has decided what follows. */
  _lost(cause: number): void {
    const ending = this._ending;
    if (!ending) return;
    this._ending = undefined;
    const text = CAUSE_TEXT[cause];
    const failure = ending.failure ?? (text ? errorEvent(`everwire: ${text}`) : undefined);
    if (failure) this._target.dispatchEvent(failure);
    this._target.dispatchEvent(ending.close);
  }

  _closeSocket(): void {
    if (this._attached) {
      this._host.socket?.close(...this._goodbye);
      return;
    }
    const generation = this._generation;
    setTimeout(() => {
      if (this._state === State.closing) {
        this._end(closeEvent(1006, "", false), new Event("error"), Happened.socketClosed, generation);
      }
    });
  }

  _opened(): void {
    const socket = this._host.socket as NativeSocket;
    for (const data of this._drain()) {
      if (socket.readyState === 1) attempt(() => socket.send(data));
      else this._queue.push(data, byteLength(data));
    }
    this._target.dispatchEvent(new Event("open"));
  }

  _ping(): void {
    const message = this._settings._given.heartbeat?.message;
    const socket = this._host.socket;
    if (message === undefined || socket?.readyState !== 1) return;
    attempt(() => socket.send(typeof message === "function" ? message() : message));
  }

  /** `send` without an open socket. */
  _enqueue(data: unknown): boolean {
    const { _maxRetries, _maxMessages, _maxBytes } = this._settings;
    if (!_maxRetries && this._state !== State.idle) {
      if (!this._attached && this._state === State.connecting) throw failure("still in CONNECTING state", "InvalidStateError");
      this._host.socket?.send(data as Queued);
      return false;
    }
    if (this._queue.length >= _maxMessages) {
      if (!this._overflowed) {
        this._overflowed = true;
        this._target.dispatchEvent(errorEvent(`everwire: message dropped, the send queue is full (maxEnqueuedMessages ${_maxMessages})`));
      }
      return false;
    }
    const message = snapshot(data);
    const bytes = byteLength(message);
    if (this._queue.bytes + bytes > _maxBytes) {
      throw failure(`the send queue is full (maxEnqueuedBytes ${_maxBytes}); wait for open, or raise the limit`, "QuotaExceededError");
    }
    this._queue.push(message, bytes);
    return false;
  }

  _log(...values: unknown[]): void {
    const { debug, debugLogger } = this._settings._given;
    if (debug) attempt(() => (debugLogger ?? console.log)("RWS>", ...values));
  }
}
