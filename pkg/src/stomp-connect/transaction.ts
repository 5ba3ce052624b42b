// A transaction: collected here, handed over and written as a whole.

import { object } from "../client/check.js";
import { EverwireError } from "../client/error.js";
import type { StompConnection } from "./connection.js";
import { checkHeaders, encodeBody, type Outgoing } from "./outgoing.js";
import { Received } from "./message.js";
import type { CommitOptions, Handle, Headers, Message, Transaction } from "./types.js";

/** The one implementation of `Transaction`. */
export class Collected implements Transaction {
  private readonly _connection: StompConnection;
  private readonly _parts: (Outgoing | Received)[] = [];
  private _over = false;

  constructor(connection: StompConnection) {
    this._connection = connection;
  }

  publish(destination: string, body?: unknown, options?: { headers?: Headers; skipContentLength?: boolean }): void {
    this._check();
    const given = object("options", options, "headers skipContentLength");
    this._parts.push(encodeBody(destination, body, checkHeaders(given.headers), given.skipContentLength));
  }

  ack(message: Message): void {
    this._check();
    const received = message as Received;
    received._deliveredBy();
    this._parts.push(received);
  }

  commit(options?: CommitOptions): Handle {
    this._check();
    this._over = true;
    return this._connection._commit(this._parts, options);
  }

  abort(): void {
    this._over = true;
  }

  private _check(): void {
    if (this._over) throw new EverwireError("closed", "transaction is over: begin() another one");
  }
}
