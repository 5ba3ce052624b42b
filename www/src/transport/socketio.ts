/**
 * Socket.IO as a socket of the connection. A message is an event named as its `type`, whose argument has the other
 * fields. What the server answers by id comes back as an acknowledgement; what it shows on the map wants one from here.
 *
 * Reconnects are the connection's, as over the other transports, so those of Socket.IO are off.
 */
import { type Socket, io } from 'everwire/socket.io';

import type { ClientMessage } from '../wire.ts';
import type { Carrier } from './index.ts';

/** Messages that are answered by id. */
const ASKING = new Set<string>(['post', 'like', 'replay'] satisfies ClientMessage['type'][]);
const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
/** What a lost connection ends with, as at a WebSocket. */
const LOST = { code: 1006, reason: '' };
/** The server has not let this client in; its reason says why. */
const REFUSED = 4403;

type Fields = Record<string, unknown>;

export default class SocketIoSocket extends EventTarget implements Carrier {
  readonly url: string;
  readonly protocol = '';
  readonly extensions = '';
  binaryType = 'blob';
  readyState = CONNECTING;
  readonly #socket: Socket;
  /** How the server has said that it ends. */
  #end = LOST;

  constructor(url: string) {
    super();
    this.url = url;
    const { origin, searchParams } = new URL(url.replace(/^ws/, 'http'));
    const query = Object.fromEntries(searchParams);
    const socket = io(origin, { query, forceNew: true, reconnection: false });
    this.#socket = socket;
    socket.on('connect', () => {
      this.readyState = OPEN;
      this.dispatchEvent(new Event('open'));
    });
    socket.on('connect_error', (error) => {
      // An inactive socket was refused by the server; otherwise there was none to refuse it.
      this.#closed(socket.active ? LOST : { code: REFUSED, reason: error.message.slice(0, 100) });
    });
    socket.on('disconnect', (reason) => this.#closed(reason === 'io client disconnect' ? { code: 1000, reason: '' } : this.#end));
    socket.onAny((type: string, ...args: unknown[]) => this.#event(type, args));
  }

  get carrier(): string | undefined {
    return this.readyState === OPEN ? this.#socket.io.engine.transport.name : undefined;
  }

  /** Characters that wait in the engine: over polling they leave with the next request. */
  get bufferedAmount(): number {
    const waiting = this.readyState === OPEN ? this.#socket.io.engine.writeBuffer : [];
    return waiting.reduce((sum, { data }) => sum + (typeof data === 'string' ? data.length : 0), 0);
  }

  send(text: string): void {
    if (this.readyState !== OPEN) return;
    const { type, ...fields } = JSON.parse(text) as { type: string } & Fields;
    if (ASKING.has(type)) this.#socket.emit(type, fields, (answer: Fields) => this.#message(answer));
    else this.#socket.emit(type, fields);
  }

  close(): void {
    if (this.readyState >= CLOSING) return;
    this.readyState = CLOSING;
    this.#socket.disconnect();
    // Before it is connected, it says nothing when it ends.
    this.#closed({ code: 1000, reason: '' });
  }

  #event(type: string, args: unknown[]): void {
    const done = args.at(-1);
    if (typeof done === 'function') done();
    const fields = args[0] as Fields;
    if (type === 'end') this.#end = fields as typeof LOST;
    else this.#message({ type, ...fields });
  }

  /** The connection reads text, whose length it also counts. */
  #message(message: Fields): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }

  #closed({ code, reason }: { code: number; reason: string }): void {
    if (this.readyState === CLOSED) return;
    const wasClean = code !== LOST.code;
    this.readyState = CLOSED;
    this.#socket.disconnect();
    if (!wasClean) this.dispatchEvent(new Event('error'));
    this.dispatchEvent(new CloseEvent('close', { code, reason, wasClean }));
  }
}
