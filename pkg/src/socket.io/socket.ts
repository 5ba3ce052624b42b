// A namespace's side of the connection: events, acknowledgements, buffers. The collections are plain members, because users
// of socket.io-client look into them and empty them.
import { Emitter, call, deliver, remove, report, tie, untie, type Listener, type ListenerOptions } from "./emitter.js";
import type { Manager } from "./manager.js";
import { checkOptions } from "./options.js";
import { PacketType, RESERVED, type Packet } from "./packet.js";
import { RetryQueue, type QueuedPacket } from "./retry.js";

/** Most events that may arrive before the server's CONNECT. */
const MAX_RECEIVE_BUFFER = 10_000;
const MAX_PENDING_ACKS = 100_000;
const V2_SERVER = "It seems you are trying to reach a Socket.IO server in v2.x with a v3.x client, but they are not compatible (more information here: https://socket.io/docs/v3/migrating-from-2-x-to-3-0/)";

/** What `volatile`, `compress()`, `timeout()` and `signal()` set for the next emit. */
export interface Flags {
  compress?: boolean;
  volatile?: boolean;
  timeout?: number;
  signal?: AbortSignal;
  fromQueue?: boolean;
}

const NO_FLAGS: Flags = Object.freeze({});
const COMPRESSED = Object.freeze({ compress: true });
const UNCOMPRESSED = Object.freeze({ compress: false });

/** A callback for an answer. */
export interface Ack extends Listener {
  /** Whether the first argument is an error or null. */
  withError?: boolean;
  /** Ends the timer and the abort listener. */
  _release?: () => void;
}

/** A bound of this client was reached. */
export class LimitError extends Error {
  constructor(readonly code: "SEND_BUFFER_FULL" | "TOO_MANY_ACKS", message: string) {
    super(message);
  }
}

/** How the latest connection relates to the one before. */
export interface Recovery {
  recovered: boolean;
  reason: "first-connection" | "recovered" | "not-supported" | "no-offset" | "expired";
}

export class Socket extends Emitter {
  io: Manager;
  nsp: string;
  declare auth: unknown;
  id: string | undefined;
  connected = false;
  recovered = false;
  recovery: Recovery | undefined;
  receiveBuffer: any[] = [];
  sendBuffer: Packet[] = [];
  acks: Record<string, Ack> = Object.create(null);
  ids = 0;
  flags: Flags = NO_FLAGS;
  /** Set while the socket takes part in the manager's events. */
  subs: true | undefined;
  _opts: any;
  _queueSeq = 0;
  _pid: string | undefined;
  _lastOffset: string | undefined;
  _anyListeners: Listener[] | undefined;
  _anyOutgoingListeners: Listener[] | undefined;
  _retries: RetryQueue;

  #pendingAcks = 0;
  #redial: any;

  constructor(io: Manager, nsp: string, opts?: any) {
    super();
    checkOptions(opts);
    this.io = io;
    this.nsp = nsp;
    if (opts?.auth) this.auth = opts.auth;
    this._opts = { ...opts };
    this._retries = new RetryQueue(this);
    if (io._autoConnect) this.open();
  }

  get _queue(): QueuedPacket[] {
    return this._retries._packets;
  }

  set _queue(packets: QueuedPacket[]) {
    this._retries._packets = packets;
  }

  get disconnected(): boolean {
    return !this.connected;
  }

  get active(): boolean {
    return !!this.subs;
  }

