// `everwire/socket.io`: what socket.io-client 4.8 exports.
import { Manager as ManagerClass } from "./manager.js";
import { checkOptions } from "./options.js";
import { Fetch as FetchClass, XHR as XHRClass } from "./polling.js";
import { Socket as SocketClass } from "./socket.js";
import type * as types from "./types.js";
import { target } from "./url.js";
import { WS, WT } from "./websocket.js";

export type {
  DisconnectDescription, Engine, EngineOptions, ExtendedError, HandshakeData, LimitError, ListenerOptions, ManagerOptions, ManagerReservedEvents,
  PayloadTooLargeError, Recovery, SocketOptions, SocketReservedEvents, Transport, TransportCtor, TransportError, TransportName,
} from "./types.js";

const managers = new Map<string, ManagerClass>();

function lookup(uri?: any, opts?: any): SocketClass {
  if (typeof uri === "object" && uri) [opts, uri] = [uri, undefined];
  opts = opts || {};
  // Before there is a manager, which would connect.
  checkOptions(opts);
  const { source, id, path, query, queryKey } = target(uri, opts.path || "/socket.io");
  const known = managers.get(id);
  const ownManager = opts.forceNew || opts["force new connection"] || opts.multiplex === false || (known && path in known.nsps);
  let manager = known;
  if (ownManager || !manager) {
    manager = new ManagerClass(source, opts);
    if (!ownManager) managers.set(id, manager);
  }
  if (query && !opts.query) opts.query = queryKey;
  return manager.socket(path, opts);
}

Object.assign(lookup, { Manager: ManagerClass, Socket: SocketClass, io: lookup, connect: lookup });

/** The version of the protocol. */
export const protocol = 5;

/** The socket of a namespace; see {@link types.Lookup}. */
export const io = lookup as unknown as types.Lookup;
export { io as connect, io as default };

/** See {@link types.Manager}. */
export const Manager = ManagerClass as unknown as typeof types.Manager;
/** See {@link types.Manager}. */
export type Manager<L extends types.EventsMap = types.DefaultEventsMap, E extends types.EventsMap = L> = types.Manager<L, E>;

/** See {@link types.Socket}. */
export const Socket = SocketClass as unknown as typeof types.Socket;
/** See {@link types.Socket}. */
export type Socket<L extends types.EventsMap = types.DefaultEventsMap, E extends types.EventsMap = L> = types.Socket<L, E>;
export declare namespace Socket {
  /** See {@link types.DisconnectReason}. */
  type DisconnectReason = types.DisconnectReason;
}

/** Polling, with the error texts of socket.io-client's XMLHttpRequest transport. */
export const XHR = XHRClass as unknown as typeof types.Polling;
/** Polling, with the error texts of socket.io-client's fetch transport. */
export const Fetch = FetchClass as unknown as typeof types.Polling;
/** `XHR`: one class serves browsers and Node. */
export const NodeXHR = XHR;
/** The WebSocket transport. */
export const WebSocket = WS as unknown as typeof types.WebSocketTransport;
/** `WebSocket`: one class serves browsers and Node. */
export const NodeWebSocket = WebSocket;
/** See {@link types.WebTransportTransport}. */
export const WebTransport = WT as unknown as typeof types.WebTransportTransport;
