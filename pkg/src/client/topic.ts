// Topics: the facade of the core's topics, and the keys of their slots. The core knows slots by number; a key stays here,
// in a map that shrinks again as the core reports slots idle.

import { type Client } from "./connection.js";
import { type Core, LANES, OFFLINE_RULES, ORDERS, OVERFLOWS, UNSET } from "./core.js";
import { MAX_MS, callable, invalid, number, object, word } from "./check.js";
import { caused } from "./error.js";
import { KINDS, RATE_OVERFLOWS, split } from "./policies.js";
import type { Conflate, Debounce, Pace, RateLimit, Throttle } from "./policy-types.js";
import type { Handle, Topic, TopicOptions, TopicSendOptions } from "./types.js";

/** Names of `TopicOptions`. */
const OPTIONS = "policy key lane ttl offline order overflow";

/** What the facade keeps of one topic of the core. */
export interface Lot {
  readonly _id: number;
  /** Undefined for sends without a topic. */
  readonly _name: string | undefined;
  readonly _lane: number;
  /** Whether its policy holds values that newer ones replace. */
  readonly _slotted: boolean;
  /** Whether nothing holds its messages back while the link is open. */
  readonly _direct: boolean;
  _merge: ((older: any, newer: any) => any) | undefined;
  _key: ((value: any) => string | number | undefined) | undefined;
  /** Time to live in ms, `Infinity` for none. */
  readonly _ttl: number;
  /** Numbers of the slots of its keys. */
  readonly _slots: Map<string | number, number>;
  _closed: boolean;
}

/** The topic that the core always has: immediate, no name. */
export function plainLot(): Lot {
  return { ...plan(undefined, true), _id: 0, _name: undefined, _slots: new Map(), _closed: false };
}

/** What takes the place of a pending value. */
export function merged(merge: (older: any, newer: any) => any, older: unknown, newer: unknown): unknown {
  try {
    return merge(older, newer);
  } catch (cause) {
    throw caused("merge", "merge failed, the pending value stays", cause);
  }
}

/** Checked options of a topic in the core's terms. */
export interface Plan extends Pick<Lot, "_lane" | "_slotted" | "_direct" | "_merge" | "_key" | "_ttl"> {
  readonly _registers: readonly number[];
}

/** Checks the options of a topic. */
export function plan(options: TopicOptions | undefined, canBatch: boolean): Plan {
  const given = object("options", options, OPTIONS);
  const [pace, rate] = split(given.policy);
  if (pace.kind === "batch" && !canBatch) {
    invalid("policy", "another one than batch: this codec has no container for several messages; json() and msgpack() have", pace);
  }
  const lane = word("lane", given.lane, 2, LANES);
  const ttl = number("ttl", given.ttl, Infinity, 0, MAX_MS);
  return {
    _registers: [
      KINDS.indexOf(pace.kind), ...paceNumbers(pace), ...rateNumbers(rate),
      word("order", given.order, 0, ORDERS), lane, word("offline", given.offline, UNSET, OFFLINE_RULES),
      ttl, word("overflow", given.overflow, UNSET, OVERFLOWS), +!!(pace as Conflate).merge,
    ],
    _lane: lane,
    _slotted: pace.kind !== "immediate" && pace.kind !== "batch",
    _direct: pace.kind === "immediate" && !rate && ttl > 0,
    _merge: (pace as Conflate).merge,
    _key: callable("key", given.key),
    _ttl: ttl,
  };
}

/**
 * What makes two plans the same stream: what the core is told, and whether values have keys and are merged. Functions
 * cannot be compared: written anew at each call they are still the same options.
 */
export function signature({ _registers, _key }: Plan): string {
  return `${_registers} ${!!_key}`;
}

/** Makes the topic of the core. */
export function makeLot(core: Pick<Core, "set" | "topic">, connection: number, name: string | undefined, checked: Plan): Lot {
  checked._registers.forEach((value, index) => core.set(index, value));
  const id = core.topic(connection);
  if (id < 0) invalid("policy", "one that the core accepts", name);
  return { ...checked, _id: id, _name: name, _slots: new Map(), _closed: false };
}

/** The three registers of a rate limit. */
export function rateNumbers(rate: RateLimit | undefined): number[] {
  return rate ? [rate.rate, rate.burst, word("rateLimit.overflow", rate.overflow, 0, RATE_OVERFLOWS)] : [0, 0, 0];
}

function paceNumbers(pace: Pace): number[] {
  switch (pace.kind) {
    case "debounce":
      return edges(pace, pace.wait, pace.maxWait);
    case "throttle":
      return edges(pace, pace.interval, 0);
    case "conflate":
      return [pace.minInterval, 0, 0, 0];
    case "batch":
      // The core saturates Infinity to its largest values, which stand for "no limit".
      return [pace.maxItems, pace.maxBytes, pace.maxWait, 0];
    default:
      return [0, 0, 0, 0];
  }
}

function edges(pace: Debounce | Throttle, first: number, second: number): number[] {
  return [first, second, Number(pace.leading), Number(pace.trailing)];
}

/** The one implementation of `Topic`. */
export class NamedTopic implements Topic {
  readonly _lot: Lot;
  /** What it was made with, to recognise a second request with other options. */
  readonly _signature: string;
  private readonly _client: Client;

  constructor(client: Client, lot: Lot, signature: string) {
    this._client = client;
    this._lot = lot;
    this._signature = signature;
  }

  get name(): string {
    return this._lot._name!;
  }

  send(value: any, options?: TopicSendOptions): Handle {
    return this._client._send(this._lot, value, options);
  }

  flush(key?: string | number): Promise<void> {
    return this._client._flush(this._lot, key);
  }

  cancel(key?: string | number): void {
    this._client._cancelAll(this._lot, key);
  }

  get pending(): boolean {
    return this._client._pending(this._lot, undefined);
  }

  isPending(key: string | number): boolean {
    return this._client._pending(this._lot, key);
  }

  peek(key?: string | number): any {
    return this._client._peek(this._lot, key)?._value;
  }

  close(): void {
    this._client._closeTopic(this._lot);
  }
}