  connect(): this {
    this.io.clearTimeoutFn(this.#redial);
    if (this.connected) return this;
    const { io } = this;
    if (!this.subs) {
      this.subs = true;
      io._sockets = [...io._sockets, this];
    }
    if (!io._reconnecting) io.open();
    if (io._readyState === "open") this.onopen();
    return this;
  }

  open(): this {
    return this.connect();
  }

  send(...args: any[]): this {
    return this.emit("message", ...args);
  }

  override emit(...args: any[]): this {
    const { flags } = this;
    // Cleared first: they are for this emit even if it throws.
    this.flags = NO_FLAGS;
    if (RESERVED.has(args[0])) throw new Error(`"${args[0]}" is a reserved event name`);
    if (this._opts.retries && !flags.volatile) this._retries._add(args, flags);
    else this._emit(args, flags);
    return this;
  }

  /** Sends or buffers an event past the retry queue. */
  _emit(args: any[], flags: Flags): void {
    const last = args[args.length - 1];
    const options = flags.compress === false ? UNCOMPRESSED : COMPRESSED;
    let packet: Packet;
    if (typeof last === "function") {
      const id = this.ids++;
      args.pop();
      packet = { type: PacketType.event, nsp: this.nsp, data: args, options, id };
      this.#expectAck(id, last, flags);
    } else {
      packet = { type: PacketType.event, nsp: this.nsp, data: args, options };
    }
    const { engine } = this.io;
    try {
      // Asked in any case: it closes an engine whose heartbeat is overdue.
      const isConnected = this.connected && !engine?._hasPingExpired();
      if (flags.volatile && !engine?.transport?.writable) return;
      if (isConnected) {
        this.notifyOutgoingListeners(packet);
        this.io._packet(packet);
      } else {
        this.#buffer(packet);
      }
    } catch (error) {
      if (packet.id !== undefined) this.#forgetAck(packet.id);
      throw error;
    }
  }

  emitWithAck(...args: any[]): Promise<any> {
    return new Promise((resolve, reject) => {
      const ack: Ack = (error, value) => (error ? reject(error) : resolve(value));
      ack.withError = true;
      this.emit(...args, ack);
    });
  }

  #buffer(packet: Packet): void {
    const { maxBufferedPackets: limit, bufferOverflow } = this._opts;
    if (this.sendBuffer.length >= limit) {
      if (bufferOverflow === "drop-oldest") {
        const dropped = this.sendBuffer.shift() as Packet;
        this.#failAck(dropped.id, new LimitError("SEND_BUFFER_FULL", `dropped from the send buffer, which is limited to ${limit} packets`));
      } else {
        throw new LimitError("SEND_BUFFER_FULL", `the send buffer is limited to ${limit} packets: wait for the connection or raise maxBufferedPackets`);
      }
    }
    this.sendBuffer.push(packet);
  }

