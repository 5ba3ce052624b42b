// A subscription: listeners and loops over what arrives at a destination, on whichever connection.

import { MAX_MS, abortable, invalid, number, object, word } from "../client/check.js";
import { EverwireError } from "../client/error.js";
import { report } from "../client/events.js";
import { wait } from "../client/handle.js";
import type { StompConnection } from "./connection.js";
import { Subscribed } from "./core.js";
import type { Received } from "./message.js";
import type { InboundOptions, Message, Subscription, WaitOptions } from "./types.js";
import { bounded } from "./waits.js";

type Listener = (message: any) => void;

/** The one implementation of `Subscription`. */
export class Subscribing implements Subscription {
  readonly destination: string;
  _listener = -1;
  _over = false;
  private readonly _connection: StompConnection;
  private readonly _limit: number;
  private readonly _rule: number;
  private _listeners: readonly { _call: Listener | undefined }[] = [];
  private _loops: readonly Loop[] = [];
  private _confirmation = wait<void>();
  private _failure: EverwireError | undefined;
  private _signal: AbortSignal | undefined;
  private readonly _aborted = () => this.unsubscribe();

  constructor(connection: StompConnection, destination: string, inbound: InboundOptions | undefined) {
    const given = object("inbound", inbound, "maxMessages overflow");
    this._connection = connection;
    this.destination = destination;
    this._limit = number("inbound.maxMessages", given.maxMessages, 1_000, 1, MAX_MS, "integer");
    this._rule = word("inbound.overflow", given.overflow, 0, "error drop-oldest drop-newest");
  }

  get active(): boolean {
    return !this._over;
  }

  on(listener: (message: Message) => void, options?: { signal?: AbortSignal }): () => void {
    if (typeof listener !== "function") invalid("listener", "a function", listener);
    const signal = abortable(options?.signal);
    if (signal?.aborted) return () => {};
    const entry: { _call: Listener | undefined } = { _call: listener };
    this._listeners = [...this._listeners, entry];
    const off = () => {
      entry._call = undefined;
      this._listeners = this._listeners.filter((other) => other !== entry);
      signal?.removeEventListener("abort", off);
    };
    signal?.addEventListener("abort", off);
    return off;
  }

  confirmed(options?: WaitOptions): Promise<void> {
    return bounded(this._confirmation._promise, options, `subscription to ${this.destination} was not confirmed`);
  }

  unsubscribe(): void {
    this._connection._unsubscribe(this);
    this._end(undefined);
  }

  [Symbol.dispose](): void {
    this.unsubscribe();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    const loop = new Loop(this._limit, this._rule, () => {
      this._loops = this._loops.filter((other) => other !== loop);
    });
    if (this._over) loop._end(this._failure);
    else this._loops = [...this._loops, loop];
    return loop;
  }

  /** Ends with the signal. */
  _follow(signal: AbortSignal | undefined): void {
    this._signal = signal;
    signal?.addEventListener("abort", this._aborted);
  }

  _deliver(message: Received): void {
    for (const listener of this._listeners) {
      try {
        listener._call?.(message);
      } catch (error) {
        report(error);
      }
    }
    for (const loop of this._loops) loop._take(message);
  }

  _got(state: number, failure: EverwireError | undefined): void {
    if (state === Subscribed.confirmed) this._confirmation._resolve();
    else if (state === Subscribed.unconfirmed) {
      this._confirmation._reject(new EverwireError(
        "unconfirmed",
        "the server sent no receipt for the subscription: it may be active all the same; raise confirm if the server is slow",
      ));
    } else this._end(failure);
  }

  _end(failure: EverwireError | undefined): void {
    if (this._over) return;
    this._over = true;
    this._failure = failure;
    this._signal?.removeEventListener("abort", this._aborted);
    this._confirmation._reject(failure ?? new EverwireError("closed", "subscription has ended"));
    for (const loop of this._loops) loop._end(failure);
  }
}

interface Reader {
  readonly _resolve: (result: IteratorResult<Message>) => void;
  readonly _reject: (error: unknown) => void;
}

/** One `for await`: a bounded buffer between the socket, which cannot be told to wait, and a loop that may be slow. */
class Loop implements AsyncIterableIterator<Message> {
  private readonly _buffer: Message[] = [];
  private readonly _readers: Reader[] = [];
  private _ended = false;
  private _failure: EverwireError | undefined;
  private readonly _limit: number;
  private readonly _rule: number;
  private readonly _left: () => void;

  constructor(limit: number, rule: number, left: () => void) {
    this._limit = limit;
    this._rule = rule;
    this._left = left;
  }

  next(): Promise<IteratorResult<Message>> {
    return new Promise((_resolve, _reject) => {
      const reader = { _resolve, _reject };
      if (this._buffer.length || this._ended) this._settle(reader);
      else this._readers.push(reader);
    });
  }

  async return(): Promise<IteratorResult<Message>> {
    this._buffer.length = 0;
    this._end(undefined);
    this._failure = undefined;
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  _take(message: Message): void {
    const reader = this._readers.shift();
    if (reader) reader._resolve({ value: message, done: false });
    else if (this._buffer.length < this._limit) this._buffer.push(message);
    else if (this._rule === 0) {
      this._end(new EverwireError(
        "inbound-overflow",
        `the loop did not read ${this._limit} messages in time: make it faster, raise inbound.maxMessages or choose an inbound.overflow`,
      ));
    } else if (this._rule === 1) {
      this._buffer.shift();
      this._buffer.push(message);
    }
  }

  _end(failure: EverwireError | undefined): void {
    if (this._ended) return;
    this._ended = true;
    this._failure = failure;
    this._left();
    for (const reader of this._readers.splice(0)) this._settle(reader);
  }

  private _settle(reader: Reader): void {
    if (this._buffer.length) reader._resolve({ value: this._buffer.shift()!, done: false });
    else if (this._failure) {
      reader._reject(this._failure);
      this._failure = undefined;
    } else reader._resolve({ value: undefined, done: true });
  }
}
