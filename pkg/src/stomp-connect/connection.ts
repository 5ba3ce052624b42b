// A STOMP client: what a user holds. It keeps handles, keys and listeners that the core knows as numbers.

import { MAX_MS, abortable, flag, invalid, name as checkName, number, object, word } from "../client/check.js";
import type { Client } from "../client/connection.js";
import { DROPS, Flag, LANES, OFFLINE_RULES, Scope, Status, UNSET, type Core as ClientCore } from "../client/core.js";
import { EverwireError } from "../client/error.js";
import { PLAIN_RESULTS, Sending, wait, type Wait } from "../client/handle.js";
import { makeLot, merged, plainLot, plan, type Lot } from "../client/topic.js";
import { utf8Length } from "../codecs/utf8.js";
import { now } from "../host/clock.js";
import { ACK_MODES, Action, Incoming, Subscribed, VERSIONS, fill, readBytes, readText, refusal } from "./core.js";
import { Host } from "./host.js";
import { Received } from "./message.js";
import type { Settings } from "./options.js";
import { checkHeaders, encodeBody, joinHeaders, type Outgoing } from "./outgoing.js";
import { Subscribing } from "./subscription.js";
import { Paced, Unnamed, describe, scopeOf, topicOf } from "./topic.js";
import { Collected } from "./transaction.js";
import type {
  CommitOptions, Handle, Message, PolicyOption, PublishOptions, SendResult, StompClient, StompCloseOptions, StompEvents,
  StompRequestOptions, StompStats, SubscribeOptions, Subscription, Topic, TopicOptions, Transaction, WaitOptions,
} from "./types.js";
import { bounded } from "./waits.js";

const PUBLISH_OPTIONS = "headers receipt id key immediate lane ttl offline signal skipContentLength policy";
const DEFAULT_TIMEOUT = 10_000;
const STATS = "attempt reconnects dialAt receivedAt queued queuedBytes accepted written acked superseded dropped expired cancelled unknown resent".split(" ");

const freed = new FinalizationRegistry<Pick<Settings, "_core" | "_id">>(({ _core, _id }) => _core.free(_id));

/** The one implementation of `StompClient`. */
export class StompConnection extends Host implements StompClient {
  version = "";
  private _received = 0;
  private readonly _plain = plainLot();
  private readonly _handles: (Sending | undefined)[] = [];
  private readonly _subscriptions = new Map<number, Subscribing>();
  private readonly _requests = new Map<number, Wait<Message>>();
  private readonly _topics = new Map<string, Paced>();
  private readonly _unnamed = new Unnamed();
  private readonly _slots: ([Lot, string | number] | undefined)[] = [];

  constructor(settings: Settings) {
    super(settings);
    freed.register(this, { _core: this._core, _id: this._id });
  }

  get pending(): boolean {
    return this._pending(undefined, undefined);
  }

  on<K extends keyof StompEvents>(event: K, listener: (event: StompEvents[K]) => void, options?: { signal?: AbortSignal }): () => void {
    return this._emitter._on(event, listener, options);
  }

  opened(options?: WaitOptions): Promise<void> {
    const done = wait<void>();
    const check = () => {
      if (this._state === "open") done._resolve();
      else if (this._state === "closed") {
        const why = this._complaint ? `: ${this._complaint.headers.message ?? "ERROR"}` : "";
        done._reject(new EverwireError("ended", `connection has ended (${this._ended})${why}`, { data: this._complaint }));
      }
    };
    const off = this.on("state", check);
    check();
    return bounded(done._promise.finally(off), options, "connection was not open", off);
  }

  subscribe(
    destination: string,
    first?: ((message: Message) => void) | SubscribeOptions,
    second?: SubscribeOptions,
  ): Subscription {
    const listener = typeof first === "function" ? first : undefined;
    const given = object("options", listener ? second : (first as SubscribeOptions | undefined), "headers ack inbound signal");
    if (typeof destination !== "string") invalid("destination", "a string", destination);
    const ack = word("ack", given.ack, 0, ACK_MODES);
    const signal = abortable(given.signal);
    signal?.throwIfAborted();
    const subscription = new Subscribing(this, destination, given.inbound);
    if (listener) subscription.on(listener);
    fill(this._core, [destination, ...checkHeaders(given.headers)]);
    const number = this._core.subscribe(this._id, now(), ack);
    if (number < 0) throw refusal(number);
    subscription._listener = number;
    this._subscriptions.set(number, subscription);
    subscription._follow(signal);
    this._drain();
    return subscription;
  }

  publish(destination: string, body?: unknown, options?: PublishOptions & { policy?: PolicyOption<any> }): Handle {
    return this._publish(undefined, destination, body, options);
  }

