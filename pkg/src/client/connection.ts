// A connection: what a user of the own API holds. It keeps the payloads and keys that the core knows only as numbers, and
// does what the core says about messages.

import { borrow, owned } from "../codecs/raw.js";
import type { Encoded } from "../codecs/types.js";
import { now } from "../host/clock.js";
import { checkClose } from "./address.js";
import { MAX_MS, abortable, flag, invalid, name as checkName, number, object, word } from "./check.js";
import { Action, DROPS, Flag, LANES, OFFLINE_RULES, REFUSALS, Scope, Status, UNSET } from "./core.js";
import { EverwireError, UNENCODABLE, caused } from "./error.js";
import { guard } from "./events.js";
import { Gates, isEncoded } from "./gate.js";
import { PLAIN_RESULTS, Sending, wait } from "./handle.js";
import { Inbound } from "./inbound.js";
import { iterate } from "./iterator.js";
import { LinkHost, sizeOf } from "./link-host.js";
import type { Settings } from "./options.js";
import { request } from "./request.js";
import { readStats } from "./stats.js";
import { NamedTopic, makeLot, merged, plainLot, plan, signature, type Lot } from "./topic.js";
import type {
  CloseOptions, Connection, ConnectionEvents, Handle, MessageId, RequestOptions, SendOptions, SendResult, Stats, Topic,
  TopicOptions, TopicSendOptions,
} from "./types.js";

const SEND_OPTIONS = "policy key immediate lane ttl offline id ack resend signal";

const freed = new FinalizationRegistry<Pick<Settings, "_core" | "_id">>(({ _core, _id }) => _core.free(_id));

/** The one implementation of `Connection`. */
export class Client extends LinkHost implements Connection {
  _inboundDropped = 0;
  /** Messages that the socket took and refused without the core, whose counters they are missing in. */
  _direct = 0;
  _refused = 0;
  readonly _plain = plainLot();
  /** Handles by ticket; a ticket's number is reused. */
  private readonly _handles: (Sending | undefined)[] = [];
  private readonly _waiting = new Map<MessageId, Sending>();
  private readonly _topics = new Map<string, NamedTopic>();
  private readonly _unnamed = new Map<string, Lot>();
  /** Owner of each slot of the core. */
  private readonly _slots: ([Lot, string | number] | undefined)[] = [];
  /** Ids of written requests that were given up, whose answers may still come. */
  private readonly _late = new Set<MessageId>();
  readonly _gates = new Gates(this);
  private readonly _inbound = new Inbound(this);

  constructor(settings: Settings) {
    super(settings);
    // Not the settings themselves: their functions may refer to the connection, which would then live for ever.
    freed.register(this, { _core: this._core, _id: this._id });
  }

  get pending(): boolean {
    return this._pending(undefined, undefined);
  }

