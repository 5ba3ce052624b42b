// One connection shared by the sockets of several namespaces, and the loop that brings it back. Its state is in members that
// users of socket.io-client read and write (`_readyState`, `_reconnecting`, `nsps`), so it is kept here; the waits between
// attempts come from the core.
import { Signal, onSignal } from "../host/signals.js";
import { core } from "./core.js";
import { Emitter, report, soon, type Listener } from "./emitter.js";
import { Engine } from "./engine.js";
import type { Packet } from "./packet.js";
import { Decoder, Encoder, MARK } from "./parser.js";
import { Socket } from "./socket.js";
import { installTimers, type Timers } from "./transport.js";

/** The waits between attempts. */
export class Backoff {
  attempts = 0;

  constructor(public ms: number, public max: number, public jitter: number) {}

  /** The next wait in milliseconds; counts the attempt. */
  duration(): number {
    return Math.floor(core().reconnection_delay(this.ms, this.max, this.jitter, this.attempts++, Math.random() * 2 ** 32));
  }

  reset(): void {
    this.attempts = 0;
  }
}

export class Manager extends Emitter implements Timers {
  declare setTimeoutFn: Timers["setTimeoutFn"];
  declare clearTimeoutFn: Timers["clearTimeoutFn"];
  engine!: Engine;
  opts: any;
  nsps: Record<string, Socket> = Object.create(null);
  uri: string | undefined;
  encoder: any;
  decoder: any;
  backoff: Backoff;
  skipReconnect = false;
  _autoConnect: boolean;
  _readyState: "opening" | "open" | "closed" = "closed";
  _reconnecting = false;
  /** The sockets that take part. Replaced, never changed, so that a running dispatch keeps its own view. */
  _sockets: readonly Socket[] = [];

  #reconnection = true;
  #attempts: number;
  #timeout: number | boolean;
  #subs: (() => void)[] = [];
  /** Whether the loop waits: for its next attempt, or for one of somebody else. */
  #waiting = false;
  /** What the next microtask delivers, if there is anything. */
  #packets: Packet[] | undefined;

  constructor(uri?: string | object, opts?: any) {
    super();
    if (uri && typeof uri === "object") [opts, uri] = [uri, undefined];
    opts = opts || {};
    opts.path = opts.path || "/socket.io";
    this.opts = opts;
    installTimers(this, opts);
    this.reconnection(opts.reconnection !== false);
    this.#attempts = opts.reconnectionAttempts || Infinity;
    this.backoff = new Backoff(opts.reconnectionDelay || 1000, opts.reconnectionDelayMax || 5000, opts.randomizationFactor ?? 0.5);
    this.#timeout = opts.timeout ?? 20000;
    this.uri = uri as string | undefined;
    const parser = opts.parser || { Encoder, Decoder };
    this.encoder = new parser.Encoder();
    this.decoder = new parser.Decoder();
    this._autoConnect = opts.autoConnect !== false;
    if (this._autoConnect) this.open();
  }

  reconnection(value?: boolean): any {
    if (!arguments.length) return this.#reconnection;
    this.#reconnection = !!value;
    if (!value) this.skipReconnect = true;
    return this;
  }

  reconnectionAttempts(value?: number): any {
    if (value === undefined) return this.#attempts;
    this.#attempts = value;
    return this;
  }

  reconnectionDelay(value?: number): any {
    return this.#wait("ms", value);
  }

  randomizationFactor(value?: number): any {
    return this.#wait("jitter", value);
  }

  reconnectionDelayMax(value?: number): any {
    return this.#wait("max", value);
  }

  timeout(value?: number | boolean): any {
    if (!arguments.length) return this.#timeout;
    this.#timeout = value as number;
    return this;
  }

