// The socket, the timer and the signals of a client: what does not depend on what is sent.

import { CAUSES, ENDS, STATES } from "../client/core.js";
import { MAX_MS } from "../client/check.js";
import { EverwireError, caused } from "../client/error.js";
import { Emitter, guard } from "../client/events.js";
import { wait, type Wait } from "../client/handle.js";
import type { ConnectionState, EndReason, StateEvent } from "../client/types.js";
import { Alarm, now } from "../host/clock.js";
import { provide } from "../host/provider.js";
import { onSignal } from "../host/signals.js";
import { WorkerAlarm } from "../host/ticker.js";
import { Action, type Core, FAULTS, Loss, News, fill, readBytes, readText } from "./core.js";
import type { Received } from "./message.js";
import type { Settings } from "./options.js";
import { checkHeaders } from "./outgoing.js";
import type { SocketLike } from "./types.js";

const SOCKET_OPEN = 1;

export abstract class Host {
  readonly _settings: Settings;
  readonly _core: Core;
  readonly _id: number;
  readonly _emitter = new Emitter();
  _ended: EndReason = "user";
  /** The `ERROR` of the current connection. */
  _complaint: Received | undefined;
  protected _state: ConnectionState = "idle";
  protected _socket: SocketLike | undefined;
  protected _closing: Wait<void> | undefined;
  private readonly _alarm: { set(at: number): void; release?(): void };
  /** The dial that counts, 0 if it was given up. */
  protected _generation = 0;
  private _headers: readonly string[] = [];
  private _draining = false;
  private _event: { -readonly [K in keyof StateEvent]: StateEvent[K] } | undefined;
  private _lastReason = "";
  private _unsubscribeSignals: (() => void) | undefined;

  constructor(settings: Settings) {
    this._settings = settings;
    this._core = settings._core;
    this._id = settings._id;
    const ring = () => this._news(News.tick);
    this._alarm = settings._ticker ? new WorkerAlarm(ring) : new Alarm(ring);
    // Listeners that are added right after `connect` hear everything.
    queueMicrotask(() => {
      if (this._state === "idle") this._news(settings._signal?.aborted ? News.terminate : News.start);
    });
  }

  get state(): ConnectionState {
    return this._state;
  }

  reconnect(): void {
    if (this._settings._signal?.aborted) {
      this.terminate();
      return;
    }
    if (this._state === "closed") this._closing?._resolve();
    this._closing?._reject(new EverwireError("called-off", "reconnect() was called before the close was done: close() again to end"));
    this._closing = undefined;
    this._news(News.reconnect);
  }

  terminate(): void {
    this._news(News.terminate);
  }

  [Symbol.dispose](): void {
    this.terminate();
  }

  /** Does one thing that the core says about messages and subscriptions. */
  protected abstract _messageAction(action: number): void;
  /** Takes in a message of the socket. */
  protected abstract _frame(data: unknown, generation: number): void;
  /** Forgets what does not outlive the connection. */
  protected abstract _release(): void;

  _fail(error: EverwireError): void {
    this._emitter._queue("error", error);
    if (!this._draining) this._emitter._flush();
  }

  /** Resolves when the connection has closed. */
  protected _close(flush: boolean, deadline: number): Promise<void> {
    if (this._state === "closed") return Promise.resolve();
    this._closing ??= wait<void>();
    const { _promise } = this._closing;
    this._core.disconnect(this._id, now(), Number(flush), deadline);
    this._drain();
    return _promise;
  }

  private _news(kind: number, a = 0): void {
    this._core.tell(this._id, now(), kind, a);
    this._drain();
  }

  /** Does everything that the core wants done. */
  _drain(): void {
    if (this._draining) return;
    this._draining = true;
    const core = this._core;
    for (;;) {
      const socket = this._socket;
      // A closing socket would take the data and drop it.
      const buffered = !socket ? 0 : socket.readyState === SOCKET_OPEN ? (socket.bufferedAmount ?? 0) : 0xffffffff;
      const action = core.poll(this._id, now(), buffered);
      if (action === Action.none) break;
      if (action === Action.write) core.wrote(this._id, now(), Number(this._write()));
      else if (action < Action.write) this._linkAction(action);
      else this._messageAction(action);
    }
    this._draining = false;
    this._alarm.set(core.next_wake(this._id));
    this._emitter._flush();
  }

  private _write(): boolean {
    const core = this._core;
    const [at, length] = [core.get(0), core.get(1)];
    const socket = this._socket;
    if (socket?.readyState !== SOCKET_OPEN) return false;
    try {
      socket.send(core.get(2) ? readText(core, at, length) : readBytes(core, at, length).buffer);
    } catch {
      return false;
    }
    return true;
  }

