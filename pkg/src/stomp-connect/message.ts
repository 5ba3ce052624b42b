// A received frame. What is not looked at is not decoded.

import { EverwireError } from "../client/error.js";
import { decode } from "./core.js";
import type { StompConnection } from "./connection.js";
import type { Message } from "./types.js";

/** The one implementation of `Message`. */
export class Received implements Message {
  readonly binary: Uint8Array<ArrayBuffer>;
  /** Command, names and values. */
  private readonly _texts: string[];
  /** Who delivered it, and its two names; undefined where acknowledgement is automatic. */
  readonly _delivery: { readonly _connection: StompConnection; readonly _generation: number; readonly _names: string[] } | undefined;
  private _headers: Record<string, string> | undefined;
  private _body: string | undefined;

  constructor(texts: string[], body: Uint8Array<ArrayBuffer>, delivery: Received["_delivery"]) {
    this._texts = texts;
    this.binary = body;
    this._delivery = delivery;
  }

  get command(): string {
    return this._texts[0]!;
  }

  get headers(): Readonly<Record<string, string>> {
    if (this._headers) return this._headers;
    // Without a prototype: a name from the network means nothing but itself.
    const headers: Record<string, string> = Object.create(null);
    for (let i = 1; i + 1 < this._texts.length; i += 2) {
      const name = this._texts[i]!;
      if (!(name in headers)) headers[name] = this._texts[i + 1]!;
    }
    return (this._headers = headers);
  }

  get destination(): string {
    return this.headers.destination ?? "";
  }

  get body(): string {
    return (this._body ??= decode(this.binary));
  }

  json<T = any>(): T {
    return JSON.parse(this.body) as T;
  }

  ack(): void {
    this._acknowledge(false);
  }

  nack(): void {
    this._acknowledge(true);
  }

  _acknowledge(nack: boolean): void {
    this._deliveredBy()._connection._acknowledge(this, nack);
  }

  _deliveredBy(): NonNullable<Received["_delivery"]> {
    if (this._delivery) return this._delivery;
    throw new EverwireError("late-ack", "message needs no acknowledgement: subscribe with ack 'client' or 'client-individual'");
  }
}