  topic<T = any>(destination: string, options?: TopicOptions<T>): Topic<T> {
    if (typeof destination !== "string") invalid("destination", "a string", destination);
    const known = this._topics.get(destination);
    if (known && options === undefined) return known;
    const { headers, receipt, ...rest } = options ?? {};
    const checked = plan(rest, false);
    const texts = checkHeaders(headers);
    const wants = flag("receipt", receipt, false);
    if (known) {
      if (known._signature === describe(checked, texts, wants)) {
        known._lot._key = checked._key;
        known._lot._merge = checked._merge;
        return known;
      }
      throw new EverwireError(
        "invalid-option",
        `topic ${JSON.stringify(destination)} exists with other options: ask for it without options, or close() it first`,
        { option: "destination" },
      );
    }
    const lot = makeLot(this._core as unknown as ClientCore, this._id, destination, checked);
    const topic = new Paced(this, destination, lot, checked, texts, wants);
    this._topics.set(destination, topic);
    return topic;
  }

  async request(destination: string, body?: unknown, options?: StompRequestOptions): Promise<Message> {
    const given = object("options", options, "headers replyTo timeout signal skipContentLength");
    const timeout = given.timeout === Infinity ? Infinity : number("timeout", given.timeout, DEFAULT_TIMEOUT, 0, MAX_MS, "open");
    const signal = abortable(given.signal);
    signal?.throwIfAborted();
    const message = encodeBody(destination, body, checkHeaders(given.headers), given.skipContentLength);
    const head = fill(this._core, [destination, given.replyTo ?? "", ...message._headers], message._body);
    const request = this._core.request(this._id, now(), head, message._kind, timeout);
    if (request < 0) throw refusal(request);
    const answer = wait<Message>();
    this._requests.set(request, answer);
    this._drain();
    return bounded(answer._promise, signal && { signal }, "", () => {
      if (!this._requests.delete(request)) return;
      this._core.cancel_request(this._id, request);
      this._drain();
    });
  }

  begin(): Transaction {
    return new Collected(this);
  }

  flush(): Promise<void> {
    return this._flush(undefined, undefined);
  }

  cancel(): void {
    this._cancelAll(undefined, undefined);
  }

  stats(): StompStats {
    this._core.stats(this._id);
    const { dialAt, receivedAt, ...rest } = Object.fromEntries(STATS.map((name, index) => [name, this._core.get(index)])) as any;
    const at = now();
    return {
      state: this._state,
      version: this.version,
      nextDialIn: dialAt === Infinity ? undefined : Math.max(dialAt - at, 0),
      silentFor: this._state === "open" && receivedAt !== Infinity ? Math.max(at - receivedAt, 0) : undefined,
      subscriptions: this._subscriptions.size,
      bufferedAmount: this._socket?.bufferedAmount ?? 0,
      received: this._received,
      ...rest,
    };
  }

