/**
 * What carries the messages: a bare WebSocket, Socket.IO or SockJS. Each of them is a socket class to the connection, so
 * outbox, policies, handshake and reconnects are the same over all three.
 */
import type { CloseInfo, WebSocketConstructor } from 'everwire';

import { identity, store, stored } from '../session.ts';
import type { ServerConfig } from '../wire.ts';

export const transports = ['raw', 'socketio', 'sockjs'] as const;
export type Transport = (typeof transports)[number];

/** A socket that can tell how its messages travel now: `websocket`, `polling`, `xhr-streaming` and so on. */
export interface Carrier {
  readonly carrier: string | undefined;
}

/** One way to reach a room; a connection gets an own one, so that the latest socket is its own. */
export interface Route {
  /** For the connection; undefined is the browser's WebSocket. */
  readonly socket: WebSocketConstructor | undefined;
  /** Which ends are worth another dial although they look final. */
  readonly retryOn: (close: CloseInfo) => boolean | undefined;
  /** Where to dial, once the code of the transport is there. */
  readonly address: (config: ServerConfig, room: string) => Promise<URL>;
  /** How messages travel at the moment, if a socket is open. */
  readonly carrier: () => string | undefined;
}

const KEY = 'everwire.transport';

const known = (name: string | null | undefined): Transport | undefined => transports.find((each) => each === name);

/** The transport of this tab: that of the address, else the one chosen last, else the bare WebSocket. */
export function chosen(): Transport {
  const asked = new URLSearchParams(location.search).get('transport');
  return known(asked) ?? known(stored<string>(KEY)) ?? 'raw';
}

/** Keeps the choice over a reload, and in the address for others. */
export function choose(transport: Transport): void {
  store(KEY, transport);
  const url = new URL(location.href);
  if (transport === 'raw') url.searchParams.delete('transport');
  else url.searchParams.set('transport', transport);
  history.replaceState(undefined, '', url);
}

function withPlace(address: string, room: string): URL {
  const url = new URL(address);
  url.searchParams.set('room', room);
  url.searchParams.set('client', identity.client);
  return url;
}

const raw = (): Route => ({
  socket: undefined,
  retryOn: () => undefined,
  address: async ({ ws }, room) => withPlace(ws, room),
  carrier: () => 'websocket',
});

/** The classes are loaded when they are first needed: a visitor over the bare WebSocket pays for none of them. */
function loaded(name: 'socketio' | 'sockjs'): Route {
  let make: ((url: string) => Carrier) | undefined;
  let latest: Carrier | undefined;
  class Socket {
    constructor(url: string) {
      if (!make) throw new Error(`the code of ${name} is not loaded`);
      return (latest = make(url)) as unknown as Socket;
    }
  }
  return {
    socket: Socket,
    // SockJS ends with 1002 when the server does not answer, which for a WebSocket would be a broken protocol.
    retryOn: ({ code }) => (name === 'sockjs' && code === 1002 ? true : undefined),
    async address(config, room) {
      const module = await (name === 'socketio' ? import('./socketio.ts') : import('./sockjs.ts'));
      make = (url) => new module.default(url);
      return withPlace(config[name], room);
    },
    carrier: () => latest?.carrier,
  };
}

/** A way over this transport. */
export const route = (transport: Transport): Route => (transport === 'raw' ? raw() : loaded(transport));
