// `everwire`: the own API. A connection that comes back by itself, send policies by topic and key, typed messages.

import { core } from "./core.js";
import { Client } from "./connection.js";
import { settings } from "./options.js";
import type { StandardSchemaV1 } from "./schema-types.js";
import type { ConnectOptions, Connection, UrlSource } from "./types.js";

export { json, text, bytes, msgpack, Ext } from "../codecs/index.js";
export { EverwireError, type ErrorCode } from "./error.js";
export { batch, conflate, debounce, immediate, rateLimit, throttle } from "./policies.js";
export type * from "./types.js";
export type { SchemaIssue, SchemaResult } from "./schema-types.js";

/** The version of this package. */
export const version: string = EVERWIRE_VERSION;

/**
 * Opens a connection that comes back by itself. The first attempt starts in the next microtask, so listeners that are
 * added right away miss nothing.
 *
 *     const connection = connect("wss://example.org/live");
 *     connection.on("message", (message) => console.log(message));
 *     connection.send({ type: "hello" });
 *
 * @param url one address, a list for failover, or a function (of a promise, too) that is asked before every attempt; if
 * it fails, it is asked again after the usual wait
 * @param options all optional, see {@link ConnectOptions}
 * @throws EverwireError (`invalid-option`) if an option is unknown or wrong; a `SyntaxError` `DOMException`, as the
 * native class, if a fixed address or subprotocol is invalid
 */
export function connect<In, Out = any>(
  url: UrlSource,
  options: ConnectOptions<any, Out> & { schema: StandardSchemaV1<any, In> },
): Connection<In, Out>;
export function connect<In = any, Out = any>(url: UrlSource, options?: ConnectOptions<In, Out>): Connection<In, Out>;
export function connect(url: UrlSource, options?: ConnectOptions): Connection {
  return new Client(settings(core, url, options));
}
