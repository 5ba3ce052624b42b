// A topic: values that go to one destination at a pace of their own.

import { name as checkName } from "../client/check.js";
import { Scope } from "../client/core.js";
import { plan, signature, type Lot, type Plan } from "../client/topic.js";
import type { StompConnection } from "./connection.js";
import type { Handle, PolicyOption, PublishOptions, Topic } from "./types.js";

/** Topics of `publish` with a policy that are kept although nothing is pending, for their pace. */
const KEPT = 1_000;

/** The one implementation of `Topic`. */
export class Paced implements Topic {
  readonly destination: string;
  readonly _lot: Lot;
  readonly _signature: string;
  readonly _headers: readonly string[];
  readonly _receipt: boolean;
  private readonly _connection: StompConnection;

  constructor(connection: StompConnection, destination: string, lot: Lot, plan: Plan, headers: readonly string[], receipt: boolean) {
    this._connection = connection;
    this.destination = destination;
    this._lot = lot;
    this._signature = describe(plan, headers, receipt);
    this._headers = headers;
    this._receipt = receipt;
  }

  publish(value: any, options?: PublishOptions): Handle {
    return this._connection._publish(this, this.destination, value, options);
  }

  flush(key?: string | number): Promise<void> {
    return this._connection._flush(this._lot, key);
  }

  cancel(key?: string | number): void {
    this._connection._cancelAll(this._lot, key);
  }

  get pending(): boolean {
    return this._connection._pending(this._lot, undefined);
  }

  isPending(key: string | number): boolean {
    return this._connection._pending(this._lot, key);
  }

  peek(key?: string | number): any {
    return this._connection._peek(this._lot, key)?._value;
  }

  close(): void {
    this._connection._closeTopic(this);
  }
}

/** What makes two requests for a topic the same. */
export function describe(plan: Plan, headers: readonly string[], receipt: boolean): string {
  return JSON.stringify([signature(plan), headers, receipt]);
}

/** The topics of policies given to `publish`; equal policies for one destination share one. */
export class Unnamed {
  /** The one that was not used for longest comes first. */
  private readonly _lots = new Map<string, Lot>();

  _get(destination: string, policy: PolicyOption<any>, make: (plan: Plan) => Lot): Lot {
    const checked = plan({ policy }, false);
    const name = `${destination} ${signature(checked)}`;
    const lot = this._lots.get(name) ?? make(checked);
    lot._merge = checked._merge;
    this._lots.delete(name);
    this._lots.set(name, lot);
    return lot;
  }

  /** One that is not `used` and has nothing to send, if there are too many: destinations may be. It is forgotten here. */
  _spare(used: Lot, pending: (lot: Lot) => boolean): Lot | undefined {
    if (this._lots.size <= KEPT) return undefined;
    for (const [name, lot] of this._lots) {
      if (lot === used || pending(lot)) continue;
      this._lots.delete(name);
      return lot;
    }
    return undefined;
  }
}

export const topicOf = (lot: Lot | undefined) => (lot ? lot._id : Scope.all);

/** Slot of a key in the core's terms; undefined if nothing of it can wait there, as in a closed topic. */
export function scopeOf(lot: Lot | undefined, key: string | number | undefined, keyless: number = Scope.wholeTopic): number | undefined {
  if (key !== undefined) return lot?._slots.get(checkName("key", key));
  return lot?._closed ? undefined : keyless;
}
