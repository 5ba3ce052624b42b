/// <reference lib="esnext.disposable" preserve="true" />
// The public types of `everwire/websocket`, kept by hand: they are the contract, the implementation is checked against
// them.
import type {
  AbortSignalType, BlobType, CloseEventType, ErrorEventType, EventType, MessageEventType, UrlType,
} from "../host/dom-types.js";

/** `open` and, where the native class dispatches no more than that, `error`. */
export type Event = EventType;
/** A received message. */
export type MessageEvent<D = any> = MessageEventType<D>;
/** The end of a connection or of an attempt. Unclean ones have code 1006. */
export type CloseEvent = CloseEventType;
/**
 * A failure. `message` says what failed: `TIMEOUT` for a handshake over `connectionTimeout`, else a sentence; `error` is
 * what a provider or constructor threw. What the browser itself reports (a refused dial, a broken link) is a plain `Event`
 * without either, for the browser tells no more.
 */
export type ErrorEvent = ErrorEventType;

/** What `send` takes. Anything else is converted to a string. */
export type Message = string | ArrayBufferLike | BlobType | ArrayBufferView;
/** The address, or a function that gives it for each attempt. http and https are mapped to ws and wss. */
export type UrlProvider = string | UrlType | (() => string | UrlType | PromiseLike<string | UrlType>);
/** The subprotocols to offer, or a function that gives them for each attempt. `null` offers none. */
export type ProtocolsProvider = Protocols | (() => Protocols | PromiseLike<Protocols>);
/** One subprotocol, several, or none. */
export type Protocols = string | string[] | null | undefined;

/** How to find out that a connection is dead although the browser still calls it open. */
export interface HeartbeatOptions {
  /** Silence, in milliseconds, after which a ping is sent (80 to 100 % of it, so that clients do not ping in step). At least 10, default 25,000. */
  interval?: number;
  /** How long, in milliseconds, silence may last after the ping before the connection is abandoned and dialled anew. At least 10, default 10,000. */
  timeout?: number;
  /** What to send as ping, or a function that gives it. Any message from the server counts as life. Without it nothing is sent: for servers that ping by themselves. */
  message?: Message | (() => Message);
}

/** Options; all times are milliseconds, from 0 to `Infinity`. Unknown names are ignored, as in reconnecting-websocket. */
export interface Options {
  /** The class that makes the sockets, for example of the package `ws`. Default: the global `WebSocket`. */
  WebSocket?: new (...args: any[]) => any;
  /** Shortest wait before a retry. Default: 1,000 plus up to 4,000, drawn once per object. Each wait is up to a quarter longer, at random. */
  minReconnectionDelay?: number;
  /** Longest wait before a retry; a shorter one lowers `minReconnectionDelay`. Default 10,000. */
  maxReconnectionDelay?: number;
  /** Growth of the wait with each consecutive retry, 1 to 1,000. Default 1.3. */
  reconnectionDelayGrowFactor?: number;
  /** How long a connection must last for `retryCount` to start at 0 again. Default 5,000. */
  minUptime?: number;
  /** How long a handshake may take before it counts as failed. Default 4,000; with `maxRetries: 0` no limit. */
  connectionTimeout?: number;
  /** Consecutive retries before it gives up. Default `Infinity`. 0 gives the behaviour of the native class. */
  maxRetries?: number;
  /** How many messages to keep while there is no open connection. Beyond it the new message is dropped: `send` returns false and an `error` event tells once. Default `Infinity`. */
  maxEnqueuedMessages?: number;
  /** How many bytes to keep while there is no open connection. Beyond it `send` throws a `QuotaExceededError`. Default 16 MiB. */
  maxEnqueuedBytes?: number;
  /** Whether to wait for `reconnect()` instead of dialling at once. Default false. */
  startClosed?: boolean;
  /** Whether to log what happens. Default false. */
  debug?: boolean;
  /** Where `debug` writes. Default `console.log`. */
  debugLogger?: (...args: any[]) => void;
  /** Asked after each lost connection and failed attempt; false ends the retries. Default: always retry, whatever the code. */
  shouldReconnectOnClose?: (event: CloseEvent) => boolean;
  /** Notices dead connections. Default: none, only the browser's own report (up to a minute, or never). */
  heartbeat?: HeartbeatOptions;
  /** Closes the socket and ends the retries when aborted. */
  signal?: AbortSignalType;
}

