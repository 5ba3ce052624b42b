// One Engine.IO connection as socket.io-client shows it at `manager.engine`. The core's session decides what is opened,
// probed, awaited and given up; this object carries it out on the transports and keeps what users look into.
//
// Two shortcuts keep messages fast while nobody listens in between: what a WebSocket brings goes straight to the manager,
// and what it is given does not wait in `writeBuffer`.
import { Happened, PACKET_TYPES, REASONS, Todo, core } from "./core.js";
import { Emitter, soon } from "./emitter.js";
import { watchPage } from "./page.js";
import { PayloadTooLargeError, encodedLength } from "./payload.js";
import { XHR } from "./polling.js";
import { Transport, asBinary, installTimers, type EnginePacket, type Timers } from "./transport.js";
import { locate, pairs } from "./url.js";
import { WS, WT } from "./websocket.js";

const BUILT_IN: Record<string, new (opts: any) => Transport> = { polling: XHR, websocket: WS, webtransport: WT };
/** Longest session id; it becomes part of addresses. */
const MAX_SID = 1_024;
/** A timer that is set to more rings at once. */
const MAX_TIMER = 2 ** 31 - 1;
const POLLING = 1;
const STREAM = 2;

/** Takes a message of the layer above, of which a text begins at `from`; false if it has to go the general way. */
export type Receiver = (data: any, from: number) => boolean;

export class Engine extends Emitter implements Timers {
  static protocol = 4;
  /** Whether the latest WebSocket worked, for `rememberUpgrade`. */
  static priorWebsocketSuccess = false;

  declare setTimeoutFn: Timers["setTimeoutFn"];
  declare clearTimeoutFn: Timers["clearTimeoutFn"];
  id: string | null | undefined;
  transport!: Transport;
  binaryType = "arraybuffer";
  readyState: "opening" | "open" | "closing" | "closed" | undefined;
  writeBuffer: EnginePacket[] = [];
  upgrading = false;
  opts: any;
  secure: boolean;
  hostname: string;
  port: string | number;
  transports: string[];
  /** When the connection counts as dead unless a ping comes, as `Date.now()`; 0 after it was noticed. */
  _pingTimeoutTime = Infinity;
  _transportsByName: Record<string, new (opts: any) => Transport> = BUILT_IN;
  /** Where messages go; set by the manager together with its listener for `data`. */
  _receiver: Receiver | undefined;
  _dataListener: unknown;

  #handle = 0;
  #current = 0;
  /** The first transports that were not opened yet. */
  #names: string[];
  #probe: { number: number; transport: Transport; error?: Error } | undefined;
  #polling = false;
  #maxPayload = Infinity;
  /** How long the connection lives without a ping, in milliseconds. */
  #silence = 0;
  #inFlight = 0;
  /** The transport that was written to in this turn, past the queue. */
  #settling: Transport | undefined;
  #constructing = true;
  #tapped = false;
  #error: unknown;
  #timer: any;
  #wake = Infinity;
  #release: (() => void) | undefined;