  #expectAck(id: number, ack: Ack, flags: Flags): void {
    const limit = this._opts.maxPendingAcks ?? MAX_PENDING_ACKS;
    const { signal } = flags;
    signal?.throwIfAborted();
    if (this.#pendingAcks >= limit) {
      throw new LimitError("TOO_MANY_ACKS", `${limit} acknowledgements are pending: use timeout() so that they end, or raise maxPendingAcks`);
    }
    this.#pendingAcks++;
    const timeout = flags.timeout ?? this._opts.ackTimeout;
    if (timeout === undefined && !signal) {
      this.acks[id] = ack;
      return;
    }
    const fail = (error: unknown) => {
      this.#forgetAck(id);
      const at = this.sendBuffer.findIndex((packet) => packet.id === id);
      if (at >= 0) this.sendBuffer.splice(at, 1);
      ack.call(this, error);
    };
    const timer = timeout === undefined ? undefined : this.io.setTimeoutFn(() => fail(new Error("operation has timed out")), timeout);
    const aborted = () => fail(signal?.reason);
    const pending: Ack = (...args) => ack.apply(this, args);
    pending.withError = true;
    pending._release = () => {
      this.io.clearTimeoutFn(timer);
      signal?.removeEventListener("abort", aborted);
    };
    this.acks[id] = pending;
    signal?.addEventListener("abort", aborted);
  }

  /** Takes an ack out of the pending ones. */
  #forgetAck(id: number | string): Ack | undefined {
    const ack = this.acks[id];
    if (ack === undefined) return undefined;
    delete this.acks[id];
    this.#pendingAcks = Math.max(this.#pendingAcks - 1, 0);
    ack._release?.();
    return ack;
  }

  /** Ends an ack with an error, if it can take one. */
  #failAck(id: number | string | undefined, error: unknown): boolean {
    const ack = id === undefined ? undefined : this.#forgetAck(id);
    if (!ack?.withError) return false;
    ack.call(this, error);
    return true;
  }

  packet(packet: Packet): void {
    packet.nsp = this.nsp;
    this.io._packet(packet);
  }

  onopen(): void {
    const { auth } = this;
    let answered = false;
    const answer = (data: any) => {
      answered = true;
      this._sendConnectPacket(data);
    };
    const given: any = typeof auth === "function" ? auth(answer) : auth;
    if (typeof given?.then === "function") {
      const { engine } = this.io;
      // An async function that calls back resolves with undefined. A rejection stays one that nobody handles.
      given.then((data: any) => {
        if (data && !answered && this.subs && !this.connected && engine === this.io.engine && engine.readyState === "open") answer(data);
      });
    } else if (typeof auth !== "function") {
      answer(auth);
    }
  }

  _sendConnectPacket(data: any): void {
    this.packet({ type: PacketType.connect, nsp: this.nsp, data: this._pid ? { pid: this._pid, offset: this._lastOffset, ...data } : data });
  }

  onerror(error: unknown): void {
    if (!this.connected) this.emitReserved("connect_error", error);
  }

  onclose(reason: string, details?: unknown): void {
    this.connected = false;
    this.id = undefined;
    this.emitReserved("disconnect", reason, details);
    const buffered = new Set(this.sendBuffer.map((packet) => String(packet.id)));
    for (const id of Object.keys(this.acks)) {
      if (!buffered.has(id)) this.#failAck(id, new Error("socket has been disconnected"));
    }
  }

  onpacket(packet: Packet): void {
    if (packet.nsp !== this.nsp) return;
    switch (packet.type) {
      case PacketType.event:
      case PacketType.binaryEvent:
        this.onevent(packet);
        break;
      case PacketType.ack:
      case PacketType.binaryAck:
        this.onack(packet);
        break;
      case PacketType.connect:
        if (packet.data?.sid) this.onconnect(packet.data.sid, packet.data.pid);
        else this.emitReserved("connect_error", new Error(V2_SERVER));
        break;
      case PacketType.disconnect:
        this.ondisconnect();
        break;
      case PacketType.connectError: {
        this.destroy();
        const error = Object.assign(new Error(packet.data?.message ?? ""), { data: packet.data?.data });
        this.emitReserved("connect_error", error);
        this.#redialAfter("connect_error", error);
      }
    }
  }

  onevent(packet: Packet): void {
    const args = packet.data || [];
    if (packet.id !== undefined && packet.id !== null) args.push(this.ack(packet.id));
    if (this.connected) {
      this.emitEvent(args);
    } else if (this.receiveBuffer.length < MAX_RECEIVE_BUFFER) {
      this.receiveBuffer.push(Object.freeze(args));
    } else {
      this.io.onclose("parse error", new Error(`more than ${MAX_RECEIVE_BUFFER} events before the namespace was joined`));
    }
  }

  emitEvent(args: readonly any[]): void {
    if (this._anyListeners?.length) call(this, this._anyListeners, args);
    const event = args[0];
    const listeners = this._callbacks.get(typeof event === "string" ? event : String(event));
    if (listeners) deliver(this, listeners, args);
    if (this._pid && typeof args[args.length - 1] === "string") this._lastOffset = args[args.length - 1];
  }

  ack(id: number): (...args: any[]) => void {
    const { engine } = this.io;
    let sent = false;
    return (...args) => {
      if (sent) return;
      sent = true;
      // On another connection the number belongs to another question.
      if (this.connected && engine === this.io.engine) this.packet({ type: PacketType.ack, nsp: this.nsp, id, data: args });
    };
  }

  onack(packet: Packet): void {
    const ack = this.#forgetAck(packet.id as number);
    if (typeof ack !== "function") return;
    const args = packet.data || [];
    if (ack.withError) args.unshift(null);
    ack.apply(this, args);
  }

  onconnect(id: string, pid?: string): void {
    const reason = !this.recovery ? "first-connection" : !pid ? "not-supported" : this._pid === pid ? "recovered" : this._lastOffset === undefined ? "no-offset" : "expired";
    this.id = id;
    this.recovered = !!pid && this._pid === pid;
    this.recovery = { recovered: this.recovered, reason };
    this._pid = pid;
    this.connected = true;
    this.emitBuffered();
    this._retries._drain(true);
    this.emitReserved("connect");
  }

  emitBuffered(): void {
    for (const args of this.receiveBuffer.splice(0)) this.emitEvent(args);
    for (const packet of this.sendBuffer.splice(0)) {
      try {
        this.notifyOutgoingListeners(packet);
        this.packet(packet);
      } catch (error) {
        // Too long for this server, or not to be encoded: the packets behind it shall go all the same.
        if (!this.#failAck(packet.id, error)) report(error);
      }
    }
  }

  ondisconnect(): void {
    this.destroy();
    this.onclose("io server disconnect");
    this.#redialAfter("io server disconnect");
  }

  /** Asks the option `redial` whether to join again after the server has sent us away. */
  #redialAfter(reason: "io server disconnect" | "connect_error", error?: Error): void {
    const { redial } = this._opts;
    const { io } = this;
    let delay = typeof redial === "function" ? redial(reason, error) : redial;
    if (delay === true) delay = io.backoff.duration();
    if (typeof delay !== "number" || this.subs) return;
    io.clearTimeoutFn(this.#redial);
    this.#redial = io.setTimeoutFn(() => this.connect(), delay);
  }

  destroy(): void {
    if (this.subs) {
      this.subs = undefined;
      this.io._sockets = this.io._sockets.filter((socket) => socket !== this);
    }
    this.io._destroy(this);
  }

  disconnect(): this {
    this.io.clearTimeoutFn(this.#redial);
    if (this.connected) this.packet({ type: PacketType.disconnect, nsp: this.nsp });
    this.destroy();
    if (this.connected) this.onclose("io client disconnect");
    return this;
  }

  close(): this {
    return this.disconnect();
  }

  compress(compress: boolean): this {
    return this.#flag({ compress });
  }

  get volatile(): this {
    return this.#flag({ volatile: true });
  }

  timeout(timeout: number): this {
    return this.#flag({ timeout });
  }

  /** Gives the next emit's acknowledgement up when aborted, with the signal's reason as error. */
  signal(signal: AbortSignal): this {
    return this.#flag({ signal });
  }

  #flag(flags: Flags): this {
    this.flags = { ...this.flags, ...flags };
    return this;
  }

  onAny(listener: Listener, options?: ListenerOptions): this {
    return this.#any("_anyListeners", "push", listener, options);
  }

  prependAny(listener: Listener, options?: ListenerOptions): this {
    return this.#any("_anyListeners", "unshift", listener, options);
  }

  offAny(listener?: Listener): this {
    return this.#offAny("_anyListeners", listener);
  }

  listenersAny(): Listener[] {
    return this._anyListeners ?? [];
  }

  onAnyOutgoing(listener: Listener, options?: ListenerOptions): this {
    return this.#any("_anyOutgoingListeners", "push", listener, options);
  }

  prependAnyOutgoing(listener: Listener, options?: ListenerOptions): this {
    return this.#any("_anyOutgoingListeners", "unshift", listener, options);
  }

  offAnyOutgoing(listener?: Listener): this {
    return this.#offAny("_anyOutgoingListeners", listener);
  }

  listenersAnyOutgoing(): Listener[] {
    return this._anyOutgoingListeners ?? [];
  }

  #any(list: "_anyListeners" | "_anyOutgoingListeners", add: "push" | "unshift", listener: Listener, options?: ListenerOptions): this {
    const signal = options?.signal as AbortSignal | undefined;
    if (signal?.aborted) return this;
    (this[list] ??= [])[add](signal ? tie(listener, signal, (own) => this.#offAny(list, own)) : listener);
    return this;
  }

  #offAny(list: "_anyListeners" | "_anyOutgoingListeners", listener?: Listener): this {
    const listeners = this[list];
    if (listeners && listener) {
      remove(listeners, listener);
    } else if (listeners) {
      listeners.forEach(untie);
      this[list] = [];
    }
    return this;
  }

  notifyOutgoingListeners(packet: Packet): void {
    if (this._anyOutgoingListeners?.length) call(this, this._anyOutgoingListeners, packet.data);
  }
}
