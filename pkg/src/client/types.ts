/// <reference lib="esnext.disposable" preserve="true" />
// The public surface of `everwire`: what a user of the own API holds. Types only, nothing here exists at run time.
// Times are milliseconds and sizes are bytes everywhere, unless a member says otherwise.

import type { Codec, Encoded } from "../codecs/types.js";
import type { EverwireError } from "./error.js";
import type { StandardSchemaV1 } from "./schema-types.js";
import type { Lane, Overflow, PolicyOption, RateLimit } from "./policy-types.js";
import type { DropReason, Handle, MessageId, Paced, SendResult, SendStatus, TopicOptions, TopicSendOptions } from "./send-types.js";
import type { Stats } from "./stats-types.js";
import type { TransportOption } from "./transport-types.js";

/** Where to connect: one address, a list for failover, or a function that is asked before every attempt. */
export type UrlSource = string | URL | readonly (string | URL)[] | (() => string | URL | Promise<string | URL>);

/** Subprotocols to offer: one, a list, none, or a function that is asked before every attempt. */
export type ProtocolSource =
  | string
  | readonly string[]
  | null
  | (() => string | readonly string[] | null | undefined | Promise<string | readonly string[] | null | undefined>);

/** Where a connection is in its life. It is `'open'` when it can be used: the `handshake` option, if given, is done. */
export type ConnectionState = "idle" | "connecting" | "open" | "waiting" | "closing" | "closed";

/** How one socket ended, as told to `retryOn`. */
export interface CloseInfo {
  /** Close code of RFC 6455 section 7.4; 1006 if the link was lost or never opened. */
  readonly code: number;
  /** Reason given by the server, usually empty. */
  readonly reason: string;
  /** Whether the closing handshake completed. */
  readonly wasClean: boolean;
}

/** When and how to dial again after a loss. */
export interface ReconnectOptions {
  /** Wait before the second redial; each later one is `factor` times as long. Default 1,000, or `maxDelay` if that is less. */
  minDelay?: number;
  /** Longest wait. Default 10,000, or `minDelay` if that is more; at least `minDelay`. */
  maxDelay?: number;
  /** Growth of the wait from attempt to attempt. Default 2, range 1 to 1,000. */
  factor?: number;
  /** Randomness at every attempt: `'full'` (0 to 1 times the wait), `'equal'` (half to 1 times), `'none'`. Default `'equal'`. */
  jitter?: "full" | "equal" | "none";
  /**
   * The first redial after a loss happens at a random moment within this time, so that the clients of a restarted
   * server do not all come back at once. Default 2,000; 0 starts with `minDelay` instead.
   */
  firstSpread?: number;
  /** Consecutive failed attempts after which the connection ends; 0 ends it at the first loss. Default `Infinity`. */
  maxRetries?: number;
  /** The attempt counter starts again only after the link was open for this long. Default 5,000. */
  minUptime?: number;
  /**
   * Longest wait for the providers, the opening of the socket and the `handshake` option together; `Infinity` leaves it
   * to the browser and the handshake. Default 10,000.
   */
  connectTimeout?: number;
  /**
   * Overrides the close-code policy, by which 1002, 1003 and 1007 to 1010 end the connection, as a retry would meet the
   * same refusal, and everything else is retried. `false` ends it, `true` retries with the usual wait, a number retries after that many milliseconds, `undefined` leaves the
   * decision to the policy.
   */
  retryOn?: (close: CloseInfo) => boolean | number | undefined;
}

/** Proof of life that the application's protocol offers; a browser cannot send or see protocol-level pings. */
export interface HeartbeatOptions {
  /** Silence after which a ping is sent. Default 20,000, below the idle limit of common proxies; at least 10. */
  interval?: number;
  /** Longest wait for life after a ping, at least 10. Default `'adaptive'`: from the measured round-trip times, 2,000
   * without any. `Infinity`: pings only keep proxies from cutting an idle link, silence proves nothing. */
  timeout?: "adaptive" | number;
  /** Makes the message to send; encoded by the connection's codec. */
  ping: () => unknown;
  /**
   * Recognises the answer, before the schema sees it. A pong gives a round-trip sample and is not delivered. Without
   * it any message counts as life and no round-trip time is known.
   */
  isPong?: (message: any) => boolean;
}

