// The public types of `everwire/sockjs`, kept by hand. Instances are typed as the platform's `WebSocket`, as in
// @types/sockjs-client; where a project has no such type, by the part of it that is used here.
import type { EventType } from "../host/dom-types.js";

type Global = typeof globalThis;
type Native = Global extends { WebSocket: { prototype: infer T } } ? T : SocketShape;

interface SocketShape {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly extensions: string;
  readonly protocol: string;
  readonly readyState: number;
  readonly url: string;
  onopen: ((event: any) => any) | null;
  onmessage: ((event: any) => any) | null;
  onclose: ((event: any) => any) | null;
  onerror: ((event: any) => any) | null;
  close(code?: number, reason?: string): void;
  send(data: string): void;
  addEventListener(type: string, listener: (event: any) => any, options?: any): void;
  removeEventListener(type: string, listener: (event: any) => any, options?: any): void;
  dispatchEvent(event: EventType): boolean;
}

/** Any event. */
export interface BaseEvent extends EventType {
  type: string;
}

/** The `open` event. */
export type OpenEvent = BaseEvent;

/** The `close` event. */
export interface CloseEvent extends BaseEvent {
  code: number;
  reason: string;
  wasClean: boolean;
  /** Over HTTP: messages that `send` took and that never left, oldest first. Empty if there are none. */
  readonly unsent?: readonly string[];
  /** Over HTTP: messages of the request that was under way, of which nobody knows whether they arrived. */
  readonly unconfirmed?: readonly string[];
}

/** A received message. */
export interface MessageEvent extends BaseEvent {
  data: string;
}

/** Makes the session ids, which become part of URLs: neither empty nor with a slash or dot. */
export type SessionGenerator = () => string;

/** Request headers or query parameters; a function is asked before every request, and may take its time. */
export type Parameters =
  | Record<string, string>
  | (() => Record<string, string> | undefined | PromiseLike<Record<string, string> | undefined>);

/** Options; all times are milliseconds. Unknown names are ignored, as in sockjs-client. */
export interface Options {
  /** Second to last segment of the URL, for load balancers. Default: "000" to "999" at random. */
  server?: string | undefined;
  /** Length of the session ids, or a function that makes them. Default 8. */
  sessionId?: number | SessionGenerator | undefined;
  /**
   * The transports that may be used; default all: `websocket`, `xhr-streaming`, `eventsource`, `xhr-polling`, tried in this
   * order. Other names of sockjs-client are skipped.
   */
  transports?: string | string[] | undefined;
  /**
   * Shortest patience with one transport until it opens; four round trips of `/info` are always waited. Default: 5,000 for
   * `websocket`, 3,000 for the others, 10,000 for the last one.
   */
  timeout?: number | undefined;
  /** Options of a transport by its name. Only sockjs-client in Node had a use for them. */
  transportOptions?: Record<string, unknown> | undefined;
  /** @deprecated use `transports`; this is ignored, as in sockjs-client. */
  protocols_whitelist?: string | string[] | undefined;
  /** How long `/info` may take. Default 8,000. */
  infoTimeout?: number | undefined;
  /**
   * How long the server may be silent before the connection is closed with 1006; over HTTP from the opening on, on
   * `websocket` once a heartbeat came. Default `"learned"`: two and a half times the distance of the heartbeats, at least
   * 10,000, once four of them came. `Infinity`: silence proves nothing.
   */
  heartbeatTimeout?: number | "learned" | undefined;
  /** Headers of every HTTP request, such as `{ Authorization }`. A browser's WebSocket cannot send any: see `query`. */
  headers?: Parameters | undefined;
  /** Parameters that are added to every URL, that of the WebSocket included. */
  query?: Parameters | undefined;
  /** Whether cookies go to another origin. Default true, which needs a server that names the origin in its CORS headers. */
  credentials?: boolean | undefined;
  /** The class that makes WebSockets, for example of the package `ws`. Default: the global one; without any `websocket` is skipped. */
  WebSocket?: (new (...args: any[]) => any) | undefined;
}

/** What is there beyond a `WebSocket`. */
interface Extras {
  /** Name of the transport while open, else null. */
  readonly transport: string | null;
  /** Called for every heartbeat of the server that a page can see. */
  onheartbeat: ((event: any) => any) | null;
}

/** An instance. */
export type Socket = Native & Extras;

/** The class, callable with and without `new`. */
export interface Constructor {
  /**
   * @param url address of the SockJS endpoint, http or https, or relative to the page
   * @param _reserved checked and otherwise ignored
   * @throws TypeError without a url or with a bad `sessionId`; SyntaxError for a bad address or a bad `_reserved`; an Error
   *   that begins with "SecurityError" for http on a page over https; RangeError or TypeError for a bad option
   */
  new (url: string, _reserved?: any, options?: Options): Socket;
  (url: string, _reserved?: any, options?: Options): Socket;
  prototype: Socket;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  /** The version of sockjs-client whose behaviour this class has. */
  readonly version: string;
  /** There are no iframe transports: throws and says so. */
  bootstrap_iframe(): never;
}
