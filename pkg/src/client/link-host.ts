// The host of a link: owner of the socket and the one timer. It does what the core says about dialling, closing and
// waiting, and tells the listeners afterwards.
//
// Every entry point has the same shape: call the core, then `_drain()`: poll until there is nothing left to do, arm the
// timer, run user code. User code therefore never runs inside a call of the core and may call anything.

import { owned } from "../codecs/raw.js";
import type { Encoded } from "../codecs/types.js";
import { utf8Length } from "../codecs/utf8.js";
import { Alarm, now } from "../host/clock.js";
import { WorkerAlarm } from "../host/ticker.js";
import { provide } from "../host/provider.js";
import { onSignal } from "../host/signals.js";
import { SocketHost, type NativeSocket } from "../host/socket.js";
import { MAX_MS, invalid } from "./check.js";
import { Action, CAUSES, type Core, ENDS, Input, STATES } from "./core.js";
import { EverwireError, caused } from "./error.js";
import { Emitter, guard, report } from "./events.js";
import type { Wait } from "./handle.js";
import { Handshake } from "./handshake.js";
import type { Settings } from "./options.js";
import type { Socket as SockJS } from "../sockjs/types.js";
import type { Carrier } from "./transport.js";
import type { ConnectionState, EndReason, StateEvent } from "./types.js";

const SOCKET_OPEN = 1;
/** `verdict` of an input: none, retry, stop, and what is added to a delay. */
const enum Verdict { none = 0, retry = 1, stop = -1, delay = 2 }

/** Bytes of a frame. */
export function sizeOf(data: string | ArrayBuffer | Uint8Array): number {
  return typeof data === "string" ? utf8Length(data) : data.byteLength;
}

/** What does not depend on what is sent. */
export abstract class LinkHost {
  readonly _settings: Settings;
  readonly _core: Core;
  readonly _id: number;
  /** Why the connection ended, once it has. */
  _ended: EndReason = "user";
  _received = 0;
  _bytesSent = 0;
  _bytesReceived = 0;
  readonly _emitter = new Emitter();
  readonly _host = new SocketHost({
    opened: (generation) => {
      this._carried = true;
      this._shake(generation);
    },
    message: (event) => {
      const { data } = event;
      this._heard = (this._settings._stamped && event.timeStamp) || now();
      this._received++;
      this._bytesReceived += sizeOf(data);
      this._frame(data);
    },
    // The close event that follows says all there is to know.
    failed: () => {},
    closed: (generation, event) => {
      if (!this._carried && this._fallBack(generation)) return;
      this._lastReason = event.reason;
      // SockJS says 1002 also where nobody answered or a proxy cut in, which is worth a retry.
      const code = event.code === 1002 && this._carrier._name === "sockjs" ? 1006 : event.code;
      this._input(Input.closed, generation, code, event.wasClean, this._verdict(event));
    },
  });
  protected _state: ConnectionState = "idle";
  protected _goodbye: [code: number, reason: string] = [1000, ""];
  protected _closing: Wait<void> | undefined;
  private readonly _alarm: { set(at: number): void; release?(): void };
  protected _draining = false;
  /** What the core answers to `bypass`, until it may answer otherwise. */
  protected _room: number | undefined;
  /** The message that is being sent, while its bytes are still the caller's. */
  protected _borrower: { _data: Encoded; readonly _result: unknown } | undefined;
  /** What the core was told last. */
  private _latest: number = Input.start;
  /** When the last message came, if the core was not told yet. */
  private _heard = 0;
  /** The dial that counts, 0 if it was given up. */
  private _generation = 0;
  /** The dial that the host's socket belongs to. */
  private _attached = 0;
  private _endpoint = 0;
  /** The transport of the current dial, where the next dial begins, and whether the current one has opened. */
  private _at = 0;
  private _from = 0;
  private _carried = false;
  private _url = "";
  /** The handshake of the current dial, while it runs. */
  _handshake: Handshake | undefined;
  /** The last state event, completed by what the core says next. */
  private _event: { -readonly [K in keyof StateEvent]: StateEvent[K] } | undefined;
  private _lastReason = "";
  private _unsubscribe: (() => void) | undefined;

  constructor(settings: Settings) {
    this._settings = settings;
    this._core = settings._core;
    this._id = settings._id;
    const ring = () => this._input(Input.tick);
    this._alarm = settings._ticker ? new WorkerAlarm(ring) : new Alarm(ring);
    // Listeners that are added right after `connect` hear everything.
    queueMicrotask(() => {
      if (this._state === "idle") this._input(settings._signal?.aborted ? Input.terminate : Input.start);
    });
  }