/** Event types and their classes. */
export interface WebSocketEventMap {
  open: Event;
  message: MessageEvent;
  close: CloseEvent;
  error: ErrorEvent;
}

// Method types compare their parameters both ways: handlers written for the native class (`Event`) fit as well as those
// written for reconnecting-websocket (`ErrorEvent`).
type Handler<E> = { handle(event: E): any }["handle"] | null;
type Listener<E> = { handle(event: E): any }["handle"] | { handleEvent(event: E): any };

/** Options of `addEventListener`. */
export interface ListenerOptions {
  /** Whether the listener is removed after the first event. */
  once?: boolean;
  /** Removes the listener when aborted. */
  signal?: AbortSignalType;
  /** Whether it runs before the listeners that do not set this. */
  capture?: boolean;
  /** Without effect here. */
  passive?: boolean;
}

/** A WebSocket that comes back. Attributes, methods, events and errors are those of the native class unless noted. */
export interface WebSocket {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  /** How received binary messages appear. Default "blob"; kept over reconnects. */
  binaryType: "blob" | "arraybuffer";
  /** Bytes not yet handed to the network: what waits here and what the native socket holds. */
  readonly bufferedAmount: number;
  /** What the server selected, "" before the first handshake. */
  readonly extensions: string;
  /** The subprotocol the server selected, "" before the first handshake. */
  readonly protocol: string;
  /** CONNECTING while dialling (the url function included), CLOSED while waiting for a retry and after the end. */
  readonly readyState: 0 | 1 | 2 | 3;
  /** The resolved address of the current or latest socket, "" before the first. */
  readonly url: string;
  /** Consecutive retries so far; 0 again after `minUptime`. */
  readonly retryCount: number;
  /** Whether a loss would be, or is being, followed by a retry. */
  readonly shouldReconnect: boolean;
  onopen: Handler<Event>;
  onmessage: Handler<MessageEvent>;
  onclose: Handler<CloseEvent>;
  // Read as the native class declares it, so that the object fits where a native one is expected.
  get onerror(): Handler<Event>;
  set onerror(handler: Handler<ErrorEvent>);
  /**
   * Sends when open, otherwise keeps the message (a copy) until the next open.
   *
   * @returns true if it went to the socket, false if it was queued or dropped
   * @throws QuotaExceededError over `maxEnqueuedBytes`; with `maxRetries: 0` as the native class
   */
  send(data: Message): boolean;
  /** Closes and ends the retries; the queue is kept. While waiting for a retry there is no further event. */
  close(code?: number, reason?: string): void;
  /** Dials now, whatever the state: ends the current connection or wait and starts counting retries from 0. */
  reconnect(code?: number, reason?: string): void;
  /** Takes the queued messages out, oldest first. */
  drainQueuedMessages(): Message[];
  addEventListener<K extends keyof WebSocketEventMap>(type: K, listener: Listener<WebSocketEventMap[K]> | null, options?: boolean | ListenerOptions): void;
  addEventListener(type: string, listener: Listener<Event> | null, options?: boolean | ListenerOptions): void;
  removeEventListener<K extends keyof WebSocketEventMap>(type: K, listener: Listener<WebSocketEventMap[K]> | null, options?: boolean | { capture?: boolean }): void;
  removeEventListener(type: string, listener: Listener<Event> | null, options?: boolean | { capture?: boolean }): void;
  dispatchEvent(event: Event): boolean;
  /** `close()`. */
  [Symbol.dispose](): void;
}

/** The class. */
export interface WebSocketConstructor {
  /**
   * Dials in the same turn if address and protocols are values.
   *
   * @throws SyntaxError for a bad address or protocol given as a value; RangeError or TypeError for a bad option; an
   *   Error where there is no WebSocket class
   */
  new (url: UrlProvider, protocols?: ProtocolsProvider, options?: Options): WebSocket;
  readonly prototype: WebSocket;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
}
