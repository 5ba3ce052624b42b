// The way of a received frame: decode, heartbeat, schema, correlation, listeners. Order is kept also when the schema
// answers with a promise. No step enters WebAssembly unless the message answers something.

import type { SchemaResult } from "./schema-types.js";
import type { Client } from "./connection.js";
import { EverwireError, caused } from "./error.js";
import { report } from "./events.js";

/** Receives the frames of one connection. */
export class Inbound {
  private readonly _client: Client;
  /** Settles when every message before the next one was delivered; undefined if none is being validated. */
  private _last: Promise<void> | undefined;
  private _validating = 0;

  constructor(client: Client) {
    this._client = client;
  }

  _frame(data: string | ArrayBuffer): void {
    const client = this._client;
    const { _codec, _isPong, _validate } = client._settings;
    let message: unknown;
    try {
      message = _codec.decode(data);
    } catch (cause) {
      client._fail(caused("decode", "received message cannot be decoded", cause, data));
      return;
    }
    if (_isPong) {
      try {
        if (_isPong(message)) {
          client._pong();
          return;
        }
      } catch (error) {
        report(error);
      }
    }
    if (_validate) this._check(_validate, message, data);
    else this._route(message, message);
  }

  private _check(validate: (value: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>, message: unknown, data: unknown): void {
    let verdict: SchemaResult<unknown> | Promise<SchemaResult<unknown>>;
    try {
      verdict = validate(message);
    } catch (error) {
      verdict = Promise.reject(error);
    }
    if (!("then" in verdict) && !this._last) {
      this._finish(message, data, verdict);
      return;
    }
    if (this._validating >= this._client._settings._inboundLimit) {
      // Nobody awaits a validation that comes too late.
      Promise.resolve(verdict).catch(() => {});
      this._client._fail(new EverwireError(
        "inbound-overflow",
        "the schema has not answered for inbound.maxMessages messages: make it faster or raise the limit",
        { data },
      ));
      return;
    }
    this._validating++;
    const mine = this._after(this._last, message, data, verdict).finally(() => {
      this._validating--;
      if (this._last === mine) this._last = undefined;
    });
    this._last = mine;
  }

  /** Waits for the schema, then for the message before, and goes on. */
  private async _after(
    before: Promise<void> | undefined,
    message: unknown,
    data: unknown,
    verdict: SchemaResult<unknown> | Promise<SchemaResult<unknown>>,
  ): Promise<void> {
    let outcome: SchemaResult<unknown> | undefined;
    let cause: unknown;
    try {
      outcome = await verdict;
    } catch (error) {
      cause = error;
    }
    await before;
    if (outcome) this._finish(message, data, outcome);
    else this._invalid(message, caused("schema", "schema failed on a message", cause, data));
  }

  private _finish(message: unknown, data: unknown, outcome: SchemaResult<unknown>): void {
    const issues = outcome.issues;
    if (!issues) {
      this._route(message, outcome.value);
      return;
    }
    const path = issues[0]?.path?.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    const where = path ? ` at ${path}` : "";
    this._invalid(message, new EverwireError("schema", `received message is invalid${where}: ${issues[0]?.message}`, { data, issues }));
  }

  /** An invalid answer still answers: the request is rejected, the acknowledged message is acknowledged. */
  private _invalid(message: unknown, error: EverwireError): void {
    this._client._answered(message, error, error);
    this._client._fail(error);
  }

  private _route(message: unknown, value: unknown): void {
    this._client._handshake?._offer(value);
    if (!this._client._answered(message, value, undefined)) this._client._deliver(value);
  }
}