  get state(): ConnectionState {
    return this._state;
  }

  get url(): string {
    return this._url;
  }

  get protocol(): string {
    return this._state === "open" ? this._host.socket!.protocol : "";
  }

  get transport(): string | undefined {
    if (this._state !== "open") return undefined;
    const { _name } = this._carrier;
    return _name === "sockjs" ? `sockjs/${(this._host.socket as unknown as SockJS).transport}` : _name;
  }

  private get _carrier(): Carrier {
    return this._settings._carriers[this._at]!;
  }

  reconnect(): void {
    this._from = 0;
    if (this._settings._signal?.aborted) {
      this.terminate();
      return;
    }
    if (this._state === "closed") this._closing?._resolve();
    this._closing?._reject(new EverwireError("called-off", "reconnect() was called before the close was done: close() again to end"));
    this._closing = undefined;
    this._input(Input.reconnect);
  }

  terminate(): void {
    this._input(Input.terminate);
  }

  [Symbol.dispose](): void {
    this.terminate();
  }

  /** Does one thing that the core says about messages; returns the bytes that the socket took. */
  protected abstract _messageAction(action: number, at: number): number;

  /** Forgets what does not outlive the connection. */
  protected abstract _release(): void;

  /** Takes a received frame. */
  protected abstract _frame(data: string | ArrayBuffer): void;

  /** An answer to a ping: only this needs the core at once, as it measures the round trip. */
  _pong(): void {
    this._heard = 0;
    this._input(Input.received, 1);
  }

  /** Tells the `error` listeners. */
  _fail(error: EverwireError): void {
    this._emitter._queue("error", error);
    this._tell();
  }

  /** Runs the listeners, unless the core still has something to do, which comes first. */
  _tell(): void {
    if (!this._draining) this._emitter._flush();
  }

  /** Tells the core what happened and does what follows from it. */
  private _input(kind: number, a = 0, code = 0, clean = false, verdict: number = Verdict.none): void {
    this._tellHeard();
    const at = now();
    this._latest = kind;
    this._core.input(this._id, at, kind, a, code, Number(clean), verdict);
    this._drain(at);
  }

  /** Messages need not enter the core one by one: it learns of the last one before anything that depends on it. */
  _tellHeard(): void {
    if (!this._heard) return;
    this._core.input(this._id, this._heard, Input.received, 0, 0, 0, Verdict.none);
    this._heard = 0;
  }

  /** Does everything that the core wants done. */
  _drain(at = now()): void {
    if (this._draining) return;
    this._draining = true;
    let buffered = this._host.socket?.bufferedAmount ?? 0;
    for (let action; (action = this._core.poll(this._id, at, buffered)) !== Action.none; ) {
      // A message's status comes in the bits above the action.
      if (action >= Action.write) buffered += this._messageAction(action, at);
      else this._linkAction(action);
    }
    this._draining = false;
    this._room = undefined;
    const borrower = this._borrower;
    if (borrower) {
      this._borrower = undefined;
      if (!borrower._result) borrower._data = owned(borrower._data);
    }
    this._alarm.set(this._core.next_wake(this._id));
    this._emitter._flush();
  }

  /** Whether the socket took the frame; undefined if it is not open. */
  _transmit(data: Encoded, size: number): boolean | undefined {
    const socket = this._host.socket;
    // A closing socket would take the data and drop it.
    if (socket?.readyState !== SOCKET_OPEN) return undefined;
    try {
      socket.send(data as string);
    } catch {
      return false;
    }
    this._bytesSent += size;
    return true;
  }

