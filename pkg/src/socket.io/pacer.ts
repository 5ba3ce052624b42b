// The facade of one outbox of the core: it keeps the values that the core knows as numbers, tells it what happens on the
// socket, and emits what it says. Slots, statuses and bounds are those of `everwire`'s own connections.
import { MAX_MS, abortable, flag, invalid, name as checkName, number, object, word } from "../client/check.js";
import { DROPS, Flag, LANES, OFFLINE_RULES, Scope, Status, UNSET } from "../client/core.js";
import { EverwireError, type ErrorCode } from "../client/error.js";
import { PLAIN_RESULTS, Sending, type Owner } from "../client/handle.js";
import { makeLot, merged, plan, signature, type Lot } from "../client/topic.js";
import type { Handle, SendResult } from "../client/send-types.js";
import { Alarm, now } from "../host/clock.js";
import { wasm } from "../host/inline.js";
import { estimate } from "./estimate.js";
import { Outlet, type OutletEvents } from "./outlet.js";
import { RESERVED } from "./packet.js";
import type { EventOptions, PacedEmitOptions, PacedEvent } from "./policies-types.js";

type Core = typeof import("../generated/socket.io-policies.js");

/** Results of `poll` in src/js/socketio_policies.rs, and kinds of its `settle` and `input`. */
const enum Todo { emit = 1, status = 2, idle = 3 }
const enum Settle { cancel = 0, ack = 1, abandon = 2 }
const enum Input { left = 0, joined = 1, terminate = 2 }

/** What is wrong with a value, by `-1 - result` of `send`. */
const REFUSALS: readonly (readonly [ErrorCode, string])[] = [
  ["closed", "policies of this socket are closed: call policies(socket) again"],
  ["offline", "the socket is not connected and the offline rule is 'reject': wait for connect or use another rule"],
  ["queue-full", "send queue is full: await handles, raise maxMessages or maxBytes, or choose an overflow rule"],
  ["too-large", "value is larger than the whole send queue: split it or raise maxBytes"],
  ["rate-limited", "rate limit is exceeded: slow down or choose another overflow rule"],
  ["closed", "event has no policy any more: ask event() for it again"],
];

const freed = new FinalizationRegistry<number>((id) => wasm<Core>().free(id));

/** What an event adds to a topic. */
interface Manner {
  readonly _ack: boolean;
  readonly _flags: object;
  readonly _spread: boolean;
}

/** The one implementation of `Policies`. */
export class Pacer implements Owner, OutletEvents {
  _closed = false;
  readonly #core = wasm<Core>();
  readonly #id: number;
  readonly #highWater: number;
  readonly #outlet: Outlet;
  readonly #alarm = new Alarm(() => this.#drain());
  readonly #handles: (Sending | undefined)[] = [];
  readonly #events = new Map<string, Event>();
  /** Owner of each slot of the core. */
  readonly #slots: ([Lot, string | number] | undefined)[] = [];
  #draining = false;
  #isFreed = false;
  /** Whether something may be waiting for the transport. */
  #blocked = false;