/**
 * Bounds of what waits to be sent: paced, queued, and written but unacknowledged messages together. What waits while a
 * `Blob` is being read, the `Blob` included, has the same bounds once more.
 */
export interface QueueOptions {
  /** An integer from 1. Default 1,000. */
  maxMessages?: number;
  /** An integer from 1. Default 1 MiB. */
  maxBytes?: number;
  /** What a full queue does. Default `'reject'`: `send` throws an `EverwireError` with code `queue-full`. */
  overflow?: Overflow;
}

/** Bounds of what waits to be read by `for await`; listeners are called at once and need none. */
export interface InboundOptions {
  /** Unread messages per iterator, an integer from 1. Default 1,000. */
  maxMessages?: number;
  /**
   * What a full iterator does. Default `'error'`: the loop throws code `inbound-overflow` after the messages that it
   * holds. The two others go on and count in `stats().inboundDropped`.
   */
  overflow?: "error" | "drop-oldest" | "drop-newest";
}

/** How answers find their messages. */
export interface CorrelationOptions {
  /** Puts the id into an outgoing message. Default: a copy of the object with the property `id`. */
  tag?: (value: any, id: MessageId) => unknown;
  /** The id that an inbound message answers, before the schema sees it. Default: its `replyTo`, else its `id`. */
  replyTo?: (message: any) => MessageId | null | undefined;
  /** Whether an answer is a refusal. Default: it has an `error` that is neither `undefined`, `null` nor `false`. */
  isError?: (message: any) => boolean;
}

/** The open socket during the `handshake` option, before the connection counts as open. */
export interface HandshakeLink<In = any, Out = any> {
  /** Consecutive attempt: 0 for the first dial after a start or a stable link. */
  readonly attempt: number;
  /** Address of this dial. */
  readonly url: string;
  /** Subprotocol chosen by the server, empty if none. */
  readonly protocol: string;
  /** Aborted when the link was lost, timed out or was given up before the handshake was done. */
  readonly signal: AbortSignal;
  /** Encodes the value and writes it at once, ahead of everything queued. Throws an `EverwireError` if it cannot. */
  send(value: Out): void;
  /**
   * Resolves with the next message that fits (without `fits`: with any), counted from the opening of the socket; each
   * message is given to one `next` only. Rejects when `signal` is aborted. The message is also delivered as usual,
   * pongs and invalid messages are not seen. At most `inbound.maxMessages` are kept for a later `next`, the newest ones.
   */
  next(fits?: (message: In) => unknown): Promise<In>;
}

/** Options of `connect`. Unknown names and wrong values throw an `EverwireError` with code `invalid-option`. */
export interface ConnectOptions<In = any, Out = any> {
  /** Subprotocols. Default none. */
  protocols?: ProtocolSource;
  /** Turns values into frames and back. Default `json()`. */
  codec?: Codec<In, Out>;
  /** Checks (and may transform) every inbound message; any validator that implements Standard Schema. */
  schema?: StandardSchemaV1<any, In>;
  /** `false`: a loss ends the connection. */
  reconnect?: false | ReconnectOptions;
  /** Default `false`: the protocol's ping must be named to be used. */
  heartbeat?: false | HeartbeatOptions;
  /** Bounds of the send queue. */
  queue?: QueueOptions;
  /** Bounds of each async iterator. */
  inbound?: InboundOptions;
  /** Token bucket of the whole connection. Default none. */
  rate?: RateLimit;
  /** How acknowledgements and replies name what they answer. */
  correlation?: CorrelationOptions;
  /**
   * What the protocol says first on every socket: authenticate, subscribe, await the confirmations. The connection is
   * `'open'`, and what waits is sent (resends by id first, then queued messages, then the latest values), only when it
   * has returned or its promise has resolved. Default: open as soon as the socket is.
   *
   *     handshake: async (link) => {
   *       link.send({ type: "hello", token: await token() });
   *       await link.next((message) => message.type === "welcome");
   *     }
   *
   * If it throws, rejects, or is not done within `reconnect.connectTimeout` (which spans providers, opening and this),
   * an `error` event with code `handshake` tells why, and the link is closed and dialled again after the usual wait, if
   * `reconnect` allows another attempt. To give up instead, call `terminate()` on the connection.
   */
  handshake?: (link: HandshakeLink<In, Out>) => void | PromiseLike<void>;
  /**
   * Where the connection's timer runs. Browsers slow the timers of hidden pages down to one per second, later one per
   * minute; heartbeats and paced values are then late. `'worker'` keeps the time in a small worker, which is exempt; it is
   * shared by all connections of the page. It needs `worker-src blob:` in a Content-Security-Policy; where workers
   * are missing or forbidden it is the same as `'page'`, the default.
   */
  ticker?: "page" | "worker";
  /** Aborting it ends the connection at once, as `terminate()` does, and for good. */
  signal?: AbortSignal;
  /**
   * What may carry the connection: one transport, or a list that is tried in its order on every dial. Default
   * `"websocket"`. The state event of the opening says which one it is.
   *
   *     connect("wss://example.org/live/websocket", { transport: ["websocket", "sockjs"] });
   */
  transport?: TransportOption | readonly TransportOption[];
  /** Socket class to use instead of the global `WebSocket`: for Node below 22 and for tests. */
  WebSocket?: WebSocketConstructor;
}