  on<K extends keyof ConnectionEvents<any>>(
    event: K,
    listener: (event: ConnectionEvents<any>[K]) => void,
    options?: { signal?: AbortSignal },
  ): () => void {
    return this._emitter._on(event, listener, options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<any> {
    return iterate(this);
  }

  topic(name: string, options?: TopicOptions): Topic {
    if (typeof name !== "string") invalid("name", "a string", name);
    const known = this._topics.get(name);
    if (known && options === undefined) return known;
    const checked = plan(options, !!this._settings._codec.batch);
    if (known) {
      if (known._signature === signature(checked)) {
        known._lot._key = checked._key;
        known._lot._merge = checked._merge;
        return known;
      }
      throw new EverwireError(
        "invalid-option",
        `topic ${JSON.stringify(name)} exists with other options: ask for it without options, or close() it first`,
        { option: "name" },
      );
    }
    const lot = makeLot(this._core, this._id, name, checked);
    const topic = new NamedTopic(this, lot, signature(checked));
    this._topics.set(name, topic);
    return topic;
  }

  send(value: any, options?: SendOptions): Handle {
    return this._send(options?.policy ? this._lotOf(options) : this._plain, value, options);
  }

  request(value: any, options?: RequestOptions): Promise<any> {
    return request(this, value, options);
  }

  flush(): Promise<void> {
    return this._flush(undefined, undefined);
  }

  cancel(): void {
    this._cancelAll(undefined, undefined);
  }

  stats(): Stats {
    this._tellHeard();
    return readStats(this);
  }

  close(options?: CloseOptions): Promise<void> {
    const given = object("options", options, "code reason deadline flush");
    const goodbye: [number, string] = [given.code ?? 1000, String(given.reason ?? "")];
    checkClose(...goodbye);
    const deadline = number("deadline", given.deadline, 1_000, 0, MAX_MS);
    const flushFirst = flag("flush", given.flush, true);
    if (this._state === "closed") return Promise.resolve();
    this._goodbye = goodbye;
    if (!this._closing) {
      this._closing = wait<void>();
    }
    const { _promise } = this._closing;
    this._tellHeard();
    this._gates._close(flushFirst);
    this._core.close(this._id, now(), Number(flushFirst), deadline);
    this._drain();
    return _promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---- Sending

  /** Checks, encodes, and hands over to the core or to the lane's gate. */
  _send(lot: Lot, given: unknown, options: (TopicSendOptions & { policy?: unknown }) | undefined): Sending {
    const { _codec, _tag, _maxMessages, _borrows } = this._settings;
    const { id, signal, ack = id !== undefined, resend = ack && id !== undefined } = options ?? {};
    let flags = UNSET | (UNSET << 4);
    let ttl = Infinity;
    if (options) {
      object("options", options, SEND_OPTIONS);
      flags = word("lane", options.lane, UNSET, LANES) | (word("offline", options.offline, UNSET, OFFLINE_RULES) << 4);
      ttl = number("ttl", options.ttl, Infinity, 0, MAX_MS);
      abortable(signal);
      if (flag("immediate", options.immediate, false)) flags |= Flag.immediate;
      if (flag("resend", resend, false)) flags |= Flag.resend;
      if (flag("ack", ack, false)) flags |= Flag.acknowledged;
      if (id !== undefined) checkName("id", id);
      else if (ack || resend) invalid("id", "given: an acknowledgement names the message by it", id);
      if (ack && this._waiting.has(id!)) {
        invalid("id", "one that no other message is waiting with", id);
      }
      if (ack && this._waiting.size >= _maxMessages) throw refusal(-3);
    }
    const key = options?.key ?? lot._key?.(given as never);
    const handle = new Sending(this, lot, key === undefined ? undefined : checkName("key", key), id);

    let value = given;
    if (lot._slotted) {
      if (lot._merge && !(flags & Flag.immediate)) {
        const older = this._peek(lot, key);
        if (older) {
          value = merged(lot._merge, older._value, given);
          flags |= Flag.merged;
        }
      }
      handle._value = value;
    }
    const lane = (flags & UNSET) === UNSET ? lot._lane : flags & UNSET;
    // What is written before this returns needs no copy; if it is not, `_drain` makes one before anybody else runs.
    const borrows = _borrows && this._gates._open(lane) && id === undefined && !lot._slotted && !this._draining;
    let data: Encoded | Promise<Encoded>;
    try {
      data = borrows ? borrow(value as ArrayBuffer) : _codec.encode(id === undefined ? value : _tag(value, id));
    } catch (cause) {
      if (cause instanceof EverwireError) throw cause;
      throw caused("encode", UNENCODABLE, cause);
    }
    if (signal?.aborted) {
      handle._end(Status.cancelled, { status: "cancelled" });
      return handle;
    }
    if (ack) this._waiting.set(id!, handle);
    try {
      // The data of a closed connection need not be read to be refused.
      if (this._state === "closed" || this._closing) {
        if (!isEncoded(data)) data.then(undefined, () => {});
        throw refusal(-1);
      }
      if (isEncoded(data) && this._gates._open(lane)) this._accept(handle, data, flags, ttl, borrows);
      else {
        const size = isEncoded(data) ? sizeOf(data) : value instanceof Blob ? value.size : 0;
        this._gates._hold(lane, handle, data, size, flags, ttl);
      }
    } catch (error) {
      if (ack) this._waiting.delete(id!);
      throw error;
    }
    if (signal && !handle._result) handle._follow(signal);
    return handle;
  }

  /** Gives an encoded message to the core; throws if the core refuses it. */
  _accept(handle: Sending, data: Encoded, flags: number, ttl: number, borrowed = false): void {
    const { _lot: lot, _key: key } = handle;
    if (lot._closed) throw refusal(-6);
    if (typeof data !== "string" && this._settings._carriers.some(({ _name }) => _name === "sockjs")) {
      throw new EverwireError("encode", "SockJS carries text only: use a codec that makes text");
    }
    const size = sizeOf(data);
    if (lot._direct && !(flags & (Flag.resend | Flag.acknowledged)) && ttl > 0) {
      const sent = this._bypass(data, size);
      if (sent) {
        this._direct++;
        this._finish(handle, Status.written, PLAIN_RESULTS[Status.written]!);
        return;
      }
      if (sent === false) {
        this._refused++;
        handle._data = borrowed ? owned(data) : data;
        this._finish(handle, Status.dropped, { status: "dropped", reason: "refused" });
        this._tell();
        return;
      }
    }
    const slot = key === undefined ? Scope.ownSlot : this._slotOf(lot, key);
    const at = now();
    const ticket = this._core.send(this._id, at, lot._id, slot, size, flags, ttl);
    if (ticket < 0) {
      this._drain(at);
      throw refusal(ticket);
    }
    handle._ticket = ticket;
    handle._data = data;
    handle._size = size;
    this._handles[ticket] = handle;
    if (borrowed) this._borrower = handle;
    this._drain(at);
  }

  /** Writes a message at once if the core would do no more with it, and need not hear of it. Undefined if it must. */
  private _bypass(data: Encoded, size: number): boolean | undefined {
    if (this._draining || size > this._settings._maxBytes) return undefined;
    const room = (this._room ??= this._core.bypass(this._id));
    return room > 0 && this._host.socket!.bufferedAmount < room ? this._transmit(data, size) : undefined;
  }

  private _slotOf(lot: Lot, key: string | number): number {
    let slot = lot._slots.get(key);
    if (slot === undefined) {
      slot = this._core.slot(this._id, lot._id);
      if (slot < 0) throw refusal(-6);
      lot._slots.set(key, slot);
      this._slots[slot] = [lot, key];
    }
    return slot;
  }

  /** The unnamed topic of a policy given to `send`; equal policies share it. */
  private _lotOf(options: SendOptions): Lot {
    const { _codec } = this._settings;
    const checked = plan({ policy: options.policy! }, !!_codec.batch);
    const name = signature(checked);
    let lot = this._unnamed.get(name);
    if (!lot) {
      lot = makeLot(this._core, this._id, undefined, checked);
      this._unnamed.set(name, lot);
    }
    lot._merge = checked._merge;
    return lot;
  }

  _closeTopic(lot: Lot): void {
    if (lot._closed) return;
    this._gates._cancel(lot);
    lot._closed = true;
    this._topics.delete(lot._name!);
    this._core.remove_topic(this._id, lot._id);
    for (const slot of lot._slots.values()) this._slots[slot] = undefined;
    lot._slots.clear();
    this._drain();
  }

  _cancel(handle: Sending): boolean {
    if (handle._ticket < 0) {
      this._finish(handle, Status.cancelled, { status: "cancelled" });
      return true;
    }
    const done = this._core.cancel(this._id, handle._ticket) !== 0;
    this._drain();
    return done;
  }

  /** Gives up a written request: it is not written again, and its answer is swallowed if it comes after all. */
  _abandon(handle: Sending): void {
    if (handle._result || !this._core.abandon(this._id, handle._ticket)) return;
    const late = this._late;
    late.add(handle.id!);
    for (const id of late) {
      if (late.size <= this._settings._maxMessages) break;
      late.delete(id);
    }
    this._drain();
  }

  /** Without a key the whole topic, without a topic everything; so in all of the following. */
  _cancelAll(lot: Lot | undefined, key: string | number | undefined): void {
    this._gates._cancel(lot, key);
    const slot = scopeOf(lot, key);
    if (slot === undefined) return;
    this._core.cancel_all(this._id, topicOf(lot), slot);
    this._drain();
  }

  _pending(lot: Lot | undefined, key: string | number | undefined): boolean {
    const slot = scopeOf(lot, key);
    return this._gates._held(lot, key).length > 0 ||
      slot !== undefined && this._core.pending(this._id, topicOf(lot), slot) !== 0;
  }

  /** What a slot would send next; without a key the topic's own. */
  _peek(lot: Lot, key: string | number | undefined): Sending | undefined {
    const slot = scopeOf(lot, key, Scope.ownSlot);
    const ticket = slot === undefined ? -1 : this._core.peek(this._id, lot._id, slot);
    return ticket < 0 ? undefined : this._handles[ticket];
  }

  async _flush(lot: Lot | undefined, key: string | number | undefined): Promise<void> {
    const concerned = this._handles.filter(
      (handle) => handle && (!lot || handle._lot === lot) && (key === undefined || handle._key === key),
    );
    for (const held of this._gates._held(lot, key)) {
      held._flushed = true;
      concerned.push(held._handle);
    }
    this._admit(lot, key);
    await Promise.allSettled(concerned.map((handle) => handle!.written));
  }

  /** Admits what is paced. */
  _admit(lot: Lot | undefined, key: string | number | undefined): void {
    const slot = scopeOf(lot, key);
    if (slot === undefined) return;
    this._core.flush(this._id, now(), topicOf(lot), slot);
    this._drain();
  }

  // ---- Receiving

  _deliver(value: unknown): void {
    if (this._draining) this._emitter._queue("message", value);
    else this._emitter._emit("message", value);
  }

  /** Gives an answer to what it answers. True if it belongs to a request and is not delivered. */
  _answered(message: unknown, value: unknown, error: EverwireError | undefined): boolean {
    if (!this._waiting.size && !this._late.size) return false;
    const { _replyTo, _isError } = this._settings;
    const id = guard(() => _replyTo(message));
    if (id === undefined || id === null) return false;
    const handle = this._waiting.get(id);
    if (!handle) return this._late.delete(id);
    if (handle._ticket < 0) return false;
    const _refused = guard(() => _isError(message)) === true;
    handle._answer = { _message: message, _value: value, _error: error, _refused };
    const taken = this._core.ack(this._id, handle._ticket) !== 0;
    this._drain();
    return taken && handle._exclusive;
  }

  // ---- What the core says

  protected _release(): void {
    this._gates._close(false);
    this._slots.forEach((_, slot) => this._forget(slot));
  }

  protected _frame(data: string | ArrayBuffer): void {
    this._inbound._frame(data);
  }

  protected _messageAction(action: number, at: number): number {
    const first = this._core.get(0);
    switch (action & 15) {
      case Action.write: {
        const { _data, _size } = this._handles[first]!;
        return this._write(at, _data, _size);
      }
      case Action.writeBatch:
        return this._writeBatch(at, first);
      case Action.status:
        this._statusOf(first, (action >> 4) & 15, action > 0xff);
        break;
      default:
        this._forget(first);
    }
    return 0;
  }

  /** Hands one frame to the socket; returns its size. */
  private _write(at: number, data: Encoded, size: number): number {
    const sent = this._transmit(data, size);
    this._core.wrote(this._id, at, +!!sent);
    return sent ? size : 0;
  }

  private _writeBatch(at: number, count: number): number {
    const { _codec } = this._settings;
    const parts: Encoded[] = [];
    for (let i = 0; i < count; i++) parts.push(this._handles[this._core.frame(this._id, i)]!._data);
    const frame = guard(() => _codec.batch!(parts));
    if (frame !== undefined) return this._write(at, frame, sizeOf(frame));
    this._core.wrote(this._id, at, 0);
    return 0;
  }

  private _forget(slot: number): void {
    const owner = this._slots[slot];
    if (!owner) return;
    owner[0]._slots.delete(owner[1]);
    this._slots[slot] = undefined;
  }

  private _statusOf(ticket: number, status: number, last: boolean): void {
    const handle = this._handles[ticket];
    if (!handle) return;
    handle._status = status;
    if (!last) {
      if (status === Status.written) handle._wrote();
      return;
    }
    this._handles[ticket] = undefined;
    let result: SendResult;
    switch (status) {
      case Status.acked:
        if (handle._answer?._refused) {
          status = Status.dropped;
          result = { status: "dropped", reason: "refused", reply: handle._answer._message };
        } else result = { status: "acked", reply: handle._answer?._message };
        break;
      case Status.superseded:
        result = { status: "superseded", by: this._handles[this._core.get(2)], merged: this._core.get(3) === 1 };
        break;
      case Status.dropped:
        result = { status: "dropped", reason: DROPS[this._core.get(2)]! };
        break;
      default:
        result = PLAIN_RESULTS[status]!;
    }
    this._finish(handle, status, result);
  }

  /** Gives a handle its last status, and tells if the message ended unsent. */
  _finish(handle: Sending, status: number, result: SendResult): void {
    const data = handle === this._borrower && result.status !== "written" ? owned(handle._data) : handle._data;
    if (handle.id !== undefined && this._waiting.get(handle.id) === handle) this._waiting.delete(handle.id);
    handle._end(status, result);
    if (result.status === "dropped" || result.status === "expired") {
      this._emitter._queue("drop", {
        handle,
        status: result.status,
        reason: result.status === "dropped" ? result.reason : undefined,
        topic: handle._lot._name,
        key: handle._key,
        data,
      });
    }
  }
}

const topicOf = (lot: Lot | undefined) => (lot ? lot._id : Scope.all);

/** Slot of a key in the core's terms; undefined if nothing of it can wait there, as in a closed topic. */
function scopeOf(lot: Lot | undefined, key: string | number | undefined, keyless: number = Scope.wholeTopic): number | undefined {
  if (key !== undefined) return lot?._slots.get(checkName("key", key));
  return lot?._closed ? undefined : keyless;
}

/** What to throw for a negative result of the core's `send`. */
export function refusal(result: number): EverwireError {
  const [code, message] = REFUSALS[-1 - result]!;
  return new EverwireError(code, message);
}