  constructor(socket: any, registers: readonly number[]) {
    registers.forEach((value, index) => this.#core.set(index, value));
    this.#highWater = registers.at(-1)!;
    this.#id = this.#core.create();
    if (this.#id < 0) invalid("options", "such that the core accepts them", registers);
    freed.register(this, this.#id, this);
    this.#outlet = new Outlet(socket, this);
    if (socket.connected) this.#outlet._listen();
  }

  event(name: string, options?: EventOptions): PacedEvent {
    if (this._closed) throw refusal(-1);
    if (typeof name !== "string" || RESERVED.has(name)) invalid("name", "a string other than the reserved names", name);
    const known = this.#events.get(name);
    if (known && options === undefined) return known;
    const { ack, timeout, spread, ...topic } = object(
      "options", options, "policy key lane ttl offline order overflow ack timeout spread",
    ) as EventOptions;
    if ([topic.policy].flat().some((part) => part && (part as { kind: string }).kind === "batch")) {
      invalid("policy", "another one than batch: a packet of Socket.IO holds one event", topic.policy);
    }
    const checked = plan(topic, false);
    const limit = timeout === undefined ? undefined : number("timeout", timeout, 0, 0, MAX_MS, "open");
    const manner: Manner = {
      _ack: flag("ack", ack, false),
      _flags: limit === undefined ? {} : { timeout: limit },
      _spread: flag("spread", spread, false),
    };
    if (limit !== undefined && !manner._ack) invalid("timeout", "left out without ack", timeout);
    const same = `${signature(checked)} ${manner._ack} ${limit} ${manner._spread}`;
    if (known) {
      if (known._signature === same) {
        known._lot._key = checked._key;
        known._lot._merge = checked._merge;
        return known;
      }
      throw new EverwireError("invalid-option", `event ${JSON.stringify(name)} has another policy: ask for it without options, or close() it first`, { option: "name" });
    }
    const event = new Event(this, makeLot(this.#core, this.#id, name, checked), manner, same);
    this.#events.set(name, event);
    return event;
  }

  flush(): Promise<void> {
    return this._flush(undefined, undefined);
  }

  cancel(): void {
    this._cancelAll(undefined, undefined);
  }

  get pending(): boolean {
    return this._pending(undefined, undefined);
  }

  close(): void {
    if (this._closed) return;
    this._closed = true;
    // In the middle of a write that one is still completed.
    if (this.#draining) return;
    this.#terminate();
    this.#drain();
  }

  #terminate(): void {
    this.#core.input(this.#id, now(), Input.terminate);
    this.#outlet._close();
  }

  // ---- Events

  _emit({ _lot: lot, _manner: { _ack } }: Event, given: unknown, options: PacedEmitOptions | undefined): Sending {
    if (this._closed) throw refusal(-1);
    if (lot._closed) throw refusal(-6);
    object("options", options, "key immediate lane ttl offline signal");
    const { signal, lane, offline, immediate, key: named } = options ?? {};
    let flags = word("lane", lane, UNSET, LANES) | (word("offline", offline, UNSET, OFFLINE_RULES) << 4);
    const ttl = number("ttl", options?.ttl, Infinity, 0, MAX_MS);
    abortable(signal);
    if (flag("immediate", immediate, false)) flags |= Flag.immediate;
    if (_ack) flags |= Flag.acknowledged;
    const key = named ?? lot._key?.(given);
    const handle = new Sending(this, lot, key === undefined ? undefined : checkName("key", key), undefined);
    let value = given;
    if (lot._merge && !(flags & Flag.immediate)) {
      const older = this.#peek(lot, key);
      if (older) {
        value = merged(lot._merge, older._value, given);
        flags |= Flag.merged;
      }
    }
    handle._value = value;
    handle._size = estimate(value);
    if (signal?.aborted) {
      handle._end(Status.cancelled, PLAIN_RESULTS[Status.cancelled]!);
      return handle;
    }
    const slot = key === undefined ? Scope.ownSlot : this.#slotOf(lot, key);
    const ticket = this.#core.send(this.#id, now(), lot._id, slot, handle._size, flags, ttl);
    if (ticket < 0) {
      this.#drain();
      throw refusal(ticket);
    }
    handle._ticket = ticket;
    this.#handles[ticket] = handle;
    this.#drain();
    if (signal && !handle._result) handle._follow(signal as AbortSignal);
    return handle;
  }

  async _flush(lot: Lot | undefined, key: string | number | undefined): Promise<void> {
    const concerned = this.#handles.filter((each) => each && (!lot || each._lot === lot) && (key === undefined || each._key === key));
    this.#admit(lot, key);
    await Promise.allSettled(concerned.map((handle) => handle!.written));
  }

  _cancelAll(lot: Lot | undefined, key: string | number | undefined): void {
    const slot = this.#scope(lot, key);
    if (slot === undefined) return;
    this.#core.cancel_all(this.#id, topicOf(lot), slot);
    this.#drain();
  }

  _pending(lot: Lot | undefined, key: string | number | undefined): boolean {
    const slot = this.#scope(lot, key);
    return slot !== undefined && this.#core.pending(this.#id, topicOf(lot), slot) !== 0;
  }

  _peek(lot: Lot, key: string | number | undefined): unknown {
    return this.#peek(lot, key)?._value;
  }

  _closeEvent({ _lot: lot, name }: Event): void {
    if (lot._closed || this._closed) return;
    lot._closed = true;
    this.#events.delete(name);
    this.#core.remove_topic(this.#id, lot._id);
    for (const slot of lot._slots.values()) this.#slots[slot] = undefined;
    lot._slots.clear();
    this.#drain();
  }

  _cancel({ _ticket }: Sending): boolean {
    return this.#settle(_ticket, Settle.cancel);
  }

  #settle(ticket: number, kind: Settle): boolean {
    if (this._closed) return false;
    const done = this.#core.settle(this.#id, ticket, kind) !== 0;
    this.#drain();
    return done;
  }

  #admit(lot: Lot | undefined, key: string | number | undefined): void {
    const slot = this.#scope(lot, key);
    if (slot === undefined) return;
    this.#core.flush(this.#id, now(), topicOf(lot), slot);
    this.#drain();
  }

  #peek(lot: Lot, key: string | number | undefined): Sending | undefined {
    const slot = this.#scope(lot, key, Scope.ownSlot);
    const ticket = slot === undefined ? -1 : this.#core.peek(this.#id, lot._id, slot);
    return ticket < 0 ? undefined : this.#handles[ticket];
  }

  /** Slot of a key in the core's terms; undefined if nothing of it can wait there. */
  #scope(lot: Lot | undefined, key: string | number | undefined, keyless: number = Scope.wholeTopic): number | undefined {
    if (this._closed || lot?._closed) return undefined;
    return key === undefined ? keyless : lot?._slots.get(checkName("key", key));
  }

  #slotOf(lot: Lot, key: string | number): number {
    let slot = lot._slots.get(key);
    if (slot === undefined) {
      slot = this.#core.slot(this.#id, lot._id);
      lot._slots.set(key, slot);
      this.#slots[slot] = [lot, key];
    }
    return slot;
  }