  private _linkAction(action: number): void {
    const core = this._core;
    const first = core.get(0);
    switch (action) {
      case Action.dial: {
        const [endpoint, attempt] = [core.get(1), core.get(2)];
        this._generation = first;
        this._complaint = undefined;
        this._emitter._defer(() => this._dial(first, endpoint, attempt));
        break;
      }
      case Action.close:
        this._sayGoodbye(first);
        break;
      case Action.detach:
        this._abandon();
        break;
      case Action.fault: {
        const reason = core.get(1);
        this._abandon();
        this._generation = first;
        // An ERROR was told when it came.
        if (!this._complaint) this._emitter._queue("error", new EverwireError("protocol", FAULTS[reason]!));
        this._emitter._defer(() => this._lost(Loss.fault, first, 1006, false, this._complaint?.headers.message ?? FAULTS[reason]!));
        break;
      }
      case Action.state:
        this._changed();
        break;
      case Action.retry:
        this._planned(first, core.get(1));
        break;
      case Action.ended:
        this._ended = this._event!.ended = ENDS[first]!;
        this._unsubscribeSignals?.();
        this._unsubscribeSignals = undefined;
        this._release();
        // Until the listeners have run, the connection may be revived and closed anew.
        const closing = this._closing;
        this._emitter._defer(() => {
          if (this._state === "closed") this._alarm.release?.();
          closing?._resolve();
          if (this._closing === closing) this._closing = undefined;
        });
    }
  }

  private _changed(): void {
    const core = this._core;
    const from = this._state;
    const to = (this._state = STATES[core.get(1)]!);
    const cause = CAUSES[core.get(2)]!;
    this._event = { from, to, cause, attempt: core.get(5) };
    if (cause === "socket-closed") {
      Object.assign(this._event, { code: core.get(3), wasClean: core.get(4) === 1, reason: this._lastReason });
    }
    this._emitter._queue("state", this._event);
    if (this._unsubscribeSignals || to === "closed") return;
    const signal = this._settings._signal;
    const stop = onSignal((number) => this._news(number < 4 ? News.page : News.network, number & 3));
    const abort = () => this.terminate();
    signal?.addEventListener("abort", abort);
    this._unsubscribeSignals = () => {
      stop();
      signal?.removeEventListener("abort", abort);
    };
  }

  /** A wait follows the change to `waiting`; a later signal may plan it anew, which is told as an event of its own. */
  private _planned(attempt: number, delay: number): void {
    const event = this._event;
    if (event?.to === "waiting" && event.delay === undefined) {
      event.attempt = attempt;
      event.delay = delay;
    } else {
      this._event = { from: "waiting", to: "waiting", cause: "retry-due", attempt, delay };
      this._emitter._queue("state", this._event);
    }
  }

  private _dial(generation: number, endpoint: number, attempt: number): void {
    const current = () => generation === this._generation;
    const failed = (cause: unknown) => {
      if (!current()) return;
      this._emitter._queue("error", caused("dial", "no socket could be made", cause));
      this._lost(Loss.dial, generation, 1006, false, String(cause));
    };
    if (!current()) return;
    provide(() => this._settings._headers(attempt), (headers) => {
      if (!current()) return;
      provide(this._settings._dial(attempt, endpoint), (make) => {
        if (!current()) return;
        try {
          this._headers = checkHeaders(headers, "connectHeaders");
          this._attach(generation, make());
        } catch (error) {
          failed(error);
        }
      }, failed);
    }, failed);
  }

  private _attach(generation: number, socket: SocketLike): void {
    this._socket = socket;
    // Octets of a Blob would have to be waited for. A factory's WebSocket has them by default.
    socket.binaryType = "arraybuffer";
    // Many doubles have no addEventListener: only the properties are used.
    socket.onopen = () => this._opened(generation);
    socket.onmessage = ({ data }: { data: unknown }) => this._frame(data, generation);
    socket.onerror = () => {};
    socket.onclose = ({ code = 1006, wasClean = false, reason = "" }: Partial<CloseEvent> = {}) => {
      this._abandon(false);
      this._generation = generation;
      this._lost(Loss.socket, generation, code, wasClean, reason);
    };
    if (socket.readyState === SOCKET_OPEN) this._opened(generation);
  }

  private _opened(generation: number): void {
    const core = this._core;
    fill(core, this._headers);
    const written = core.opened(this._id, now(), generation);
    if (!written) {
      this._abandon();
      this._generation = generation;
      this._emitter._queue("error", new EverwireError("encode", "a connect header cannot be written: remove line feeds and NUL"));
      this._lost(Loss.dial, generation, 1006, false, "");
      return;
    }
    this._drain();
  }

  private _lost(kind: number, generation: number, code: number, wasClean: boolean, reason: string): void {
    this._lastReason = reason;
    const { _retryOn } = this._settings;
    const error = this._complaint;
    const answer = this._state === "closing" ? undefined : guard(() => _retryOn?.({ code, reason, wasClean, error }));
    const verdict = typeof answer === "number" && answer >= 0 ? 2 + Math.min(answer, MAX_MS) : answer === true ? 1 : answer === false ? -1 : 0;
    this._core.lost(this._id, now(), generation, kind, code, Number(wasClean), verdict);
    this._drain();
  }

  private _sayGoodbye(generation: number): void {
    if (this._socket) {
      this._socket.close(1000);
      return;
    }
    // A provider is still being asked: there is nobody to say goodbye to.
    this._generation = 0;
    this._emitter._defer(() => this._lost(Loss.dial, generation, 1006, false, ""));
  }

  /** Takes the handlers off, then closes in the background, whose outcome nobody awaits. */
  private _abandon(close = true): void {
    this._generation = 0;
    const socket = this._socket;
    this._socket = undefined;
    if (!socket) return;
    const ignore = () => {};
    socket.onopen = socket.onmessage = socket.onclose = ignore;
    // `ws` on Node reports an aborted handshake as an error event, which throws if nobody listens.
    socket.onerror = ignore;
    if (!close) return;
    try {
      socket.close();
    } catch {
      // A double may refuse to close twice; it is abandoned either way.
    }
  }
}
