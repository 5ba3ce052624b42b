// What may carry a connection, and how it is made. A transport gives an object like the native socket, so that everything
// above is the same for all.

import type { Provider } from "../host/provider.js";
import type { NativeSocket, NativeSocketClass } from "../host/socket.js";
import { callable, invalid, object, word } from "./check.js";
import type { SockJSTransport, TransportName, TransportOption } from "./transport-types.js";

type Make = (url: string, protocols: string[]) => NativeSocket;

/** One transport of a connection. */
export interface Carrier {
  readonly _name: TransportName;
  /** Its own address. */
  readonly _url: Provider<string | URL> | undefined;
  /** What it dials for an address. */
  readonly _address: (url: string) => string;
  /** What makes a socket, perhaps after its code was loaded. */
  readonly _make: () => Make | Promise<Make>;
}

/** Checks the option. `native` gives the socket class, or throws if there is none. */
export function carriers(given: TransportOption | readonly TransportOption[] | undefined, native: () => NativeSocketClass): Carrier[] {
  const list = Array.isArray(given) ? (given as TransportOption[]) : [(given ?? "websocket") as TransportOption];
  if (!list.length) invalid("transport", "one transport or a list of at least one", given);
  const entries = list.map((entry) => {
    const full = typeof entry === "string" ? { type: entry } : object("transport", entry, "type url options SockJS");
    word("transport", full.type, -1, "websocket sockjs");
    return full as SockJSTransport | (Omit<SockJSTransport, "type"> & { type: "websocket" });
  });
  const names = entries.map(({ type }) => type);
  return entries.map(({ type, url, options, SockJS }, at) => {
    if (type === "websocket") {
      const Native = native();
      return {
        _name: type,
        _url: url,
        _address: url || !names.includes("sockjs") ? same : toWebSocket,
        _make: () => (address, protocols) => new Native(address, protocols),
      };
    }
    callable("transport.SockJS", SockJS);
    // What has just failed is not tried once more.
    const transports = names.lastIndexOf("websocket", at) < 0 ? undefined : ["xhr-streaming", "eventsource", "xhr-polling"];
    const all = { transports, ...object("transport.options", options, SOCKJS_OPTIONS) };
    return {
      _name: type,
      _url: url,
      _address: url ? toHttp : toSockJs,
      _make: async () => {
        const Class = SockJS ?? (await load());
        return (address) => new Class(address, null, all) as NativeSocket;
      },
    };
  });
}

const SOCKJS_OPTIONS =
  "server sessionId transports timeout transportOptions infoTimeout heartbeatTimeout headers query credentials WebSocket";

async function load() {
  const module = await import("everwire:sockjs");
  await module.init?.();
  return module.SockJS;
}

const same = (url: string) => url;
const toHttp = (url: string) => url.replace(/^ws/, "http");
const toSockJs = (url: string) => toHttp(url).replace(/\/websocket\/*(?=\?|$)/, "");
/** The bare WebSocket of a SockJS endpoint; an address that is one already stays. */
const toWebSocket = (url: string) => (/^wss?:/.test(url) ? url : url.replace(/\/*(?=\?|$)/, "/websocket"));
