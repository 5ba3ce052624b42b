// The public surface of `everwire/stomp/connect`. Types only, nothing here exists at run time. Times are milliseconds and
// sizes are bytes, unless a member says otherwise.

import type { EverwireError } from "../client/error.js";
import type { Lane, Offline, Order, PolicyOption, RateLimit, Overflow } from "../client/policy-types.js";
import type {
  ConnectionState, DropEvent, Handle, InboundOptions, Paced, QueueOptions, ReconnectOptions, StateEvent, CloseInfo, UrlSource,
  WebSocketConstructor,
} from "../client/types.js";

export type {
  ConnectionState, DropEvent, DropReason, EndReason, Handle, InboundOptions, Paced, QueueOptions, SendResult, SendStatus, StateCause,
  StateEvent, UrlSource, WebSocketConstructor,
} from "../client/types.js";
export type { Lane, Offline, Order, Overflow, PolicyOption } from "../client/policy-types.js";

declare global {
  // As in lib.esnext.disposable, which projects need not have switched on.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}

/** Headers of a frame. Values become texts; anything but a string, a number or a boolean throws an `EverwireError`. */
export type Headers = Readonly<Record<string, string | number | boolean>>;

/** An object that looks like a WebSocket: SockJS, for example. Only the `on*` properties are used. */
export interface SocketLike {
  readonly readyState: number;
  binaryType?: string;
  readonly bufferedAmount?: number;
  onopen: any;
  onmessage: any;
  onerror: any;
  onclose: any;
  send(data: any): void;
  close(code?: number, reason?: string): void;
}

/** Where to connect: addresses as in `connect` of `everwire`, or a function that makes a socket for each attempt. */
export type Source = UrlSource | { webSocketFactory: (attempt: number) => SocketLike | PromiseLike<SocketLike> };

/** Where a wait ends at the latest. */
export interface WaitOptions {
  /** Default `Infinity`. */
  timeout?: number;
  /** Aborting it rejects with its reason. */
  signal?: AbortSignal;
}

/** A lost connection or a failed dial. */
export interface LossInfo extends CloseInfo {
  /** The `ERROR` that came over this connection, if one did. */
  readonly error: Message | undefined;
}

/** Options of `connect`. Unknown names and wrong values throw an `EverwireError` with code `invalid-option`. */
export interface ConnectOptions {
  /**
   * Headers of `CONNECT`: `login`, `passcode`, `host` (RabbitMQ's virtual host), a token. A function is asked before
   * every attempt and may return a promise, so that each attempt has a fresh token.
   */
  connectHeaders?: Headers | ((attempt: number) => Headers | PromiseLike<Headers>);
  /** Versions to offer, at least one. Default all three. */
  versions?: readonly ("1.0" | "1.1" | "1.2")[];
  /** Whether they are offered as WebSocket subprotocols, too. Default true; false for a server that picks none. */
  subprotocols?: boolean;
  /** Heart-beats to offer; 0 for none. Default 10,000 both ways. A server that is silent twice as long counts as gone. */
  heartbeat?: { outgoing?: number; incoming?: number };
  /** As in `everwire`; `retryOn` is also told the server's `ERROR`. `false`: a loss ends the connection. */
  reconnect?: false | (Omit<ReconnectOptions, "retryOn"> & { retryOn?: (loss: LossInfo) => boolean | number | undefined });
  /** Bounds of the send queue. */
  queue?: QueueOptions;
  /** Token bucket of the whole connection. Default none. */
  rate?: RateLimit;
  /**
   * How long a subscription waits for its receipt, and what is queued for the restored subscriptions. Default 1,000; 0
   * asks for no receipts. A server that let one whole wait pass is not waited for again.
   */
  confirm?: number;
  /**
   * Whether an `ERROR` in answer to `CONNECT` that speaks of credentials ends the connection. Default true for fixed
   * headers, false for a function, which may have a better token next time.
   */
  stopOnRefusedLogin?: boolean;
  /** Header that carries the id of a message. Default `idempotency-key`; `amqp-message-id` for RabbitMQ. */
  idHeader?: string;
  /** Where answers to requests go. Default `/temp-queue/replies`; for Spring one like `/user/queue/replies`. */
  replyTo?: string;
  /** Longest body that is accepted, up to 1 GiB. Default 64 MiB. */
  maxBodySize?: number;
  /** Where the timer runs; `'worker'`, the default, keeps heart-beats on time in hidden pages and falls back to the page. */
  ticker?: "page" | "worker";
  /** Aborting it ends the connection at once, and for good. */
  signal?: AbortSignal;
  /** Socket class to use instead of the global `WebSocket`: for Node below 22 and for tests. Not used with a `webSocketFactory`. */
  WebSocket?: WebSocketConstructor;
}

/** A received frame. */
export interface Message {
  readonly command: string;
  /** The first value of each name; an object without prototype. */
  readonly headers: Readonly<Record<string, string>>;
  /** The `destination` header. */
  readonly destination: string;
  /** The body as text. */
  readonly body: string;
  /** The body as octets. */
  readonly binary: Uint8Array<ArrayBuffer>;
  /** The body as a value in JSON; throws a `SyntaxError`. */
  json<T = any>(): T;
  /**
   * Says that it was consumed. Throws an `EverwireError` with code `late-ack` if the connection that delivered it is
   * gone: the broker delivers it again.
   */
  ack(): void;
  /** Says that it was not. */
  nack(): void;
}

/** Options of `subscribe`. */
export interface SubscribeOptions {
  /** Further headers: `selector`, `prefetch-count`, `durable`, an `id` of your own. */
  headers?: Headers;
  /** Who acknowledges. Default `'auto'`; such subscriptions to one destination share one at the broker. */
  ack?: "auto" | "client" | "client-individual";
  /** Bounds of each `for await`. */
  inbound?: InboundOptions;
  /** Aborting it unsubscribes. */
  signal?: AbortSignal;
}

/** What arrives at a destination, over all reconnects. */
export interface Subscription extends AsyncIterable<Message> {
  readonly destination: string;
  /** False after `unsubscribe()`, a refusal by the server, or the end of the connection. */
  readonly active: boolean;
  /** Adds a listener; returns the function that removes it. */
  on(listener: (message: Message) => void, options?: { signal?: AbortSignal }): () => void;
  /**
   * Resolves when the server has confirmed the subscription. Rejects with code `unconfirmed` if it sends no receipts,
   * `refused` if it answered with an `ERROR`, or with the end of the connection.
   */
  confirmed(options?: WaitOptions): Promise<void>;
  /** Ends it. */
  unsubscribe(): void;
  [Symbol.dispose](): void;
}

/** Options of one message. */
export interface PublishOptions {
  headers?: Headers;
  /** Asks for a receipt, which `acked` of the handle waits for. (Spring's simple broker sends none for messages.) */
  receipt?: boolean;
  /**
   * Id of the message: it has a receipt, is kept until that comes, and is written again after a loss, with the same id in
   * the `idHeader`. The consumer must ignore ids that it has seen.
   */
  id?: string;
  /** Slot within a topic, instead of what its `key` function says. */
  key?: string | number;
  /** Sends this one at once, past the topic's pace. Default false. */
  immediate?: boolean;
  /** Priority. Default: the topic's, else `'normal'`. */
  lane?: Lane;
  /** Longest time from the call until the write. Default: the topic's, else none. */
  ttl?: number;
  /** What happens while the connection is down. Default: the topic's rule, else `'queue'`. */
  offline?: Offline;
  /** Aborting it before the write cancels the message; after it, the waits of the handle reject. */
  signal?: AbortSignal;
  /** No `content-length` for a text body, for brokers that take it as a sign of binary data (ActiveMQ). */
  skipContentLength?: boolean;
}

/** Options of a topic; as in `everwire`. */
export interface TopicOptions<T = any> {
  /** How its messages are paced, optionally with a rate limit. Default `immediate()`; there are no batches in STOMP. */
  policy?: PolicyOption<T>;
  /** Slot of a value: policies replace only within a slot. Default: one slot for the topic. */
  key?: (value: T) => string | number;
  /** Priority. Default `'normal'`. */
  lane?: Lane;
  /** Longest time from the call until the write. Default: none. */
  ttl?: number;
  /** What happens while the connection is down. Default: `'queue'` for immediate, else `'latest'`. */
  offline?: Offline;
  /** What an immediate message does to pending values. Default `'flush-before'`. */
  order?: Order;
  /** What a full queue does to messages of this topic. Default: the connection's rule. */
  overflow?: Overflow;
  /** Headers of each message. */
  headers?: Headers;
  /** Whether each message asks for a receipt. Default false. */
  receipt?: boolean;
}

/** Values that go to one destination at a pace of their own. */
export interface Topic<T = any> extends Paced<T> {
  readonly destination: string;
  publish(value: T, options?: PublishOptions): Handle;
}

/** Options of `request`. */
export interface StompRequestOptions extends WaitOptions {
  headers?: Headers;
  /** Where the answer goes, instead of the connection's `replyTo`. */
  replyTo?: string;
  skipContentLength?: boolean;
}

/** Options of `commit`. */
export interface CommitOptions {
  /** Whether the commit asks for a receipt. Default true. */
  receipt?: boolean;
  ttl?: number;
  lane?: Lane;
  offline?: Offline;
}

/** Several messages and acknowledgements, all or none. */
export interface Transaction {
  publish(destination: string, body?: unknown, options?: { headers?: Headers; skipContentLength?: boolean }): void;
  /** Acknowledges a message together with the rest. If its connection is gone at the write, nothing is written. */
  ack(message: Message): void;
  /** Queues the whole. */
  commit(options?: CommitOptions): Handle;
  /** Gives it up; nothing was written. */
  abort(): void;
}

/** Events of a connection. */
export interface StompEvents {
  state: StateEvent;
  /** A message that nobody listens to, or a frame that clients do not get. */
  message: Message;
  /** Codes `server` (an `ERROR`, in `data`), `protocol` (malformed data, silence), `dial` (a provider failed). */
  error: EverwireError;
  /** A message ended unsent. */
  drop: DropEvent;
}

/** Counters and gauges. */
export interface StompStats {
  readonly state: ConnectionState;
  readonly version: string;
  readonly attempt: number;
  readonly reconnects: number;
  /** Time until the next dial, while waiting for it. */
  readonly nextDialIn: number | undefined;
  /** Time since the last receive, while open. */
  readonly silentFor: number | undefined;
  readonly subscriptions: number;
  readonly queued: number;
  readonly queuedBytes: number;
  readonly bufferedAmount: number;
  readonly accepted: number;
  readonly written: number;
  readonly acked: number;
  readonly superseded: number;
  readonly dropped: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly unknown: number;
  readonly resent: number;
  readonly received: number;
}

/** Options of `close`. */
export interface StompCloseOptions {
  /** How long the queue may drain, and receipts may take. Default 1,000. */
  deadline?: number;
  /** Whether it drains at all. Default true. */
  flush?: boolean;
}

/** A STOMP client that outlives its connections. */
export interface StompClient {
  /** `'open'` means that the server accepted the login and the subscriptions are back. */
  readonly state: ConnectionState;
  /** The agreed version, empty before the first `CONNECTED`. */
  readonly version: string;
  /** Resolves when the connection is open; rejects when it has ended. */
  opened(options?: WaitOptions): Promise<void>;
  on<K extends keyof StompEvents>(event: K, listener: (event: StompEvents[K]) => void, options?: { signal?: AbortSignal }): () => void;
  /** Listens to a destination, from now on and over all reconnects. */
  subscribe(destination: string, options?: SubscribeOptions): Subscription;
  subscribe(destination: string, listener: (message: Message) => void, options?: SubscribeOptions): Subscription;
  /**
   * Publishes: a string as text, buffers and views as octets, anything else as JSON. While the connection is down it waits
   * in the queue.
   */
  publish(destination: string, body?: unknown, options?: PublishOptions & { policy?: PolicyOption<any> }): Handle;
  /** The topic of a destination; the same one for the same destination. */
  topic<T = any>(destination: string, options?: TopicOptions<T>): Topic<T>;
  /** Asks and resolves with the answer, which must carry the same `correlation-id`. Default timeout 10,000. */
  request(destination: string, body?: unknown, options?: StompRequestOptions): Promise<Message>;
  begin(): Transaction;
  /** Admits what is paced; resolves when everything has been written or has ended otherwise. */
  flush(): Promise<void>;
  /** Takes back everything that is not written. */
  cancel(): void;
  readonly pending: boolean;
  stats(): StompStats;
  /** Dials now: cuts a wait short, replaces a live connection, revives a closed one. */
  reconnect(): void;
  /** Drains, says `DISCONNECT`, and closes; resolves when it is closed. Every step is bounded. */
  close(options?: StompCloseOptions): Promise<void>;
  /** Ends at once. */
  terminate(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}