  // ---- The connection

  _up(): void {
    this.#core.input(this.#id, now(), Input.joined);
    this.#drain();
  }

  _down(): void {
    this.#core.input(this.#id, now(), Input.left);
    this.#drain();
  }

  _writable(): void {
    if (this.#blocked) this.#drain();
  }

  _hiding(): void {
    this.#admit(undefined, undefined);
  }

  /** Does what the core says until it says no more. Listeners called on the way may come back here. */
  #drain(): void {
    if (this.#draining || this.#isFreed) return;
    this.#draining = true;
    let at: number;
    let buffered: number;
    for (let todo; (todo = this.#core.poll(this.#id, at = now(), buffered = this.#outlet._buffered(this.#highWater)));) {
      const first = this.#core.get(0);
      if ((todo & 15) === Todo.emit) {
        this.#write(first);
        if (this._closed) this.#terminate();
      } else if ((todo & 15) === Todo.status) this.#told(first, (todo >> 4) & 15, todo > 0xff);
      else this.#forget(first);
    }
    this.#draining = false;
    this.#blocked = buffered < 0;
    this.#outlet._uncork();
    if (this._closed) {
      this.#isFreed = true;
      this.#alarm.set(Infinity);
      freed.unregister(this);
      this.#core.free(this.#id);
      return;
    }
    const wake = this.#core.next_wake(this.#id);
    // What is overdue waits for the transport, which tells.
    this.#alarm.set(this.#blocked && wake <= at ? Infinity : wake);
  }

  #write(ticket: number): void {
    const handle = this.#handles[ticket]!;
    const { _lot: { _name }, _value: value, _size } = handle;
    const { _ack, _flags, _spread } = this.#events.get(_name!)!._manner;
    const args = _spread ? [_name, ...(value as unknown[])] : [_name, value];
    if (_ack) {
      const timed = "timeout" in _flags;
      args.push((...answer: unknown[]) => {
        // One that the connection lost, or whose time is over, comes with an error; a plain one would not come at all.
        const failed = timed ? answer.shift() : undefined;
        if (handle._result) return;
        if (!failed) handle._answer = { _message: answer[0], _value: undefined, _error: undefined, _refused: false };
        this.#settle(ticket, failed ? Settle.abandon : Settle.ack);
      });
    }
    let ok = 1;
    try {
      this.#outlet._emit(args, _flags, _size);
    } catch (error) {
      handle._value = error;
      ok = 0;
    }
    this.#core.wrote(this.#id, now(), ok);
  }

  #forget(slot: number): void {
    const owner = this.#slots[slot];
    if (!owner) return;
    owner[0]._slots.delete(owner[1]);
    this.#slots[slot] = undefined;
  }

  #told(ticket: number, status: number, last: boolean): void {
    const handle = this.#handles[ticket];
    if (!handle) return;
    handle._status = status;
    if (!last) {
      if (status === Status.written) handle._wrote();
      return;
    }
    this.#handles[ticket] = undefined;
    let result: SendResult = PLAIN_RESULTS[status]!;
    const detail = this.#core.get(1);
    if (status === Status.acked) result = { status: "acked", reply: handle._answer?._message };
    if (status === Status.superseded) result = { status: "superseded", by: this.#handles[detail], merged: this.#core.get(2) === 1 };
    if (status === Status.dropped) {
      const reason = DROPS[detail]!;
      result = { status: "dropped", reason, ...(reason === "refused" && { error: handle._value }) };
    }
    handle._end(status, result);
  }
}

/** The one implementation of `PacedEvent`. */
class Event implements PacedEvent {
  readonly #pacer: Pacer;

  constructor(pacer: Pacer, readonly _lot: Lot, readonly _manner: Manner, readonly _signature: string) {
    this.#pacer = pacer;
  }

  get name(): string {
    return this._lot._name!;
  }

  emit(value: any, options?: PacedEmitOptions): Handle {
    return this.#pacer._emit(this, value, options);
  }

  flush(key?: string | number): Promise<void> {
    return this.#pacer._flush(this._lot, key);
  }

  cancel(key?: string | number): void {
    this.#pacer._cancelAll(this._lot, key);
  }

  get pending(): boolean {
    return this.#pacer._pending(this._lot, undefined);
  }

  isPending(key: string | number): boolean {
    return this.#pacer._pending(this._lot, key);
  }

  peek(key?: string | number): any {
    return this.#pacer._peek(this._lot, key);
  }

  close(): void {
    this.#pacer._closeEvent(this);
  }
}

const topicOf = (lot: Lot | undefined) => (lot ? lot._id : Scope.all);

function refusal(result: number): EverwireError {
  return new EverwireError(...REFUSALS[-1 - result]!);
}
