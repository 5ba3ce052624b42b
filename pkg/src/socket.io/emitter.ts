// The emitter of socket.io-client (@socket.io/component-emitter), with listeners in a map: names from the network cannot
// reach a prototype. A listener that throws does not keep the ones behind it, or the connection, from going on.
import type { AbortSignalType } from "../host/dom-types.js";

/** Anything that can be called. `once` notes the listener it stands for. */
export interface Listener {
  (...args: any[]): unknown;
  fn?: Listener;
}

/** Options of `on` and `once`. */
export interface ListenerOptions {
  /** Removes the listener when aborted. */
  signal?: AbortSignalType;
}

const settled = Promise.resolve();

/** Runs in the next microtask. Not `queueMicrotask`, which fake clocks replace. */
export const soon = (run: () => void): void => void settled.then(run);

/** Reports what user code threw as an unhandled rejection, which is where the original's deferred delivery brings it, too. */
export const report = (error: unknown): void => void Promise.reject(error);

/** Names are compared as text, but for symbols. */
const keyOf = (event: unknown): string | symbol => (typeof event === "string" || typeof event === "symbol" ? event : String(event));

export class Emitter {
  declare _callbacks: Map<string | symbol, Listener[]>;
  /** Set whenever listeners come or go, for owners that keep a summary. */
  _dirty = true;
  declare addEventListener: this["on"];
  declare removeListener: this["off"];
  declare removeAllListeners: this["off"];
  declare removeEventListener: this["off"];

  constructor() {
    this._callbacks = new Map();
  }

  on(event: any, listener: any, options?: ListenerOptions): this {
    const signal = options?.signal as AbortSignal | undefined;
    if (signal?.aborted) return this;
    if (signal) listener = tie(listener, signal, (own) => this.off(event, own));
    const key = keyOf(event);
    const listeners = this._callbacks.get(key);
    this._dirty = true;
    if (listeners) listeners.push(listener);
    else this._callbacks.set(key, [listener]);
    return this;
  }

  once(event: any, listener: any, options?: ListenerOptions): this {
    const once: Listener = (...args) => {
      this.off(event, once);
      listener.apply(this, args);
    };
    once.fn = listener;
    return this.on(event, once, options);
  }

  off(event?: any, listener?: any): this {
    this._dirty = true;
    if (!arguments.length) {
      for (const listeners of this._callbacks.values()) listeners.forEach(untie);
      this._callbacks.clear();
      return this;
    }
    const key = keyOf(event);
    const listeners = this._callbacks.get(key);
    if (!listeners) return this;
    if (arguments.length === 1) {
      listeners.forEach(untie);
      this._callbacks.delete(key);
      return this;
    }
    remove(listeners, listener);
    if (!listeners.length) this._callbacks.delete(key);
    return this;
  }

  emit(event: any, ...args: any[]): this {
    return this.emitReserved(event, ...args);
  }

  emitReserved(event: any, ...args: any[]): this {
    const listeners = this._callbacks.get(keyOf(event));
    if (listeners) call(this, listeners, args);
    return this;
  }

  listeners(event: any): Listener[] {
    return this._callbacks.get(keyOf(event)) ?? [];
  }

  hasListeners(event: any): boolean {
    return this._callbacks.has(keyOf(event));
  }
}

for (const [alias, name] of [["addEventListener", "on"], ["removeListener", "off"], ["removeAllListeners", "off"], ["removeEventListener", "off"]] as const) {
  Object.defineProperty(Emitter.prototype, alias, { value: Emitter.prototype[name], writable: true, configurable: true });
}

/** What takes the abort listener of a tied listener away. */
const ties = new WeakMap<Listener, () => void>();

/** A listener of its own for one registration, which the signal ends by calling `end` with it. */
export function tie(listener: Listener, signal: AbortSignal, end: (own: Listener) => void): Listener {
  const own: Listener = function (this: unknown, ...args) {
    return listener.apply(this, args);
  };
  own.fn = listener;
  const aborted = () => end(own);
  signal.addEventListener("abort", aborted);
  ties.set(own, () => signal.removeEventListener("abort", aborted));
  return own;
}

/** Lets go of the signal of a listener that was removed. */
export const untie = (listener: Listener): void => ties.get(listener)?.();

/** Removes the first registration of a listener. */
export function remove(listeners: Listener[], listener: Listener): void {
  const at = listeners.findIndex((each) => each === listener || each.fn === listener || (each.fn as Listener | undefined)?.fn === listener);
  if (at >= 0) listeners.splice(at, 1).forEach(untie);
}

/** Calls the listeners that are there now; what one of them adds or removes counts from the next time on. */
export function call(self: unknown, listeners: readonly Listener[], args: readonly unknown[]): void {
  const copy = listeners.length > 1 ? listeners.slice() : listeners;
  const { length } = copy;
  for (let i = 0; i < length; i++) {
    try {
      (copy[i] as Listener).apply(self, args as unknown[]);
    } catch (error) {
      report(error);
    }
  }
}

/** Calls the listeners of an event with what is behind its name. */
export function deliver(self: unknown, listeners: readonly Listener[], event: readonly unknown[]): void {
  // Most have one listener and few arguments, which needs no list of them.
  const { length } = event;
  if (listeners.length > 1 || length < 2 || length > 4) return call(self, listeners, event.slice(1));
  const listener = listeners[0] as Listener;
  try {
    if (length === 2) listener.call(self, event[1]);
    else if (length === 3) listener.call(self, event[1], event[2]);
    else listener.call(self, event[1], event[2], event[3]);
  } catch (error) {
    report(error);
  }
}
