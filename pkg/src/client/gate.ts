// Order while something is being read. A Blob (or a codec that answers with a promise) has no bytes yet; until it has,
// later messages of its lane wait behind it, because reading in the background would let them overtake.

import type { Encoded } from "../codecs/types.js";
import type { Client } from "./connection.js";
import { REFUSALS, Status } from "./core.js";
import { EverwireError, UNENCODABLE, caused } from "./error.js";
import type { Sending } from "./handle.js";
import type { DropReason } from "./types.js";

interface Held {
  readonly _handle: Sending;
  readonly _accept: (data: Encoded) => void;
  _data: Encoded | undefined;
  _error: unknown;
  _settled: boolean;
}

/** One queue per lane, which exists only while a message of the lane is being read. */
export class Gates {
  private readonly _client: Client;
  private readonly _lanes = new Map<number, Held[]>();

  constructor(client: Client) {
    this._client = client;
  }

  get _busy(): boolean {
    return this._lanes.size > 0;
  }

  /** Whether messages of the lane may enter at once. */
  _open(lane: number): boolean {
    return !this._lanes.size || !this._lanes.has(lane);
  }

  /** Holds a message back until it is read and everything before it in its lane has entered. */
  _hold(lane: number, handle: Sending, data: Encoded | Promise<Encoded>, accept: (data: Encoded) => void): void {
    const queue = this._lanes.get(lane) ?? [];
    if (queue.length >= this._client._settings._maxMessages) {
      Promise.resolve(data).catch(() => {});
      throw new EverwireError(REFUSALS[2]![0], REFUSALS[2]![1]);
    }
    const held: Held = { _handle: handle, _accept: accept, _data: undefined, _error: undefined, _settled: false };
    queue.push(held);
    this._lanes.set(lane, queue);
    const settle = () => {
      held._settled = true;
      this._pump(lane, queue);
    };
    if (typeof data === "string" || !("then" in data)) {
      held._data = data;
      held._settled = true;
    } else {
      data.then((ready) => {
        held._data = ready;
        settle();
      }, (error: unknown) => {
        held._error = error;
        settle();
      });
    }
  }

  /** Takes back what is held, of one topic or all. */
  _cancel(topic: number | undefined): void {
    for (const queue of this._lanes.values()) {
      for (const { _handle } of queue) {
        if (topic === undefined || _handle._lot._id === topic) _handle.cancel();
      }
    }
  }

  private _pump(lane: number, queue: Held[]): void {
    while (queue[0]?._settled) {
      const { _handle, _accept, _data, _error } = queue.shift()!;
      if (!queue.length) this._lanes.delete(lane);
      if (_handle._result) continue;
      if (_data === undefined) {
        this._client._fail(caused("encode", UNENCODABLE, _error));
        this._drop(_handle, "refused");
        continue;
      }
      try {
        _accept(_data);
      } catch (error) {
        const refusal = REFUSALS.find(([code]) => code === (error as EverwireError).code);
        this._drop(_handle, refusal?.[2] ?? "refused");
      }
    }
  }

  private _drop(handle: Sending, reason: DropReason): void {
    this._client._finish(handle, Status.dropped, { status: "dropped", reason });
    this._client._tell();
  }
}
