// One accepted send. Promises are made only when somebody asks for them, and each has a handler from the start, so that
// an abort that nobody awaits is no unhandled rejection.

import { STATUSES, Status } from "./core.js";
import type { Encoded } from "../codecs/types.js";
import type { EverwireError } from "./error.js";
import type { Handle, MessageId, SendResult, SendStatus } from "./types.js";
import type { Lot } from "./topic.js";

/** A promise and its two functions. */
export interface Wait<T> {
  readonly _promise: Promise<T>;
  readonly _resolve: (value: T) => void;
  readonly _reject: (reason: unknown) => void;
}

/** A pending promise whose rejection needs no handler. */
export function wait<T>(): Wait<T> {
  let _resolve!: (value: T) => void;
  let _reject!: (reason: unknown) => void;
  const _promise = new Promise<T>((resolve, reject) => {
    _resolve = resolve;
    _reject = reject;
  });
  _promise.catch(() => {});
  return { _promise, _resolve, _reject };
}

/** The inbound message that answers a send. */
export interface Answer {
  /** As decoded. */
  readonly _message: unknown;
  /** As the schema returned it. */
  readonly _value: unknown;
  /** Why it is invalid, if it is. */
  readonly _error: EverwireError | undefined;
  /** Whether it is a refusal. */
  readonly _refused: boolean;
}

/** Results that say no more than their status, by its code: made once, as most sends end in one of them. */
export const PLAIN_RESULTS = STATUSES.map((status) => Object.freeze({ status }) as SendResult);

/** Who can take a message back. */
export interface Owner {
  _cancel(handle: Sending): boolean;
}

/** The one implementation of `Handle`. */
export class Sending implements Handle {
  readonly _client: Owner;
  readonly _lot: Lot;
  readonly _key: string | number | undefined;
  readonly id: MessageId | undefined;
  /** The core's number of it, -1 while its value is still being encoded. */
  _ticket = -1;
  _status = 0;
  /** The last word, once there is one. */
  _result: SendResult | undefined;
  /** The value as given, kept for `peek` and `merge`. */
  _value: unknown;
  /** What goes into the frame; empty once the message has ended. */
  _data: Encoded = "";
  /** Its size in bytes. */
  _size = 0;
  _answer: Answer | undefined;
  /** Whether the answer belongs to a request and is not delivered. */
  _exclusive = false;
  private _written: Wait<SendResult> | undefined;
  private _ended: Wait<SendResult> | undefined;
  private _aborted: { readonly _reason: unknown } | undefined;
  private _unlisten: (() => void) | undefined;

  constructor(client: Owner, lot: Lot, key: string | number | undefined, id: MessageId | undefined) {
    this._client = client;
    this._lot = lot;
    this._key = key;
    this.id = id;
  }

  get status(): SendStatus {
    return STATUSES[this._status]!;
  }

  get written(): Promise<SendResult> {
    if (!this._written) {
      this._written = wait();
      if (this._result) this._written._resolve(this._result);
      else if (this._aborted) this._written._reject(this._aborted._reason);
      else if (this._status === Status.written) this._written._resolve(PLAIN_RESULTS[Status.written]!);
    }
    return this._written._promise;
  }

  get acked(): Promise<SendResult> {
    if (!this._ended) {
      this._ended = wait();
      if (this._result) this._ended._resolve(this._result);
      else if (this._aborted) this._ended._reject(this._aborted._reason);
    }
    return this._ended._promise;
  }

  cancel(): boolean {
    return !this._result && this._client._cancel(this);
  }

  /** Ties the handle to a signal that is not yet aborted. */
  _follow(signal: AbortSignal): void {
    const listener = () => {
      if (this.cancel()) return;
      this._aborted = { _reason: signal.reason };
      this._written?._reject(signal.reason);
      this._ended?._reject(signal.reason);
    };
    signal.addEventListener("abort", listener);
    this._unlisten = () => signal.removeEventListener("abort", listener);
  }

  /** It was handed to the socket, and an acknowledgement is awaited. */
  _wrote(): void {
    this._written?._resolve(PLAIN_RESULTS[Status.written]!);
  }

  /** The one terminal status. */
  _end(status: number, result: SendResult): void {
    this._status = status;
    this._result = result;
    this._value = undefined;
    this._data = "";
    this._unlisten?.();
    this._written?._resolve(result);
    this._ended?._resolve(result);
  }
}
