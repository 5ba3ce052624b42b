/**
 * The one place of the page that knows the connection: where to dial, what to say first, and with which policy
 * each kind of message leaves. Everything else reads messages and asks for sends here.
 */
import {
  type Connection,
  type ConnectionState,
  type EverwireError,
  type Handle,
  type HandshakeLink,
  type StateEvent,
  type Stats,
  type Topic,
  conflate,
  connect,
  debounce,
  throttle,
} from 'everwire';

import { Clock } from './clock.ts';
import { Emitter } from './emitter.ts';
import { identity } from './session.ts';
import { type Route, type Transport, route } from './transport/index.ts';
import type { ClientMessage, OwnPosition, ServerConfig, ServerMessage, Viewport } from './wire.ts';

type Out<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;

export interface NetEvents {
  message: ServerMessage;
  state: StateEvent;
  error: EverwireError;
  /** The server has answered hello and what waited is on its way: the room is live. */
  live: undefined;
  /** Newest sequence number of the room, told by a pong. */
  seq: number;
}

/** What the feed already has, told to the server so that it only sends the rest. */
export type Resume = () => { epoch: string | null; lastSeq: number | null };

const PING_EVERY = 2_000;
/** A post or like without an answer on an open link is sent once more after this time: the hub may drop messages. */
const ANSWER_WITHIN = 3_500;
/** Hello may be dropped like everything else; repeating it does no harm. */
const HELLO_AGAIN = 3_000;
const CONFIG_TIMEOUT = 4_000;

/** Refusals that say "later", not "never"; see `Reason` in crates/messages. */
const PASSING = new Set(['helloRequired', 'rateLimited', 'storage']);

/** Where the server listens, asked before each dial: a restarted server may have moved. */
export async function serverConfig(): Promise<ServerConfig> {
  const response = await fetch('/config.json', { signal: AbortSignal.timeout(CONFIG_TIMEOUT) });
  if (!response.ok) throw new Error(`/config.json answered ${response.status}`);
  return (await response.json()) as ServerConfig;
}

/** Ids are on answers of many kinds; only these answer something that was sent. */
const answers = new Set<ServerMessage['type']>(['ack', 'rejected', 'time']);

function answered(message: ServerMessage): string | undefined {
  if (!answers.has(message.type)) return undefined;
  // A refusal for now is no answer yet: the message goes out again.
  if (message.type === 'rejected' && PASSING.has(message.reason)) return undefined;
  return (message as { id?: string | null }).id ?? undefined;
}

const after = (ms: number) => new Promise<undefined>((resolve) => setTimeout(resolve, ms));

/** The connection to one room. Another room is another `Net`: what waits for one must not end in the other. */
export class Net extends Emitter<NetEvents> {
  readonly room: string;
  readonly transport: Transport;
  readonly clock = new Clock();
  readonly #connection: Connection<ServerMessage, ClientMessage>;
  readonly #chat: Topic<Out<'post'> | Out<'typing'>>;
  readonly #likes: Topic<Out<'like'>>;
  readonly #viewport: Topic<Out<'viewport'>>;
  readonly #position: Topic<Out<'position'>>;
  readonly #read: Topic<Out<'read'>>;
  readonly #resume: Resume;
  readonly #route: Route;
  readonly #timers = new Set<number>();
  /** Likes on their way, as merged so far, by id. */
  readonly #counts = new Map<string, Out<'like'>>();
  #joining = false;
  #area: Viewport | undefined;
  #own: OwnPosition | undefined;

