// `everwire/stomp/connect`: STOMP with everwire's own API. Subscriptions that survive, a queue with send policies, promises.

import { core } from "./core.js";
import { StompConnection } from "./connection.js";
import { settings } from "./options.js";
import type { ConnectOptions, Source, StompClient } from "./types.js";

export { EverwireError, type ErrorCode } from "../client/error.js";
export { conflate, debounce, immediate, rateLimit, throttle } from "../client/policies.js";
export type * from "./types.js";

/**
 * Opens a STOMP connection that comes back by itself. The first attempt starts in the next microtask.
 *
 *     const stomp = connect("wss://broker.example.org/ws", { connectHeaders: { login: "guest", passcode: "guest" } });
 *     stomp.subscribe("/topic/prices", (message) => console.log(message.json()));
 *     await stomp.publish("/queue/orders", { symbol: "X" }, { id: "order-17" }).acked;
 *
 * @param source an address, a list for failover, a function of an address, or `{ webSocketFactory }` for SockJS and others
 * @param options all optional, see {@link ConnectOptions}
 * @throws EverwireError (`invalid-option`) if an option is unknown or wrong; a `SyntaxError` `DOMException` for a bad address
 */
export function connect(source: Source, options?: ConnectOptions): StompClient {
  return new StompConnection(settings(core, source, options));
}
