// Makes clients with the older API.
import { CompatClient } from "./compat-client.js";
import { Versions } from "./versions.js";

/** Deprecated: use `Client`. */
export class Stomp {
  /** The class of the sockets that `client` makes, if not the platform's. */
  static WebSocketClass: any = null;

  /** A client for this address. */
  static client(url: string, protocols?: string[]): CompatClient {
    const offered = protocols ?? Versions.default.protocolVersions();
    return new CompatClient(() => new (Stomp.WebSocketClass || WebSocket)(url, offered));
  }

  /** A client on sockets that a function makes, or on one socket: then it cannot reconnect. */
  static over(ws: any): CompatClient {
    if (typeof ws === "function") return new CompatClient(ws);
    console.warn(
      "Stomp.over did not receive a factory, auto reconnect will not work. " +
        "Please see https://stomp-js.github.io/api-docs/latest/classes/Stomp.html#over",
    );
    return new CompatClient(() => ws);
  }
}
