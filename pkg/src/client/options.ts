// The options of `connect`: every name and value is checked at the call, then told to the core once, as numbers.

import { json } from "../codecs/json.js";
import { encodeBytes } from "../codecs/raw.js";
import type { Codec } from "../codecs/types.js";
import type { NativeSocketClass } from "../host/socket.js";
import type { Provider } from "../host/provider.js";
import { checkProtocols, checkUrl } from "./address.js";
import { MAX_MS, abortable, callable, invalid, number, object, word } from "./check.js";
import { OVERFLOWS, type Core } from "./core.js";
import { EverwireError } from "./error.js";
import type { StandardSchemaV1 } from "./schema-types.js";
import { rateNumbers } from "./topic.js";
import { type Carrier, carriers } from "./transport.js";
import type { CloseInfo, ConnectOptions, HandshakeLink, MessageId, ProtocolSource, UrlSource } from "./types.js";

/** Checked options, as far as JavaScript acts on them. */
export interface Settings {
  readonly _core: Core;
  /** The core's number of the connection. */
  readonly _id: number;
  /** One address, or one function, per endpoint. */
  readonly _urls: readonly Provider<string | URL>[];
  readonly _protocols: Provider<string | readonly string[] | null | undefined>;
  readonly _codec: Codec;
  /** Whether sockets take data before `send` returns, as the platform's does, and the codec can do without a copy. */
  readonly _borrows: boolean;
  /** Whether the time that a message event carries is one of our clock. */
  readonly _stamped: boolean;
  readonly _validate: StandardSchemaV1["~standard"]["validate"] | undefined;
  readonly _retryOn: ((close: CloseInfo) => boolean | number | undefined) | undefined;
  readonly _ping: (() => unknown) | undefined;
  readonly _isPong: ((message: any) => boolean) | undefined;
  readonly _tag: (value: any, id: MessageId) => unknown;
  readonly _replyTo: (message: any) => MessageId | null | undefined;
  readonly _isError: (message: any) => boolean;
  readonly _maxMessages: number;
  readonly _maxBytes: number;
  readonly _inboundLimit: number;
  readonly _inboundOverflow: number;
  readonly _handshake: ((link: HandshakeLink) => void | PromiseLike<void>) | undefined;
  /** 1 for a timer in a worker. */
  readonly _ticker: number;
  readonly _signal: AbortSignal | undefined;
  /** At least one. */
  readonly _carriers: readonly Carrier[];
}

/** Words of `inbound.overflow`. */
const INBOUND_RULES = "error drop-oldest drop-newest";