  #wait(name: "ms" | "max" | "jitter", value: number | undefined): any {
    if (value === undefined) return this.backoff[name];
    this.backoff[name] = value;
    return this;
  }

  open(callback?: (error?: Error) => void): this {
    if (this._readyState.includes("open")) return this;
    const engine = (this.engine = new Engine(this.uri, this.opts));
    this._readyState = "opening";
    this.skipReconnect = false;
    const failed = (error: Error) => {
      // An attempt of somebody else, which has taken the place of the loop's next one.
      const isExtra = this.#waiting;
      this.cleanup();
      this._readyState = "closed";
      this.#tell("error", "onerror", error);
      callback?.(error);
      if (isExtra && this._readyState === "closed") {
        this._reconnecting = false;
        this.reconnect();
      } else if (!callback && !this._reconnecting && this.#reconnection && this.backoff.attempts === 0) {
        // Only the first connection starts the loop here; a callback does it by itself.
        this.reconnect();
      }
    };
    this.#on(engine, "open", () => {
      this.onopen();
      // A listener may have closed it again.
      if (this._readyState === "open") callback?.();
    });
    this.#on(engine, "error", failed);
    // A lost network ends an attempt without an error.
    this.#on(engine, "close", (reason: string) => failed(new Error(reason)));
    if (this.#timeout !== false) {
      const timer = this.setTimeoutFn(() => {
        failed(new Error("timeout"));
        engine.close();
      }, this.#timeout as number);
      if (this.opts.autoUnref) timer.unref?.();
      this.#subs.push(() => this.clearTimeoutFn(timer));
    }
    return this;
  }

  connect(callback?: (error?: Error) => void): this {
    return this.open(callback);
  }

  onopen(): void {
    this.cleanup();
    this._readyState = "open";
    const { engine, decoder } = this;
    const data = (data: any) => this.ondata(data);
    // Before anybody is told: a listener of `open` may close the engine.
    this.#on(engine, "ping", () => this.emitReserved("ping"));
    this.#on(engine, "data", data);
    this.#on(engine, "error", (error: Error) => this.#tell("error", "onerror", error));
    this.#on(engine, "close", (reason: string, details: unknown) => this.onclose(reason, details));
    if (decoder.constructor === Decoder) {
      engine._dataListener = data;
      engine._receiver = (data, from) => this.#add(data, from);
    } else {
      this.#on(decoder, "decoded", (packet: Packet) => this.#enqueue(packet));
    }
    // Over before anybody is told: a listener that closes the engine starts the loop anew.
    this._reconnecting = false;
    this.#tell("open", "onopen");
  }

  ondata(data: any): void {
    if (this.decoder.constructor === Decoder) {
      this.#add(data, 0);
      return;
    }
    try {
      this.decoder.add(data);
    } catch (error) {
      this.onclose("parse error", error);
    }
  }

  #add(data: any, from: number): true {
    try {
      const packet = (this.decoder as Decoder)._decode(data, from);
      if (packet) this.#enqueue(packet);
    } catch (error) {
      this.onclose("parse error", error);
    }
    return true;
  }

  /** Packets are delivered in the next microtask: what a listener throws cannot pass for a malformed packet. */
  #enqueue(packet: Packet): void {
    if (this.#packets) {
      this.#packets.push(packet);
    } else {
      this.#packets = [packet];
      soon(this.#deliver);
    }
  }

  #deliver = (): void => {
    const packets = this.#packets as Packet[];
    // Those that come meanwhile are delivered after what the listeners have left for the next microtask.
    this.#packets = undefined;
    for (let i = 0; i < packets.length; i++) {
      const packet = packets[i] as Packet;
      for (const socket of this._sockets) {
        try {
          socket.onpacket(packet);
        } catch (error) {
          report(error);
        }
      }
      if (this.hasListeners("packet")) this.emitReserved("packet", packet);
    }
  };

  socket(nsp: string, opts?: any): Socket {
    let socket = this.nsps[nsp];
    if (!socket) {
      socket = new Socket(this, nsp, opts);
      this.nsps[nsp] = socket;
    } else if (this._autoConnect && !socket.active) {
      socket.connect();
    }
    return socket;
  }

  _destroy(_socket: Socket): void {
    for (const nsp in this.nsps) if (this.nsps[nsp]?.active) return;
    this._close();
  }

  /** @throws PayloadTooLargeError if the server would cut the connection because of it */
  _packet(packet: Packet): void {
    const { encoder, engine } = this;
    if (encoder.constructor !== Encoder) {
      engine._message(encoder.encode(packet), packet.options);
      return;
    }
    const encoded = (encoder as Encoder)._encode(packet, MARK);
    if (typeof encoded !== "string") engine._message(encoded, packet.options);
    else if (!engine._text(encoded)) engine._message([encoded.slice(1)], packet.options);
  }

  cleanup(): void {
    for (const release of this.#subs.splice(0)) release();
    this.decoder.destroy();
  }

  _close(): void {
    this.skipReconnect = true;
    this._reconnecting = false;
    this.onclose("forced close");
  }

  disconnect(): void {
    this._close();
  }

  onclose(reason: string, details?: unknown): void {
    this.cleanup();
    this.engine?.close();
    this.backoff.reset();
    this._readyState = "closed";
    this.#tell("close", "onclose", reason, details);
    if (this.#reconnection && !this.skipReconnect) this.reconnect();
  }

  reconnect(): this | void {
    if (this._reconnecting || this.skipReconnect) return this;
    if (this.backoff.attempts >= this.#attempts) {
      this.backoff.reset();
      this.emitReserved("reconnect_failed");
      this._reconnecting = false;
      return;
    }
    this._reconnecting = true;
    this.#schedule(this.backoff.duration());
  }

  #schedule(delay: number): void {
    const began = Date.now();
    this.#waiting = true;
    const timer = this.setTimeoutFn(() => {
      this.#waiting = false;
      release();
      this.#attempt();
    }, delay);
    if (this.opts.autoUnref) timer.unref?.();
    // A network that returns is worth an early attempt, at a time of its own for each client behind it.
    const release = onSignal((signal) => {
      if (signal !== Signal.online) return;
      release();
      this.clearTimeoutFn(timer);
      const left = Math.max(delay - (Date.now() - began), 0);
      this.#schedule(Math.random() * Math.min(left, this.backoff.ms));
    });
    this.#subs.push(() => {
      this.#waiting = false;
      release();
      this.clearTimeoutFn(timer);
    });
  }

  #attempt(): void {
    if (this.skipReconnect) return;
    if (this._readyState !== "closed") {
      this.#waiting = true;
      return;
    }
    this.emitReserved("reconnect_attempt", this.backoff.attempts);
    if (this.skipReconnect) return;
    this.open((error) => {
      if (error) {
        this._reconnecting = false;
        this.reconnect();
        this.emitReserved("reconnect_error", error);
      } else {
        const { attempts } = this.backoff;
        this.backoff.reset();
        this.emitReserved("reconnect", attempts);
      }
    });
  }

  /** Tells the sockets first, which came first, and then everybody else. */
  #tell(event: string, method: "onopen" | "onerror" | "onclose", ...args: any[]): void {
    for (const socket of this._sockets) {
      try {
        (socket[method] as (...args: any[]) => void)(...args);
      } catch (error) {
        report(error);
      }
    }
    this.emitReserved(event, ...args);
  }

  #on(target: Emitter, event: string, listener: Listener): void {
    target.on(event, listener);
    this.#subs.push(() => target.off(event, listener));
  }
}