  close(options?: StompCloseOptions): Promise<void> {
    const given = object("options", options, "deadline flush");
    return this._close(flag("flush", given.flush, true), number("deadline", given.deadline, 1_000, 0, MAX_MS));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---- Sending

  _publish(topic: Paced | undefined, destination: string, given: unknown, options: (PublishOptions & { policy?: PolicyOption<any> }) | undefined): Handle {
    const checked = object("options", options, PUBLISH_OPTIONS);
    const { id, signal, policy } = checked;
    const lot = topic ? topic._lot : policy ? this._lotOf(destination, policy) : this._plain;
    if (lot._closed) throw refusal(-6);
    if (id !== undefined && (typeof id !== "string" || id === "")) invalid("id", "a string", id);
    abortable(signal);
    let flags = word("lane", checked.lane, UNSET, LANES) | (word("offline", checked.offline, UNSET, OFFLINE_RULES) << 4);
    const ttl = number("ttl", checked.ttl, Infinity, 0, MAX_MS);
    if (flag("immediate", checked.immediate, false)) flags |= Flag.immediate;
    if (flag("receipt", checked.receipt, topic?._receipt ?? false)) flags |= Flag.acknowledged;
    if (id !== undefined) flags |= Flag.resend | Flag.acknowledged;
    const key = checked.key ?? lot._key?.(given as never);
    const handle = new Sending(this as unknown as Client, lot, key === undefined ? undefined : checkName("key", key), id);
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
    const message = encodeBody(destination, value, joinHeaders(topic?._headers ?? [], checkHeaders(checked.headers)), checked.skipContentLength);
    if (signal?.aborted) {
      handle._end(Status.cancelled, { status: "cancelled" });
      return handle;
    }
    const slot = key === undefined ? Scope.ownSlot : this._slotOf(lot, key);
    const head = fill(this._core, [destination, id ?? "", ...message._headers], message._body);
    this._accept(handle, this._core.publish(this._id, now(), lot._id, slot, head, message._kind, flags, ttl), message._body);
    if (signal && !handle._result) handle._follow(signal);
    return handle;
  }

  _commit(parts: readonly (Outgoing | Received)[], options: CommitOptions | undefined): Handle {
    const core = this._core;
    const given = object("options", options, "receipt ttl lane offline");
    let flags = word("lane", given.lane, UNSET, LANES) | (word("offline", given.offline, UNSET, OFFLINE_RULES) << 4);
    if (flag("receipt", given.receipt, true)) flags |= Flag.acknowledged;
    const ttl = number("ttl", given.ttl, Infinity, 0, MAX_MS);
    try {
      for (const part of parts) {
        if (part instanceof Received) {
          const { _generation, _names } = part._deliveredBy();
          fill(core, _names);
          core.add_ack(this._id, _generation);
        } else {
          const result = core.add(this._id, fill(core, [part._destination, "", ...part._headers], part._body), part._kind);
          if (result < 0) throw refusal(result);
        }
      }
    } catch (error) {
      core.abort(this._id);
      throw error;
    }
    const handle = new Sending(this as unknown as Client, this._plain, undefined, undefined);
    this._accept(handle, core.commit(this._id, now(), flags, ttl), "");
    return handle;
  }

  private _accept(handle: Sending, ticket: number, body: string | Uint8Array): void {
    if (ticket < 0) {
      this._drain();
      throw refusal(ticket);
    }
    handle._ticket = ticket;
    handle._size = typeof body === "string" ? utf8Length(body) : body.length;
    this._handles[ticket] = handle;
    this._drain();
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

  private _lotOf(destination: string, policy: PolicyOption<any>): Lot {
    const lot = this._unnamed._get(destination, policy, (plan) => makeLot(this._core as unknown as ClientCore, this._id, destination, plan));
    const spare = this._unnamed._spare(lot, (other) => this._pending(other, undefined));
    if (spare) this._closeLot(spare);
    return lot;
  }

  _closeTopic(topic: Paced): void {
    const lot = topic._lot;
    if (lot._closed) return;
    this._topics.delete(topic.destination);
    this._closeLot(lot);
    this._drain();
  }

  private _closeLot(lot: Lot): void {
    lot._closed = true;
    this._core.remove_topic(this._id, lot._id);
    for (const slot of lot._slots.values()) this._slots[slot] = undefined;
    lot._slots.clear();
  }

  /** For the handle. */
  _cancel(handle: Sending): boolean {
    const done = this._core.cancel(this._id, handle._ticket) !== 0;
    this._drain();
    return done;
  }

  _cancelAll(lot: Lot | undefined, key: string | number | undefined): void {
    const slot = scopeOf(lot, key);
    if (slot === undefined) return;
    this._core.cancel_all(this._id, topicOf(lot), slot);
    this._drain();
  }

  _pending(lot: Lot | undefined, key: string | number | undefined): boolean {
    const slot = scopeOf(lot, key);
    return slot !== undefined && this._core.pending(this._id, topicOf(lot), slot) !== 0;
  }

  _peek(lot: Lot, key: string | number | undefined): Sending | undefined {
    const slot = scopeOf(lot, key, Scope.ownSlot);
    const ticket = slot === undefined ? -1 : this._core.peek(this._id, lot._id, slot);
    return ticket < 0 ? undefined : this._handles[ticket];
  }

  async _flush(lot: Lot | undefined, key: string | number | undefined): Promise<void> {
    const concerned = this._handles.filter(
      (handle) => handle && (!lot || handle._lot === lot) && (key === undefined || handle._key === key),
    );
    const slot = scopeOf(lot, key);
    if (slot !== undefined) {
      this._core.flush(this._id, now(), topicOf(lot), slot);
      this._drain();
    }
    await Promise.allSettled(concerned.map((handle) => handle!.written));
  }

  _unsubscribe(subscription: Subscribing): void {
    if (!this._subscriptions.delete(subscription._listener)) return;
    this._core.unsubscribe(this._id, now(), subscription._listener);
    this._drain();
  }

  _acknowledge(message: Received, nack: boolean): void {
    const { _generation, _names } = message._deliveredBy();
    fill(this._core, _names);
    const result = this._core.acknowledge(this._id, now(), _generation, Number(nack));
    this._drain();
    if (result === -1) {
      throw new EverwireError("late-ack", "message came over a connection that is gone: the broker delivers it again", { data: message });
    }
    if (result < 0) throw new EverwireError("protocol", "the agreed STOMP version has no such frame: offer 1.1 or 1.2");
  }

  // ---- Receiving

  protected _frame(data: unknown, generation: number): void {
    const core = this._core;
    const octets = typeof data === "string" ? data : data instanceof ArrayBuffer ? new Uint8Array(data) : (data as Uint8Array);
    fill(core, [], octets);
    core.receive(this._id, generation);
    for (let kind; (kind = core.next(this._id, now())) !== Incoming.none; ) this._incoming(kind, generation);
    this._drain();
  }

  private _incoming(kind: number, generation: number): void {
    const core = this._core;
    const first = core.get(4);
    const texts = readText(core, core.get(0), core.get(1)).split("\0");
    texts.pop();
    const body = readBytes(core, core.get(2), core.get(3));
    let delivery: Received["_delivery"];
    if (kind === Incoming.message && core.get(5)) {
      delivery = { _connection: this, _generation: generation, _names: texts.splice(1, 2) };
    }
    const message = new Received(texts, body, delivery);
    switch (kind) {
      case Incoming.connected:
        this.version = VERSIONS[first]!;
        break;
      case Incoming.message: {
        this._received++;
        const subscriptions: Subscribing[] = [];
        for (let index = 0; index < first; index++) {
          const subscription = this._subscriptions.get(core.listener(this._id, index));
          if (subscription) subscriptions.push(subscription);
        }
        this._emitter._defer(() => subscriptions.forEach((subscription) => {
          if (!subscription._over) subscription._deliver(message);
        }));
        break;
      }
      case Incoming.reply:
        this._received++;
        this._requests.get(first)?._resolve(message);
        this._requests.delete(first);
        break;
      case Incoming.error:
        this._complaint = message;
        this._emitter._queue("error", new EverwireError("server", message.headers.message ?? "the server reported an error", { data: message }));
        break;
      default:
        this._emitter._queue("message", message);
    }
  }

  // ---- What the core says

  protected _release(): void {
    this._slots.forEach((_, slot) => this._forget(slot));
    const failure = this._ended === "user"
      ? undefined
      : new EverwireError("ended", `connection ended (${this._ended}): call reconnect() to dial again`, { data: this._complaint });
    for (const [listener, subscription] of [...this._subscriptions]) {
      this._subscriptions.delete(listener);
      this._core.unsubscribe(this._id, now(), listener);
      this._emitter._defer(() => subscription._end(failure));
    }
  }

  protected _messageAction(action: number): void {
    const core = this._core;
    const first = core.get(0);
    switch (action & 15) {
      case Action.status:
        this._statusOf(first, (action >> 4) & 15, action > 0xff);
        break;
      case Action.idle:
        this._forget(first);
        break;
      case Action.subscription:
        this._subscribed(first, core.get(1));
        break;
      case Action.request:
        this._unanswered(first, core.get(1));
        break;
      case Action.unwritable:
        this._emitter._queue("error", core.get(1)
          ? new EverwireError("late-ack", "a transaction acknowledges a message of a connection that is gone: nothing of it was sent")
          : new EverwireError("encode", "a message cannot be written in the agreed STOMP version: remove line feeds from its headers"));
    }
  }

  private _subscribed(listener: number, state: number): void {
    const subscription = this._subscriptions.get(listener);
    if (!subscription) return;
    let failure: EverwireError | undefined;
    if (state >= Subscribed.refused) {
      this._subscriptions.delete(listener);
      failure = state === Subscribed.refused
        ? new EverwireError("refused", `the server refused the subscription: ${this._complaint?.headers.message ?? "ERROR"}`, { data: this._complaint })
        : new EverwireError("encode", "a subscription cannot be written in the agreed STOMP version: remove line feeds from its headers");
    }
    this._emitter._defer(() => subscription._got(state, failure));
  }

  private _unanswered(request: number, why: number): void {
    const answer = this._requests.get(request);
    if (!answer) return;
    this._requests.delete(request);
    answer._reject(why === 0
      ? new EverwireError("timeout", "no answer in time: the server may or may not have handled the request")
      : new EverwireError("not-delivered", why === 1
        ? "request was not sent: try again when the connection is open"
        : "connection was lost before the answer: the request may have taken effect"));
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
    if (status === Status.acked) result = { status: "acked", reply: undefined };
    else if (status === Status.superseded) {
      result = { status: "superseded", by: this._handles[this._core.get(2)], merged: this._core.get(3) === 1 };
    } else if (status === Status.dropped) result = { status: "dropped", reason: DROPS[this._core.get(2)]! };
    else result = PLAIN_RESULTS[status]!;
    handle._end(status, result);
    if (result.status === "dropped" || result.status === "expired") {
      this._emitter._queue("drop", {
        handle,
        status: result.status,
        reason: result.status === "dropped" ? result.reason : undefined,
        topic: handle._lot._name,
        key: handle._key,
        data: "",
      });
    }
  }
}