/** What everwire needs of a socket class; the browser's `WebSocket` and that of the package `ws` have it. */
export type WebSocketConstructor = new (url: string, protocols?: string[]) => any;

/** Why a state was left. */
export type StateCause =
  /** Wish of the user: connect, reconnect, close, terminate or an aborted signal. */
  | "user"
  /** The socket opened and the `handshake` option, if given, is done. */
  | "opened"
  /** The wait is over. */
  | "retry-due"
  /** The socket closed; see `code`. */
  | "socket-closed"
  /** A provider or the `handshake` failed, or the socket could not be made; the `error` event has the cause. */
  | "dial-failed"
  /** Not open, `handshake` included, within `connectTimeout`. */
  | "connect-timeout"
  /** No sign of life within the heartbeat's timeout; the socket was abandoned. */
  | "dead"
  /** The page came back from a freeze and, without a heartbeat, the socket could not be trusted. */
  | "resumed"
  /** The server did not answer the goodbye; the socket was abandoned. */
  | "close-timeout";

/** Why a connection will not dial again. */
export type EndReason = "user" | "reconnect-off" | "fatal" | "retries-exhausted";

/** A change of state. */
export interface StateEvent {
  readonly from: ConnectionState;
  readonly to: ConnectionState;
  readonly cause: StateCause;
  /** Consecutive attempt: 0 for the first dial after a start or a stable link; while waiting, the one to come. */
  readonly attempt: number;
  /** When `to` is `'open'`: what carries the link, see `Connection.transport`. */
  readonly transport?: string;
  /** When `to` is `'waiting'`: time until the next dial. */
  readonly delay?: number;
  /** When `to` is `'closed'`: why there will be no further dial. */
  readonly ended?: EndReason;
  /** When `cause` is `'socket-closed'`: the close code. */
  readonly code?: number;
  /** When `cause` is `'socket-closed'`: the server's reason. */
  readonly reason?: string;
  /** When `cause` is `'socket-closed'`: whether the closing handshake completed. */
  readonly wasClean?: boolean;
}

/** Options of `connection.send`. */
export interface SendOptions extends TopicSendOptions {
  /**
   * Policy of an unnamed topic: sends with equal policies and equal keys share a slot. Default `immediate()`. With and
   * without a `merge` are different policies; of two `merge` functions the latest counts.
   */
  policy?: PolicyOption<any>;
}

/** A stream of sends with a policy. */
export interface Topic<T = any> extends Paced<T> {
  readonly name: string;
  /** Encodes the value now and sends it as the policy says. Throws an `EverwireError` if it is not accepted. */
  send(value: T, options?: TopicSendOptions): Handle;
}

/** A message that ended unsent, or that the server refused in its answer, as told to `drop` listeners. */
export interface DropEvent {
  readonly handle: Handle;
  readonly status: "dropped" | "expired";
  /** Set when `status` is `'dropped'`. */
  readonly reason: DropReason | undefined;
  /** Name of its topic; `undefined` for `connection.send`. */
  readonly topic: string | undefined;
  readonly key: string | number | undefined;
  /** What would have been written. */
  readonly data: Encoded;
}

