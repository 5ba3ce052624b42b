// Order while something is being read. A Blob (or a codec that answers with a promise) has no bytes yet; until it has,
// later messages of its lane wait behind it, because reading in the background would let them overtake.

import type { Encoded } from "../codecs/types.js";
import { now } from "../host/clock.js";
import { type Client, refusal } from "./connection.js";
import { REFUSALS, Status } from "./core.js";
import { type EverwireError, UNENCODABLE, caused } from "./error.js";
import { PLAIN_RESULTS, type Sending } from "./handle.js";
import { sizeOf } from "./link-host.js";
import type { Lot } from "./topic.js";
import type { DropReason } from "./types.js";

interface Held {
  readonly _handle: Sending;
  readonly _flags: number;
  /** When its time to live is over. */
  readonly _until: number;
  /** Bytes as far as they are known: those of a Blob are, those of a promise are not. */
  _size: number;
  _data: Encoded | undefined;
  _error: unknown;
  _settled: boolean;
  /** Whether a flush has come meanwhile. */
  _flushed: boolean;
}

/** One queue per lane, which exists only while a message of the lane is being read. */
export class Gates {
  private readonly _client: Client;
  private readonly _lanes = new Map<number, Held[]>();
  private _bytes = 0;

  constructor(client: Client) {
    this._client = client;
  }

  /** Whether messages of the lane may enter at once. */
  _open(lane: number): boolean {
    return !this._lanes.size || !this._lanes.has(lane);
  }

  /** What is held and not taken back, of one topic and key or all. */
  _held(lot?: Lot, key?: string | number): Held[] {
    return [...this._lanes.values()].flat().filter(
      ({ _handle }) => !_handle._result && (!lot || _handle._lot === lot) && (key === undefined || _handle._key === key),
    );
  }

  /** Holds a message back until it is read and everything before it in its lane has entered. */
  _hold(lane: number, handle: Sending, data: Encoded | Promise<Encoded>, size: number, flags: number, ttl: number): void {
    const { _maxMessages, _maxBytes } = this._client._settings;
    const ready = isEncoded(data);
    const queue = this._lanes.get(lane) ?? [];
    const refused = size > _maxBytes ? -4 : queue.length >= _maxMessages || this._bytes + size > _maxBytes ? -3 : 0;
    if (refused) {
      Promise.resolve(data).catch(() => {});
      throw refusal(refused);
    }
    const held: Held = {
      _handle: handle, _flags: flags, _until: now() + Math.min(ttl, handle._lot._ttl), _size: size,
      _data: ready ? data : undefined, _error: undefined, _settled: ready, _flushed: false,
    };
    this._bytes += size;
    queue.push(held);
    this._lanes.set(lane, queue);
    if (ready) return;
    const settle = (data: Encoded | undefined, error?: unknown) => {
      // It may have been dropped with its whole queue, which nobody counts any more.
      if (handle._result) data = undefined;
      else if (data !== undefined) {
        this._bytes -= held._size;
        this._bytes += held._size = sizeOf(data);
      }
      held._data = data;
      held._error = error;
      held._settled = true;
      this._pump(lane, queue);
    };
    data.then(settle, (error: unknown) => settle(undefined, error));
  }

  /** Takes back what is held, of one topic and key or all. */
  _cancel(lot?: Lot, key?: string | number): void {
    for (const { _handle } of this._held(lot, key)) _handle.cancel();
  }

  /** The connection closes: what is read may still enter if it is to be sent, the rest is dropped. */
  _close(flush: boolean): void {
    const all = this._held();
    for (const queue of this._lanes.values()) queue.length = 0;
    this._lanes.clear();
    this._bytes = 0;
    for (const held of all) {
      if (flush && held._data !== undefined) this._enter(held);
      else if (!held._handle._result) this._drop(held._handle, "close");
    }
  }

  private _pump(lane: number, queue: Held[]): void {
    while (queue[0]?._settled) {
      const held = queue.shift()!;
      this._bytes -= held._size;
      if (!queue.length) this._lanes.delete(lane);
      this._enter(held);
    }
  }

  private _enter({ _handle, _data, _error, _flags, _until, _flushed }: Held): void {
    const client = this._client;
    if (_handle._result) return;
    if (_data === undefined) {
      client._fail(caused("encode", UNENCODABLE, _error));
      this._drop(_handle, "refused");
      return;
    }
    const ttl = _until - now();
    if (ttl <= 0) {
      client._finish(_handle, Status.expired, PLAIN_RESULTS[Status.expired]!);
      client._tell();
      return;
    }
    try {
      client._accept(_handle, _data, _flags, ttl);
    } catch (error) {
      const refused = REFUSALS.find(([code]) => code === (error as EverwireError).code);
      this._drop(_handle, refused?.[2] ?? "refused");
      return;
    }
    if (_flushed) client._admit(_handle._lot, _handle._key);
  }

  private _drop(handle: Sending, reason: DropReason): void {
    this._client._finish(handle, Status.dropped, { status: "dropped", reason });
    this._client._tell();
  }
}

/** Whether the bytes are there already. */
export function isEncoded(data: Encoded | Promise<Encoded>): data is Encoded {
  return typeof data === "string" || !("then" in data);
}
