// `everwire/websocket`: the class as the platform shows its own.
import { defineHandler } from "./attributes.js";
import { Socket } from "./socket.js";
import type * as types from "./types.js";

export type {
  CloseEvent, ErrorEvent, Event, HeartbeatOptions, ListenerOptions, Message, MessageEvent, Options, Protocols,
  ProtocolsProvider, UrlProvider, WebSocketConstructor, WebSocketEventMap,
} from "./types.js";

const prototype = Socket.prototype as unknown as Record<PropertyKey, unknown>;

// WebIDL: constants on the class and on instances, members enumerable, a class name of its own.
["CONNECTING", "OPEN", "CLOSING", "CLOSED"].forEach((name, value) => {
  for (const holder of [Socket, prototype]) Object.defineProperty(holder, name, { value, enumerable: true });
});
for (const type of ["open", "error", "close", "message"]) defineHandler(Socket.prototype, type);
for (const name of ["url", "readyState", "bufferedAmount", "extensions", "protocol", "binaryType", "close", "send"]) {
  Object.defineProperty(prototype, name, { enumerable: true });
}
Object.defineProperty(prototype, Symbol.toStringTag, { value: "WebSocket", configurable: true });
Object.defineProperty(Socket, "length", { value: 1, configurable: true });
Object.defineProperty(Socket, "name", { value: "WebSocket", configurable: true });
// Platforms before explicit resource management have no such symbol, and then no syntax that would look for it.
if (Symbol.dispose) {
  Object.defineProperty(prototype, Symbol.dispose, {
    configurable: true,
    value(this: Socket) {
      this.close();
    },
  });
}

/** A WebSocket that reconnects; see {@link types.WebSocket}. */
export interface WebSocket extends types.WebSocket {}
/** A WebSocket that reconnects; see {@link types.Options}. */
export const WebSocket = Socket as unknown as types.WebSocketConstructor;
export default WebSocket;