  constructor(uri?: string | object | null, opts: any = {}) {
    super();
    if (uri && typeof uri === "object") [opts, uri] = [uri, null];
    installTimers(this, opts);
    ({ secure: this.secure, hostname: this.hostname, port: this.port } = locate(uri as string | undefined, opts));
    const { transports, transportImplementations } = opts;
    if (transports && transportImplementations) {
      throw new Error("specifying both 'transportImplementations' and 'transports' options is not supported");
    }
    if (typeof transports === "string") throw new TypeError(`transports must be a list, such as ["websocket"], not "${transports}"`);
    const classes = transportImplementations ?? (typeof transports?.[0] === "function" ? transports : undefined);
    if (classes) this._transportsByName = Object.fromEntries(classes.map((each: any) => [each.prototype.name, each]));
    this.transports = classes ? classes.map((each: any) => each.prototype.name) : [...(transports ?? Object.keys(BUILT_IN))];

    this.opts = {
      path: "/engine.io", agent: false, withCredentials: false, upgrade: true, timestampParam: "t", rememberUpgrade: false,
      addTrailingSlash: true, rejectUnauthorized: true, perMessageDeflate: { threshold: 1024 }, transportOptions: {},
      closeOnBeforeunload: false, ...opts,
    };
    this.opts.path = this.opts.path.replace(/\/$/, "") + (this.opts.addTrailingSlash ? "/" : "");
    if (typeof this.opts.query === "string") this.opts.query = pairs(this.opts.query);

    this.#names = [...this.transports];
    if (!this.#names.length) {
      this.setTimeoutFn(() => this.emitReserved("error", "No transports available"), 0);
      return;
    }
    if (this.opts.rememberUpgrade && Engine.priorWebsocketSuccess && this.#names.includes("websocket")) {
      this.#names = ["websocket", ...this.#names.filter((name) => name !== "websocket")];
    }
    this.readyState = "opening";
    const list = this.#names.reduce((bits, name, at) => bits | (name === "polling" ? POLLING : STREAM) << (2 * at), 0);
    // There is no upgrade to anything else.
    const upgrade = this.opts.upgrade && this.#names.includes("websocket");
    this.#handle = core().create(list, upgrade ? 1 : 0, this.opts.tryAllTransports ? 1 : 0);
    this.#input(Happened.start);
    this.#release = watchPage(this, (description) => {
      this.#error = { description };
      this.#input(Happened.lost);
    });
    this.#constructing = false;
  }

  createTransport(name: string): Transport {
    const query: Record<string, unknown> = { ...this.opts.query, EIO: Engine.protocol, transport: name };
    if (this.id) query.sid = this.id;
    const { hostname, secure, port } = this;
    const Class = this._transportsByName[name];
    if (!Class) throw new Error(`unknown transport "${name}": use polling or websocket, or give a class`);
    return new Class({ ...this.opts, query, socket: this, hostname, secure, port, ...this.opts.transportOptions[name] });
  }

  /** Whether the heartbeat is overdue although its timer did not ring; then the connection is closed in the next microtask. */
  _hasPingExpired(): boolean {
    if (!this._pingTimeoutTime) return true;
    const expired = Date.now() > this._pingTimeoutTime;
    if (expired) {
      this._pingTimeoutTime = 0;
      soon(() => this.#input(Happened.tick, 0, Infinity));
    }
    return expired;
  }

  write(data: any, options?: any, callback?: () => void): this {
    this.#send("message", data, options, callback);
    return this;
  }

  send(data: any, options?: any, callback?: () => void): this {
    return this.write(data, options, callback);
  }

  /**
   * Writes the parts of one message of the layer above.
   *
   * @throws PayloadTooLargeError if one of them is too long; then none is written
   */
  _message(parts: readonly any[], options: any): void {
    for (const part of parts) this.#check(part);
    if (this.readyState === "open" && this.#isFree() && this.transport.supportsBinary) {
      for (const part of parts) this.#put(typeof part === "string" ? `4${part}` : part);
      this.#settle();
    } else {
      for (const part of parts) this.#send("message", part, options);
    }
  }

  /** The shortcut for one text, which has the mark of a message already; false if it has to go the general way. */
  _text(text: string): boolean {
    if (text.length * 3 >= this.#maxPayload || this.readyState !== "open" || !this.#isFree()) return false;
    this.#put(text);
    this.#settle();
    return true;
  }

  #put(data: any): void {
    try {
      (this.transport as WS).ws.send(data);
    } catch {
      // As in the transport: the close event is on the way.
    }
  }

  flush(): void {
    const { transport, writeBuffer } = this;
    if (this.readyState === "closed" || !transport.writable || this.upgrading || !writeBuffer.length) return;
    if (this.#polling) {
      if (!(core().status(this.#handle) & 1)) return;
      const first = writeBuffer.findIndex((packet, at) => !core().fits(this.#handle, encodedLength(packet.data, true), at ? 0 : 1));
      this.#inFlight = first < 0 ? writeBuffer.length : first;
      core().handle(this.#handle, Date.now(), Happened.writing, this.#current);
    } else {
      this.#inFlight = writeBuffer.length;
    }
    transport.send(writeBuffer.slice(0, this.#inFlight));
    this.emitReserved("flush");
  }

  close(): this {
    if (this.readyState !== "opening" && this.readyState !== "open") return this;
    this.readyState = "closing";
    const terminate = () => this.#input(Happened.terminate);
    const end = () => {
      // Between the transports neither could say goodbye.
      if (this.upgrading) this.once("upgrade", terminate).once("upgradeError", terminate);
      else terminate();
    };
    if (this.writeBuffer.length) this.once("drain", end);
    else end();
    return this;
  }

  /** Whether a text may go to the socket now, past the queue and everybody who could look at it. */
  #isFree(): boolean {
    const { transport } = this;
    if (this._dirty || transport._dirty) this.#lookForTaps();
    return !this.#tapped && !this.upgrading && !this.writeBuffer.length && (transport as WS)._direct;
  }

  #lookForTaps(): void {
    const { transport } = this;
    this._dirty = transport._dirty = false;
    const [data, other] = this.listeners("data");
    this.#tapped = ["packetCreate", "packet", "heartbeat", "message", "flush"].some((name) => this.hasListeners(name))
      || data !== this._dataListener || !!other || transport.listeners("packet").length > 1;
    const own = transport as Partial<WS>;
    own._direct = transport.constructor === WS && own.write === WS.prototype.write && own.doWrite === WS.prototype.doWrite
      && own.send === WS.prototype.send;
  }

  /** The state after a write past the queue: not writable for the rest of this turn, then drained. */
  #settle(): void {
    const { transport } = this;
    transport.writable = false;
    if (this.#settling) return;
    this.#settling = transport;
    soon(this.#settled);
  }

  #settled = (): void => {
    const transport = this.#settling as Transport;
    this.#settling = undefined;
    if (transport !== this.transport || transport.readyState !== "open") return;
    transport.writable = true;
    transport.emitReserved("drain");
  };

  #send(type: EnginePacket["type"], data?: any, options?: any, callback?: () => void): void {
    if (typeof data === "function") [callback, data] = [data, undefined];
    if (typeof options === "function") [callback, options] = [options, null];
    if (this.readyState === "closing" || this.readyState === "closed") return;
    if (type === "message") this.#check(data);
    const packet = { type, data, options: { ...options, compress: options?.compress !== false } };
    this.emitReserved("packetCreate", packet);
    this.writeBuffer.push(packet);
    if (callback) this.once("flush", callback);
    this.flush();
  }

  #check(data: any): void {
    const limit = this.#maxPayload;
    // Most texts are far from the limit, and need not be measured.
    if (limit === Infinity || (typeof data === "string" && data.length * 3 < limit)) return;
    const size = encodedLength(data, this.#polling || !this.transport.supportsBinary);
    if (size > limit) throw new PayloadTooLargeError(size, limit);
  }

  #input(kind: Happened, transport = this.#current, now = Date.now()): void {
    if (!this.#handle) return;
    core().handle(this.#handle, now, kind, transport);
    this.#run();
  }

  /** Carries out what the session decided. Listeners called on the way may come back here; the session's row stays in order. */
  #run(): void {
    const { poll, operand, next_wake } = core();
    for (let todo; (todo = this.#handle && poll(this.#handle));) this.#carryOut(todo, operand(0), operand(1));
    // What came while something was still to be carried out had to wait.
    if (this.readyState === "open") this.flush();
    const wake = this.#handle ? next_wake(this.#handle) : Infinity;
    if (wake === this.#wake) return;
    this.#wake = wake;
    this.clearTimeoutFn(this.#timer);
    if (wake === Infinity) return;
    // The ring itself says that the time has come, whatever clock the page has.
    const delay = Math.min(wake - Date.now(), MAX_TIMER);
    this.#timer = this.setTimeoutFn(() => this.#input(Happened.tick, 0, Math.max(wake, Date.now())), delay);
    if (this.opts.autoUnref) this.#timer.unref?.();
  }

  #carryOut(todo: Todo, first: number, second: number): void {
    switch (todo) {
      case Todo.open:
        if (second) this.#openProbe(first);
        else this.#openFirst(first);
        break;
      case Todo.opened:
        this.#error = undefined;
        this.readyState = "open";
        Engine.priorWebsocketSuccess = this.transport.name === "websocket";
        this.emitReserved("open");
        this.flush();
        break;
      case Todo.control: {
        const transport = first === this.#probe?.number ? this.#probe.transport : this.transport;
        transport.send([second ? { type: "upgrade" } : { type: "ping", data: "probe" }]);
        break;
      }
      case Todo.pause:
        this.transport.pause(() => this.#input(Happened.paused, first));
        break;
      case Todo.resume:
        this.upgrading = false;
        (this.transport as Partial<XHR>).resume?.();
        this.flush();
        break;
      case Todo.detach:
        if (first === this.#probe?.number) {
          const { transport } = this.#probe;
          transport.off();
          transport.close();
        } else if (this.#probe && this.upgrading) {
          (this.transport as Partial<XHR>).abandon?.();
        }
        break;
      case Todo.upgraded: {
        const { transport } = this.#probe as { transport: Transport };
        this.#probe = undefined;
        for (const name of ["open", "packet", "error", "close"]) transport.off(name);
        this.#setTransport(first, transport);
        this.emitReserved("upgrade", transport);
        this.upgrading = false;
        this.flush();
        break;
      }
      case Todo.upgradeFailed: {
        const probe = this.#probe;
        this.#probe = undefined;
        this.upgrading = false;
        if (probe) {
          const why = probe.error ?? new Error(this.readyState === "open" ? "probe error" : "probe error: socket closed");
          this.emitReserved("upgradeError", Object.assign(why, { transport: probe.transport.name }));
        }
        break;
      }
      case Todo.closed:
        this.#closed(REASONS[first] as (typeof REASONS)[number]);
    }
  }

  #openFirst(number: number): void {
    let transport;
    try {
      transport = this.createTransport(this.#names.shift() as string);
    } catch (error) {
      if (this.#constructing) {
        core().destroy(this.#handle);
        throw error;
      }
      this.#fail(number, error);
      return;
    }
    this.#polling = transport.name === "polling";
    this.#setTransport(number, transport);
    transport.open();
  }

  #setTransport(number: number, transport: Transport): void {
    this.transport?.off();
    this.transport = transport;
    this.#current = number;
    this.#polling = transport.name === "polling";
    this.#inFlight = 0;
    transport
      .on("drain", () => this.#drained())
      .on("packet", (packet: EnginePacket) => this.#onPacket(packet))
      .on("error", (error: unknown) => this.#later(() => this.#fail(number, error)))
      .on("close", (details: unknown) => this.#later(() => {
        this.#error = details;
        this.#input(Happened.lost, number);
      }));
    const own = transport as Partial<WS>;
    if (transport.constructor === WS && own.onData === WS.prototype.onData && own.onPacket === WS.prototype.onPacket) {
      own._sink = (data) => this.#sink(data);
    }
  }

  /** A transport that fails while the constructor runs reports it afterwards, when somebody listens. */
  #later(report: () => void): void {
    if (this.#constructing) soon(report);
    else report();
  }

  #openProbe(number: number): void {
    // A listener of `open` may have closed the connection.
    if (this.readyState !== "open") return;
    Engine.priorWebsocketSuccess = false;
    const transport = this.createTransport("websocket");
    const probe: { number: number; transport: Transport; error?: Error } = { number, transport };
    this.#probe = probe;
    const failed = (why: unknown) => {
      probe.error = new Error(`probe error: ${why}`);
      this.#input(Happened.failed, number);
    };
    transport
      .on("open", () => this.#input(Happened.opened, number))
      .on("packet", (packet: EnginePacket) => this.#probed(number, transport, packet))
      .on("error", failed)
      .on("close", () => failed("transport closed"));
    transport.open();
  }

  #probed(number: number, transport: Transport, { type, data }: EnginePacket): void {
    core().handle(this.#handle, Date.now(), type === "pong" && data === "probe" ? Happened.probed : Happened.misprobed, number);
    if (core().status(this.#handle) & 2 && !this.upgrading) {
      this.upgrading = true;
      Engine.priorWebsocketSuccess = transport.name === "websocket";
      this.emitReserved("upgrading", transport);
    }
    this.#run();
  }

  #sink(data: any): boolean {
    if (this._dirty || this.transport._dirty) this.#lookForTaps();
    if (this.#tapped || this.readyState !== "open" || !this._receiver) return false;
    if (typeof data !== "string") return this._receiver(asBinary(data, this.binaryType), 0);
    return data.charCodeAt(0) === 52 && this._receiver(data, 1);
  }

  #onPacket(packet: EnginePacket): void {
    const { readyState } = this;
    if (readyState !== "opening" && readyState !== "open" && readyState !== "closing") return;
    this.emitReserved("packet", packet);
    this.emitReserved("heartbeat");
    const { type, data } = packet;
    if (type === "error") {
      this.#fail(this.#current, Object.assign(new Error("server error"), { code: data }));
    } else if (readyState === "opening") {
      this.#handshake(packet);
    } else if (type === "ping") {
      core().handle(this.#handle, Date.now(), Happened.pinged, this.#current);
      this._pingTimeoutTime = Date.now() + this.#silence;
      this.#send("pong");
      this.emitReserved("ping");
      this.emitReserved("pong");
      this.#run();
    } else if (type === "message") {
      this.emitReserved("data", data);
      this.emitReserved("message", data);
    }
  }

  #handshake({ type, data }: EnginePacket): void {
    this.#error = Object.assign(new Error("server error"), { code: "invalid handshake" });
    let handshake: any;
    try {
      handshake = type === "open" && JSON.parse(data);
    } catch {
      // No handshake, as the session is told.
    }
    const { sid, upgrades, pingInterval, pingTimeout, maxPayload } = handshake || {};
    const number = (value: unknown) => (typeof value === "number" ? value : NaN);
    const accepted = core().accept(
      this.#handle, Date.now(), typeof sid === "string" && sid && sid.length <= MAX_SID ? 1 : 0, Array.isArray(upgrades) && upgrades.includes("websocket") ? 1 : 0,
      number(pingInterval), number(pingTimeout), number(maxPayload),
    );
    if (accepted) {
      this.emitReserved("handshake", handshake);
      this.id = sid;
      this.transport.query.sid = sid;
      this.#maxPayload = maxPayload > 0 ? maxPayload : Infinity;
      this.#silence = pingInterval + pingTimeout;
      this._pingTimeoutTime = Date.now() + this.#silence;
    }
    this.#run();
  }

  #drained(): void {
    if (this.#inFlight) this.writeBuffer.splice(0, this.#inFlight);
    this.#inFlight = 0;
    if (this.#polling) this.#input(Happened.sent);
    if (this.writeBuffer.length) this.flush();
    else this.emitReserved("drain");
  }

  #fail(number: number, error: unknown): void {
    Engine.priorWebsocketSuccess = false;
    this.#error = error;
    this.#input(Happened.failed, number);
  }

  #closed(reason: (typeof REASONS)[number]): void {
    if (this.readyState === "closed") return;
    core().destroy(this.#handle);
    this.#handle = 0;
    const details = reason === "transport error" || reason === "transport close" ? this.#error : undefined;
    if (reason === "transport error") this.emitReserved("error", details);
    const { transport } = this;
    transport.off();
    transport.close();
    transport.off();
    transport.writable = false;
    this.#release?.();
    this.readyState = "closed";
    this.id = null;
    this.emitReserved("close", reason, details);
    if (this.#probe) this.#carryOut(Todo.upgradeFailed, 0, 0);
    this.writeBuffer = [];
    this.#inFlight = 0;
  }
}