  constructor(room: string, transport: Transport, resume: Resume) {
    super();
    this.room = room;
    this.transport = transport;
    this.#resume = resume;
    const way = route(transport);
    this.#route = way;
    const connection = connect(async () => way.address(await serverConfig(), room), {
      ...(way.socket && { WebSocket: way.socket }),
      reconnect: { minDelay: 400, maxDelay: 8_000, firstSpread: 800, retryOn: way.retryOn },
      heartbeat: {
        interval: 3_000,
        timeout: 'adaptive',
        ping: () => ({ type: 'ping', at: performance.now() }),
        isPong: (message: ServerMessage) => this.#pong(message),
      },
      correlation: {
        tag: (value: ClientMessage, id) => ({ ...value, id }),
        replyTo: answered,
        isError: (message: ServerMessage) => message.type === 'rejected',
      },
      // The server takes nothing before hello, so what waited for the link must wait for the welcome, too.
      handshake: (link) => this.#join(link),
    }) as Connection<ServerMessage, ClientMessage>;
    this.#connection = connection;
    // Posts share the topic of "is typing", which a post makes pointless.
    this.#chat = connection.topic('chat', { policy: throttle({ interval: 2_000 }), order: 'supersede' });
    this.#likes = connection.topic('likes', {
      policy: conflate<Out<'like'>>({
        minInterval: 250,
        merge: (older, newer) => {
          const merged = { ...newer, count: Math.min(100, older.count + newer.count) };
          this.#counts.set(newer.id, merged);
          return merged;
        },
      }),
      key: ({ post }) => post,
    });
    this.#viewport = connection.topic('viewport', { policy: debounce({ wait: 200, maxWait: 500 }) });
    this.#position = connection.topic('position', {
      policy: throttle({ interval: 150 }),
      key: () => identity.user,
      ttl: 30_000,
    });
    this.#read = connection.topic('read', { policy: debounce({ wait: 800, maxWait: 3_000 }), lane: 'bulk' });
    connection.on('state', (event) => this.#state(event));
    connection.on('message', (message) => this.#message(message));
    connection.on('error', (error) => this.emit('error', error));
    this.#every(PING_EVERY, () => this.#measure());
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Whether the server has answered hello on this link. */
  get live(): boolean {
    return this.#connection.state === 'open';
  }

  /** How messages travel now: `websocket`, `polling`, `xhr-streaming` …; undefined while nothing is open. */
  get carrier(): string | undefined {
    return this.live ? this.#route.carrier() : undefined;
  }

  /** Whether the socket is open and the answer to hello is awaited. */
  get joining(): boolean {
    return this.#joining;
  }

  stats(): Stats {
    return this.#connection.stats();
  }

  /** Sends a post; its status is that of the handle. Sending one again with its id is safe. */
  post(id: string, text: string): Handle {
    const message: Out<'post'> = { type: 'post', id, text };
    const handle = this.#chat.send(message, { id, immediate: true, offline: 'queue' });
    this.#insist(handle, () => this.#connection.send(message, { offline: 'drop' }));
    return handle;
  }

  /** Adds one like; quick ones of a post leave as one message. */
  like(post: string): Handle {
    const id = crypto.randomUUID();
    const message: Out<'like'> = { type: 'like', id, post, count: 1 };
    this.#counts.set(id, message);
    const handle = this.#likes.send(message, { id, offline: 'latest' });
    const forget = () => this.#counts.delete(id);
    void handle.acked.then(forget, forget);
    this.#insist(handle, () => this.#connection.send(this.#counts.get(id) ?? message, { offline: 'drop' }));
    return handle;
  }

  /** Says whether the user is typing. */
  typing(active: boolean): void {
    this.#chat.send({ type: 'typing', active }, { offline: 'drop' });
  }

  /** How far the user has read. */
  read(seq: number): void {
    this.#read.send({ type: 'read', seq });
  }

  /** The area to watch. The server forgets it with the link, so it is told again on each. */
  watch(area: Viewport): void {
    this.#area = area;
    this.#viewport.send({ type: 'viewport', ...area });
  }

  /** Where the user is. */
  moveTo(own: OwnPosition): void {
    this.#own = own;
    this.#position.send({ type: 'position', ...own });
  }

  /** Asks for the events after `since`; they come as a `history` message. */
  replay(since: number): void {
    const id = `r-${crypto.randomUUID().slice(0, 8)}`;
    this.#connection.send({ type: 'replay', id, since }, { lane: 'rpc', offline: 'drop' });
  }

  /** Introduces the user again, under a new name. */
  rename(): void {
    this.#connection.send(this.#hello(), { lane: 'control', offline: 'drop' });
  }

  /** Dials now instead of waiting. */
  reconnect(): void {
    this.#connection.reconnect();
  }

  /** Sends what waits and leaves. */
  close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    return this.#connection.close({ deadline: 1_000 });
  }

  #every(ms: number, fn: () => void): void {
    this.#timers.add(setInterval(fn, ms));
  }

  /** Repeats a message until its handle has ended; the server takes each id once. */
  #insist(handle: Handle, again: () => void): void {
    let writtenFor = 0;
    const timer = setInterval(() => {
      const waiting = handle.status === 'written' && this.live;
      writtenFor = waiting ? writtenFor + ANSWER_WITHIN : 0;
      if (writtenFor > ANSWER_WITHIN) again();
    }, ANSWER_WITHIN);
    this.#timers.add(timer);
    const done = () => {
      clearInterval(timer);
      this.#timers.delete(timer);
    };
    void handle.acked.then(done, done);
  }

  /** Introduces the user until the server has answered; the connect timeout ends it. */
  async #join(link: HandshakeLink<ServerMessage, ClientMessage>): Promise<void> {
    this.#joining = true;
    const welcome = link.next(({ type }) => type === 'welcome');
    do {
      link.send(this.#hello());
    } while (!(await Promise.race([welcome, after(HELLO_AGAIN)])));
  }

  #hello(): Out<'hello'> {
    return { type: 'hello', user: identity.user, name: identity.name, ...this.#resume() };
  }

  #state(event: StateEvent): void {
    this.#joining = false;
    if (event.to !== 'open') this.clock.lost();
    this.emit('state', event);
    if (event.to !== 'open') return;
    if (this.#area) this.#viewport.send({ type: 'viewport', ...this.#area }, { immediate: true });
    if (this.#own) this.#position.send({ type: 'position', ...this.#own }, { immediate: true });
    this.#measure();
    this.emit('live', undefined);
  }

  #message(message: ServerMessage): void {
    if (message.type === 'welcome') this.clock.guess(message.serverTime);
    this.emit('message', message);
  }

  /** Any traffic proves life, so a busy link sends no heartbeat; the round trip is measured all the same. */
  #measure(): void {
    if (this.#connection.state !== 'open' || document.hidden) return;
    this.#connection.send({ type: 'ping', at: performance.now() }, { lane: 'control', offline: 'drop' });
  }

  #pong(message: ServerMessage): boolean {
    if (message.type !== 'pong') return false;
    this.clock.sample(Math.max(0, performance.now() - message.at), message.serverTime);
    this.emit('seq', message.seq);
    return true;
  }
}
