// A topic: values that go to one destination at a pace of their own.

import { signature, type Lot, type Plan } from "../client/topic.js";
import type { StompConnection } from "./connection.js";
import type { Handle, PublishOptions, Topic } from "./types.js";

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