/** Checks everything and makes the core's connection. */
export function settings(core: () => Core, url: UrlSource, options: ConnectOptions | undefined): Settings {
  const given = object(
    "options", options, "protocols codec schema reconnect heartbeat queue inbound rate correlation handshake ticker signal transport WebSocket",
  );
  const urls = endpoints(url);
  const protocols = offered(given.protocols);
  const codec = given.codec ?? json();
  if (typeof codec?.encode !== "function" || typeof codec.decode !== "function") {
    invalid("codec", "json(), text(), bytes(), msgpack() or an object with encode and decode", codec);
  }
  const schema = given.schema;
  const validate = schema?.["~standard"]?.validate;
  if (schema !== undefined && typeof validate !== "function") invalid("schema", "a Standard Schema validator", schema);

  const off = given.reconnect === false;
  const reconnect = object(
    "reconnect", off ? {} : (given.reconnect as Exclude<ConnectOptions["reconnect"], false>),
    "minDelay maxDelay factor jitter firstSpread maxRetries minUptime connectTimeout retryOn",
  );
  const minDelay = number("reconnect.minDelay", reconnect.minDelay, Math.min(1_000, reconnect.maxDelay ?? 1_000), 0, MAX_MS);
  const heartbeat = given.heartbeat
    ? object("heartbeat", given.heartbeat, "interval timeout ping isPong")
    : (given.heartbeat ?? false) === false ? undefined : invalid("heartbeat", "false or an object", given.heartbeat);
  if (heartbeat && typeof heartbeat.ping !== "function") {
    invalid("heartbeat.ping", "a function that returns the message to send", heartbeat.ping);
  }
  const timeout = heartbeat?.timeout;
  const queue = object("queue", given.queue, "maxMessages maxBytes overflow");
  const inbound = object("inbound", given.inbound, "maxMessages overflow");
  const correlation = object("correlation", given.correlation, "tag replyTo isError");
  const maxMessages = number("queue.maxMessages", queue.maxMessages, 1_000, 1, MAX_MS, "integer");
  const maxBytes = number("queue.maxBytes", queue.maxBytes, 1 << 20, 1, MAX_MS, "integer");
  if (given.rate !== undefined && given.rate?.kind !== "rateLimit") invalid("rate", "made by rateLimit()", given.rate);

  const registers = [
    Math.random() * 2 ** 53,
    minDelay,
    number("reconnect.maxDelay", reconnect.maxDelay, Math.max(10_000, minDelay), minDelay, MAX_MS),
    number("reconnect.factor", reconnect.factor, 2, 1, 1_000) * 1_000,
    word("reconnect.jitter", reconnect.jitter, 1, "full equal none"),
    number("reconnect.firstSpread", reconnect.firstSpread, 2_000, 0, MAX_MS),
    orInfinity("reconnect.maxRetries", reconnect.maxRetries, Infinity, 0, "integer"),
    number("reconnect.minUptime", reconnect.minUptime, 5_000, 0, MAX_MS),
    orInfinity("reconnect.connectTimeout", reconnect.connectTimeout, 10_000, 0, "open"),
    Number(!off),
    urls.length,
    heartbeat ? number("heartbeat.interval", heartbeat.interval, 20_000, 10, MAX_MS) : Infinity,
    timeout === "adaptive" ? -1 : orInfinity("heartbeat.timeout", timeout, -1, 10),
    maxMessages,
    maxBytes,
    word("queue.overflow", queue.overflow, 0, OVERFLOWS),
    ...rateNumbers(given.rate),
  ];
  const checked = {
    _urls: urls,
    _protocols: protocols,
    _codec: codec,
    _borrows: codec.encode === encodeBytes && !given.WebSocket,
    // Events of this page's own class carry the time, which costs less than asking the clock.
    _stamped: !given.WebSocket,
    _validate: validate,
    _retryOn: callable("reconnect.retryOn", reconnect.retryOn),
    _ping: heartbeat?.ping,
    _isPong: callable("heartbeat.isPong", heartbeat?.isPong),
    _tag: callable("correlation.tag", correlation.tag) ?? tag,
    _replyTo: callable("correlation.replyTo", correlation.replyTo) ?? replyTo,
    _isError: callable("correlation.isError", correlation.isError) ?? isError,
    _maxMessages: maxMessages,
    _maxBytes: maxBytes,
    _inboundLimit: number("inbound.maxMessages", inbound.maxMessages, 1_000, 1, MAX_MS, "integer"),
    _inboundOverflow: word("inbound.overflow", inbound.overflow, 0, INBOUND_RULES),
    _handshake: callable("handshake", given.handshake),
    _ticker: word("ticker", given.ticker, 0, "page worker"),
    _signal: abortable(given.signal),
    _carriers: carriers(given.transport, () => socketClass(given.WebSocket)),
  };
  // Only now, so that wrong options need no module and leave nothing behind.
  const exports = core();
  registers.forEach((value, index) => exports.set(index, value));
  const id = exports.create();
  if (id < 0) invalid("options", "accepted by the core", options);
  return { ...checked, _core: exports, _id: id };
}

function endpoints(url: UrlSource): Provider<string | URL>[] {
  if (typeof url === "function") return [url];
  const list = Array.isArray(url) ? (url as (string | URL)[]) : [url as string | URL];
  if (!list.length) invalid("url", "an address, a list of at least one, or a function", url);
  return list.map((item) => {
    if (typeof item !== "string" && !(item instanceof URL)) invalid("url", "a string, a URL, a list of them, or a function", item);
    checkUrl(String(item));
    return String(item);
  });
}

function offered(protocols: ProtocolSource | undefined): Provider<string | readonly string[] | null | undefined> {
  if (typeof protocols === "function") return protocols;
  const list = protocols === undefined || protocols === null ? [] : typeof protocols === "string" ? [protocols] : protocols;
  if (!Array.isArray(list) || list.some((item) => typeof item !== "string")) {
    invalid("protocols", "a string, a list of strings, null or a function", protocols);
  }
  checkProtocols(list as string[]);
  return list as string[];
}

function socketClass(given: ConnectOptions["WebSocket"]): NativeSocketClass {
  const found = given ?? (globalThis as { WebSocket?: unknown }).WebSocket;
  if (typeof found !== "function") {
    if (given != null) invalid("WebSocket", "a class", given);
    const message = "this runtime has no WebSocket class: give one in the option WebSocket, for example of the package ws";
    throw new EverwireError("invalid-option", message, { option: "WebSocket" });
  }
  return found as NativeSocketClass;
}

function tag(value: any, id: MessageId): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    invalid("correlation.tag", "given, because only an object gets its id by default", value);
  }
  return { ...value, id };
}

const replyTo = (message: any): MessageId | undefined => message?.replyTo ?? message?.id;
const isError = (message: any): boolean => (message?.error ?? false) !== false;

/** A number within bounds, or `Infinity` for none. */
function orInfinity(option: string, value: number | undefined, fallback: number, min: number, kind?: "integer" | "open"): number {
  return value === Infinity ? value : number(option, value, fallback, min, MAX_MS, kind);
}
