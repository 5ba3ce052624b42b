// `everwire/sockjs`: the class as sockjs-client shows it, callable with and without `new`.
import { Socket } from "./sockjs.js";
import type * as types from "./types.js";

/** The version of sockjs-client that this stands in for. */
const PEER_VERSION = "1.6.1";

function construct(url: unknown, reserved?: unknown, options?: types.Options): object {
  if (!arguments.length) throw new TypeError("Failed to construct 'SockJS: 1 argument required, but only 0 present");
  return Reflect.construct(Socket, [url, reserved, options], new.target ?? construct) as object;
}

construct.prototype = Socket.prototype as object;
// As a subclass would: Node recognises an EventTarget by what its constructor inherits.
Object.setPrototypeOf(construct, Socket);
Object.defineProperty(Socket.prototype, "constructor", { value: construct, configurable: true, writable: true });
Object.defineProperty(construct, "name", { value: "SockJS", configurable: true });
["CONNECTING", "OPEN", "CLOSING", "CLOSED"].forEach((name, value) => {
  for (const holder of [construct, Socket.prototype]) Object.defineProperty(holder, name, { value, enumerable: true });
});
// Platforms before explicit resource management have no such symbol, and then no syntax that would look for it.
if (Symbol.dispose) {
  Object.defineProperty(Socket.prototype, Symbol.dispose, {
    configurable: true,
    value(this: Socket) {
      this.close();
    },
  });
}

/** SockJS: the names under which @types/sockjs-client has its types. */
export declare namespace SockJS {
  type CONNECTING = 0;
  type OPEN = 1;
  type CLOSING = 2;
  type CLOSED = 3;
  type State = CONNECTING | OPEN | CLOSING | CLOSED;
  type BaseEvent = types.BaseEvent;
  type OpenEvent = types.OpenEvent;
  type CloseEvent = types.CloseEvent;
  type MessageEvent = types.MessageEvent;
  type SessionGenerator = types.SessionGenerator;
  type Options = types.Options;
}

/** The class; see {@link types.Constructor}. */
export const SockJS = Object.assign(construct, {
  version: PEER_VERSION,
  bootstrap_iframe(): never {
    throw new Error("everwire: there are no iframe transports; remove the call, and serve sockjs-client to browsers that need them");
  },
}) as unknown as types.Constructor;
export default SockJS;
