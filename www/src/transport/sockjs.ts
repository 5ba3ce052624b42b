/** SockJS as a socket of the connection: it is one already, but for the scheme of its address. */
import SockJS from 'everwire/sockjs';

import type { Carrier } from './index.ts';

export default class SockJsSocket implements Carrier {
  constructor(url: string) {
    const socket = new SockJS(url.replace(/^ws/, 'http'));
    Object.defineProperty(socket, 'carrier', { get: () => socket.transport ?? undefined });
    return socket as unknown as SockJsSocket;
  }

  /** Read from the real socket. */
  declare readonly carrier: string | undefined;
}