/** Events of a connection and what their listeners get. */
export interface ConnectionEvents<In> {
  state: StateEvent;
  message: In;
  /**
   * Undecodable or invalid message, failed provider or handshake, a socket that could not be made. None of them ends the
   * connection. A server that cannot be reached, or a link that is lost, is a change of state instead.
   */
  error: EverwireError;
  drop: DropEvent;
}

/** Options of `request`. */
export interface RequestOptions {
  /**
   * Longest wait for the reply, including time offline. Default 10,000; `Infinity` waits for ever. A request that is given
   * up, by this or by `signal`, is taken back if it is unwritten; else it is not sent again, its place in the queue and its
   * id are free, and a late reply to it is not delivered.
   */
  timeout?: number;
  /** Aborting it rejects with its reason. */
  signal?: AbortSignal;
  /** Identity of the request. Given by the caller it is resent after a reconnect, otherwise a loss rejects it. */
  id?: MessageId;
  /** Default `'rpc'`. */
  lane?: Lane;
}

/** Options of `close`. */
export interface CloseOptions {
  /** 1000 or 3000 to 4999. Default 1000. */
  code?: number;
  /** At most 123 bytes in UTF-8. */
  reason?: string;
  /** Longest time for sending what waits and for the goodbye. Default 1,000. */
  deadline?: number;
  /** Whether what is paced and queued is sent first. Default true. A `Blob` that is still being read is dropped. */
  flush?: boolean;
}

/** A connection that comes back by itself. */
export interface Connection<In = any, Out = any> extends AsyncIterable<In> {
  readonly state: ConnectionState;
  /** Subprotocol chosen by the server, empty while not open. */
  readonly protocol: string;
  /** Address of the current or last dial, empty before the first. */
  readonly url: string;
  /**
   * What carries the open link: `"websocket"`, or `"sockjs/"` and the name of SockJS's own transport, such as
   * `"sockjs/xhr-streaming"`. `undefined` while not open.
   */
  readonly transport: string | undefined;
  /**
   * Calls `listener` for every event of this kind, after everwire's own work is done; a listener that throws is
   * reported by `reportError` and harms nothing else. Returns the function that unsubscribes.
   */
  on<K extends keyof ConnectionEvents<In>>(
    event: K,
    listener: (event: ConnectionEvents<In>[K]) => void,
    options?: { signal?: AbortSignal },
  ): () => void;
  /** Messages in order of arrival, in a bounded buffer; ends when the connection was closed by the user, else throws. */
  [Symbol.asyncIterator](): AsyncIterableIterator<In>;
  /**
   * A named stream of sends with a policy. The name tells topics apart and is not sent. An open topic is returned
   * again for its name; asking for it with other options throws, as does giving or leaving out `key` or `merge` other than
   * before. Functions cannot be compared: the latest ones count.
   */
  topic<T extends Out = Out>(name: string, options?: TopicOptions<T>): Topic<T>;
  /** Encodes the value now and sends it. Throws an `EverwireError` if it is not accepted. */
  send(value: Out, options?: SendOptions): Handle;
  /** Sends the value with an id and resolves with the message that answers it. */
  request<R = In>(value: Out, options?: RequestOptions): Promise<R>;
  /** Admits now what is paced; resolves when all of it has been written or has ended. */
  flush(): Promise<void>;
  /** Takes back everything not yet written. */
  cancel(): void;
  /** Whether a value would still be sent. */
  readonly pending: boolean;
  stats(): Stats;
  /**
   * Dials now: cuts a wait short, replaces a live socket, revives a closed connection and calls off a `close` that is not
   * done. After an abort of the `signal` option the connection stays closed.
   */
  reconnect(): void;
  /**
   * Stops accepting, sends what waits, says goodbye; what is left at the deadline is dropped. Resolves when closed;
   * rejects with code `called-off` if `reconnect()` comes first (unhandled, that rejection is not reported).
   * An illegal code or reason throws the `DOMException` of the native class.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Ends at once: everything unsent is dropped, no timer survives. */
  terminate(): void;
  /** As `terminate()`. */
  [Symbol.dispose](): void;
  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

export type { Codec, Encoded, EverwireError, StandardSchemaV1 };
export type * from "./policy-types.js";
export type * from "./send-types.js";
export type * from "./stats-types.js";
export type * from "./transport-types.js";
