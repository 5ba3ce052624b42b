// What may carry a connection.

import type { Options, Socket } from "../sockjs/types.js";

/** Names of what may carry a connection. */
export type TransportName = "websocket" | "sockjs";

/** A WebSocket, with an address of its own. */
export interface WebSocketTransport {
  type: "websocket";
  /** Instead of the address given to `connect`. */
  url?: TransportUrl;
}

/**
 * SockJS, text only. The code of `everwire/sockjs` is loaded when the first such dial begins.
 */
export interface SockJSTransport {
  type: "sockjs";
  /**
   * The SockJS endpoint, http or https. Default: the address given to `connect`, with http for ws and without `/websocket` at
   * its end, which is where SockJS servers offer a bare WebSocket.
   */
  url?: TransportUrl;
  /**
   * Options of `everwire/sockjs`: `headers`, `query`, `transports` and so on. Behind a `"websocket"` in the list
   * `transports` leaves out WebSocket by default, since it has just failed.
   */
  options?: Options;
  /** The class, if the application imports `everwire/sockjs` itself. */
  SockJS?: new (url: string, _reserved?: any, options?: Options) => Socket;
}

/** An address, or a function that is asked before every attempt. */
export type TransportUrl = string | URL | (() => string | URL | Promise<string | URL>);

/**
 * One that may carry a connection: a name, or an object for what else there is to say. With `"sockjs"` in the list
 * and an http address, `"websocket"` is dialled at the endpoint's bare WebSocket, `/websocket`.
 */
export type TransportOption = TransportName | WebSocketTransport | SockJSTransport;
