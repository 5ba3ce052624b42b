// The options of `connect`: every name and value is checked at the call, then told to the core once.

import { checkUrl } from "../client/address.js";
import { MAX_MS, abortable, callable, flag, invalid, number, object, word } from "../client/check.js";
import { OVERFLOWS } from "../client/core.js";
import { EverwireError } from "../client/error.js";
import { rateNumbers } from "../client/topic.js";
import type { Provider } from "../host/provider.js";
import { type Core, VERSIONS, fill } from "./core.js";
import { checkHeaders } from "./outgoing.js";
import type { ConnectOptions, Headers, LossInfo, SocketLike, Source } from "./types.js";

/** Checked options, as far as JavaScript acts on them. */
export interface Settings {
  readonly _core: Core;
  readonly _id: number;
  /** Makes the socket of an attempt. */
  readonly _dial: (attempt: number, endpoint: number) => Provider<() => SocketLike>;
  readonly _headers: (attempt: number) => Headers | PromiseLike<Headers>;
  readonly _retryOn: ((loss: LossInfo) => boolean | number | undefined) | undefined;
  readonly _ticker: number;
  readonly _signal: AbortSignal | undefined;
}

const OPTIONS = "connectHeaders versions subprotocols heartbeat reconnect queue rate confirm stopOnRefusedLogin idHeader replyTo maxBodySize ticker signal WebSocket";
const MAX_BODY = 1 << 30;

/** Checks everything and makes the core's client. */
export function settings(core: () => Core, source: Source, options: ConnectOptions | undefined): Settings {
  const given = object("options", options, OPTIONS);
  const versions = given.versions ?? [...VERSIONS].reverse();
  const offered = Array.isArray(versions) && versions.length > 0 && versions.every((version) => VERSIONS.includes(version));
  if (!offered) invalid("versions", "a list of '1.0', '1.1' and '1.2'", versions);
  const protocols = flag("subprotocols", given.subprotocols, true)
    ? versions.map((version) => `v${version.replace(".", "")}.stomp`)
    : [];
  const [dial, endpoints] = dialler(source, protocols, given.WebSocket);

  const off = given.reconnect === false;
  const reconnect = object(
    "reconnect", off ? {} : (given.reconnect as Exclude<ConnectOptions["reconnect"], false>),
    "minDelay maxDelay factor jitter firstSpread maxRetries minUptime connectTimeout retryOn",
  );
  const minDelay = number("reconnect.minDelay", reconnect.minDelay, Math.min(1_000, reconnect.maxDelay ?? 1_000), 0, MAX_MS);
  const heartbeat = object("heartbeat", given.heartbeat, "outgoing incoming");
  const queue = object("queue", given.queue, "maxMessages maxBytes overflow");
  if (given.rate !== undefined && given.rate?.kind !== "rateLimit") invalid("rate", "made by rateLimit()", given.rate);
  const provided = typeof given.connectHeaders === "function";
  const fixed = given.connectHeaders;
  if (!provided) checkHeaders(fixed as Headers | undefined, "connectHeaders");

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
    endpoints,
    number("heartbeat.outgoing", heartbeat.outgoing, 10_000, 0, MAX_MS, "integer"),
    number("heartbeat.incoming", heartbeat.incoming, 10_000, 0, MAX_MS, "integer"),
    number("queue.maxMessages", queue.maxMessages, 1_000, 1, MAX_MS, "integer"),
    number("queue.maxBytes", queue.maxBytes, 1 << 20, 1, MAX_MS, "integer"),
    word("queue.overflow", queue.overflow, 0, OVERFLOWS),
    ...rateNumbers(given.rate),
    number("confirm", given.confirm, 1_000, 0, MAX_MS),
    Number(flag("stopOnRefusedLogin", given.stopOnRefusedLogin, !provided)),
    VERSIONS.reduce((bits, version, bit) => bits | (versions.includes(version) ? 1 << bit : 0), 0),
    number("maxBodySize", given.maxBodySize, 64 << 20, 0, MAX_BODY, "integer"),
  ];
  const checked = {
    _dial: dial,
    _headers: provided ? (given.connectHeaders as (attempt: number) => Headers) : () => (fixed as Headers) ?? {},
    _retryOn: callable("reconnect.retryOn", reconnect.retryOn),
    _ticker: word("ticker", given.ticker, 1, "page worker"),
    _signal: abortable(given.signal),
  };
  const texts = [text("idHeader", given.idHeader, "idempotency-key"), text("replyTo", given.replyTo, "/temp-queue/replies")];
  // Only now, so that wrong options need no module and leave nothing behind.
  const exports = core();
  fill(exports, texts);
  registers.forEach((value, index) => exports.set(index, value));
  const id = exports.create();
  if (id < 0) invalid("options", "accepted by the core", options);
  return { ...checked, _core: exports, _id: id };
}

function dialler(
  source: Source,
  protocols: string[],
  given: ConnectOptions["WebSocket"],
): [dial: Settings["_dial"], endpoints: number] {
  const factory = (source as { webSocketFactory?: unknown })?.webSocketFactory;
  if (factory !== undefined) {
    if (typeof factory !== "function") invalid("webSocketFactory", "a function", factory);
    return [(attempt) => async () => {
      const socket = (await factory(attempt)) as SocketLike;
      return () => socket ?? invalid("webSocketFactory", "a function that returns a socket");
    }, 1];
  }
  const socket = socketClass(given);
  const make = (url: string | URL) => () => new socket(String(checkAddress(url)), protocols) as SocketLike;
  if (typeof source === "function") {
    const address = source as () => string | URL | Promise<string | URL>;
    return [() => async () => make(await address()), 1];
  }
  const list = Array.isArray(source) ? (source as (string | URL)[]) : [source as string | URL];
  if (!list.length) invalid("url", "an address, a list of at least one, or a function", source);
  for (const url of list) checkUrl(String(checkAddress(url)));
  return [(_, endpoint) => () => make(list[endpoint]!), list.length];
}

function checkAddress(url: string | URL): string | URL {
  return typeof url === "string" || url instanceof URL
    ? url
    : invalid("url", "a string, a URL, a list of them, a function that gives one, or an object with webSocketFactory", url);
}

function socketClass(given: ConnectOptions["WebSocket"]): new (url: string, protocols: string[]) => unknown {
  const found = given ?? (globalThis as { WebSocket?: unknown }).WebSocket;
  if (typeof found !== "function") {
    if (given != null) invalid("WebSocket", "a class", given);
    const message = "this runtime has no WebSocket class: give one in the option WebSocket, for example of the package ws";
    throw new EverwireError("invalid-option", message, { option: "WebSocket" });
  }
  return found as new (url: string, protocols: string[]) => unknown;
}

function text(option: string, value: string | undefined, fallback: string): string {
  return typeof (value ??= fallback) === "string" && value !== "" ? value : invalid(option, "a string", value);
}

function orInfinity(option: string, value: number | undefined, fallback: number, min: number, kind?: "integer" | "open"): number {
  return value === Infinity ? value : number(option, value, fallback, min, MAX_MS, kind);
}