  private _linkAction(action: number): void {
    const core = this._core;
    const first = core.get(0);
    switch (action) {
      case Action.dial: {
        const endpoint = core.get(1);
        this._generation = first;
        this._endHandshake();
        this._endpoint = endpoint;
        this._at = this._from;
        this._emitter._defer(() => this._dial(first));
        break;
      }
      case Action.close:
        this._sayGoodbye();
        break;
      case Action.detach:
        this._generation = 0;
        // A transport that hangs is not waited for again, unless all the others fail.
        if (this._attached && !this._carried && this._latest === Input.tick) {
          this._from = (this._at + 1) % this._settings._carriers.length;
        }
        // Connecting, only the timer and the user abandon a socket.
        if (this._handshake && this._latest === Input.tick) {
          this._fail(new EverwireError(
            "handshake",
            "the handshake took longer than reconnect.connectTimeout allows",
          ));
        }
        this._endHandshake();
        this._host.detach();
        break;
      case Action.ping:
        this._emitter._defer(() => this._ping(first));
        break;
      case Action.state:
        this._changed();
        break;
      case Action.retry:
        this._planned(first, core.get(1));
        break;
      case Action.ended:
        this._ended = this._event!.ended = ENDS[first]!;
        this._unsubscribe?.();
        this._unsubscribe = undefined;
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
    if (to === "open") this._event.transport = this.transport!;
    this._emitter._queue("state", this._event);
    this._endHandshake(to === "open");
    if (this._unsubscribe || to === "closed") return;
    const signal = this._settings._signal;
    const stop = onSignal((number) => this._input(number < 4 ? Input.page : Input.network, number & 3));
    const abort = () => this.terminate();
    signal?.addEventListener("abort", abort);
    this._unsubscribe = () => {
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

  private _dial(generation: number): void {
    const { _urls, _protocols } = this._settings;
    const { _url, _address, _make } = this._carrier;
    const at = this._at;
    const current = () => generation === this._generation && at === this._at;
    const failed = (cause: unknown) => {
      if (!current()) return;
      this._fail(caused("dial", "no socket could be made", cause));
      this._input(Input.dialFailed, generation);
    };
    const unmade = (cause: unknown) => {
      if (current() && !this._fallBack(generation)) failed(cause);
    };
    if (!current()) return;
    this._attached = 0;
    this._carried = false;
    provide(_url ?? _urls[this._endpoint]!, (url) => {
      if (!current()) return;
      provide(_protocols, (protocols) => {
        if (!current()) return;
        provide(_make, (make) => {
          if (!current()) return;
          let socket: NativeSocket;
          try {
            if (typeof url !== "string" && !(url instanceof URL)) invalid("url", "a string or a URL", url);
            this._url = _address(String(url));
            socket = make(this._url, typeof protocols === "string" ? [protocols] : [...(protocols ?? [])]);
            socket.binaryType = "arraybuffer";
          } catch (error) {
            unmade(error);
            return;
          }
          this._attached = generation;
          this._host.attach(generation, socket);
          // SockJS shows the server's heartbeats, which are signs of life.
          socket.addEventListener("heartbeat", () => {
            if (current()) this._heard = now();
          });
        }, unmade);
      }, failed);
    }, failed);
  }

  /** The transport could not be opened: tries the next one within the same dial. False if there is none. */
  private _fallBack(generation: number): boolean {
    if (this._state !== "connecting" || generation !== this._generation) return false;
    if (!this._settings._carriers[this._at + 1]) {
      this._from = 0;
      return false;
    }
    this._at++;
    this._dial(generation);
    return true;
  }

  /** The socket opened: the link is open once the application's own handshake is done. */
  private _shake(generation: number): void {
    const { _handshake } = this._settings;
    if (!_handshake || this._state !== "connecting") {
      this._input(Input.opened, generation);
      return;
    }
    const handshake = (this._handshake = new Handshake(this, this._event!.attempt, this._host.socket!.protocol));
    const current = () => handshake === this._handshake && generation === this._generation;
    provide(() => _handshake(handshake), () => {
      if (current()) this._input(Input.opened, generation);
    }, (cause) => {
      if (!current()) return;
      this._endHandshake();
      this._host.detach();
      this._fail(caused("handshake", "the handshake failed", cause));
      this._input(Input.dialFailed, generation);
    });
  }

  private _endHandshake(done = false): void {
    this._handshake?._end(done);
    this._handshake = undefined;
  }

  private _sayGoodbye(): void {
    const generation = this._generation;
    if (this._attached === generation) {
      this._host.socket!.close(...this._goodbye);
      return;
    }
    // A provider is still being asked: there is nobody to say goodbye to.
    this._generation = 0;
    this._emitter._defer(() => this._input(Input.closed, generation, 1006));
  }

  private _ping(generation: number): void {
    const { _ping, _codec } = this._settings;
    const data = generation === this._generation ? guard(() => _codec.encode(_ping!())) : undefined;
    if (data === undefined) return;
    if (typeof data === "string" || !("then" in data)) this._transmit(data, sizeOf(data));
    else report(new EverwireError("encode", "heartbeat.ping must make a message that is encoded at once, not a Blob"));
  }

  private _verdict({ code, reason, wasClean }: CloseEvent): number {
    const { _retryOn } = this._settings;
    const answer = this._state === "closing" ? undefined : guard(() => _retryOn?.({ code, reason, wasClean }));
    if (typeof answer === "number") return answer >= 0 ? Verdict.delay + Math.min(answer, MAX_MS) : Verdict.none;
    return answer === true ? Verdict.retry : answer === false ? Verdict.stop : Verdict.none;
  }
}
