// The public types of `everwire/socket.io`, kept by hand; names and parameters are those of socket.io-client 4.8.
import type { AbortSignalType } from "../host/dom-types.js";

/** Maps names of events to the type of their listeners. */
export interface EventsMap {
  [event: string]: any;
}

/** Any event with any data. */
export interface DefaultEventsMap {
  [event: string]: (...args: any[]) => void;
}

/** The names in a map. */
export type EventNames<Map extends EventsMap> = keyof Map & (string | symbol);
/** The parameters of an event's listener. */
export type EventParams<Map extends EventsMap, Ev extends EventNames<Map>> = Parameters<Map[Ev]>;
/** The names of reserved and own events together. */
export type ReservedOrUserEventNames<Reserved extends EventsMap, User extends EventsMap> = EventNames<Reserved> | EventNames<User>;
/** The listener of a reserved or an own event. */
export type ReservedOrUserListener<
  Reserved extends EventsMap,
  User extends EventsMap,
  Ev extends ReservedOrUserEventNames<Reserved, User>,
> = UntypedIfNever<Ev extends EventNames<Reserved> ? Reserved[Ev] : Ev extends EventNames<User> ? User[Ev] : never>;
// Generic code over unknown maps would otherwise be unable to name a listener at all.
type UntypedIfNever<T> = [T] extends [never] ? (...args: any[]) => void | Promise<void> : T;

type WithError<T extends any[]> = {
  [K in keyof T]: T[K] extends (...args: infer Params) => infer Result ? (err: Error, ...args: Params) => Result : T[K];
};

/** The events with acknowledgements as `timeout()` makes them: an error comes first. */
export type DecorateAcknowledgements<E> = {
  [K in keyof E]: E[K] extends (...args: infer Params) => infer Result ? (...args: WithError<Params>) => Result : E[K];
};
/** The last of several types. */
export type Last<T extends any[]> = T extends [...infer _Rest, infer L] ? L : any;
/** All but the last of several types. */
export type AllButLast<T extends any[]> = T extends [...infer Rest, infer _Last] ? Rest : any[];
/** The first parameter of a function. */
export type FirstArg<T> = T extends (arg: infer Param) => infer _Result ? Param : any;

/** Options of listeners; not in socket.io-client. */
export interface ListenerOptions {
  /** Removes the listener when aborted. */
  signal?: AbortSignalType;
}

/** Emits and listens to events with the types of the maps. */
export declare class Emitter<ListenEvents extends EventsMap, EmitEvents extends EventsMap, ReservedEvents extends EventsMap = {}> {
  /** Adds a listener; the same one may be added several times. */
  on<Ev extends ReservedOrUserEventNames<ReservedEvents, ListenEvents>>(ev: Ev, listener: ReservedOrUserListener<ReservedEvents, ListenEvents, Ev>, options?: ListenerOptions): this;
  /** Adds a listener for the next event only. */
  once<Ev extends ReservedOrUserEventNames<ReservedEvents, ListenEvents>>(ev: Ev, listener: ReservedOrUserListener<ReservedEvents, ListenEvents, Ev>, options?: ListenerOptions): this;
  /** Removes a listener, all of an event, or all. */
  off<Ev extends ReservedOrUserEventNames<ReservedEvents, ListenEvents>>(ev?: Ev, listener?: ReservedOrUserListener<ReservedEvents, ListenEvents, Ev>): this;
  /** Emits an event. */
  emit<Ev extends EventNames<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): this;
  protected emitReserved<Ev extends EventNames<ReservedEvents>>(ev: Ev, ...args: EventParams<ReservedEvents, Ev>): this;
  /** The listeners of an event. */
  listeners<Ev extends ReservedOrUserEventNames<ReservedEvents, ListenEvents>>(event: Ev): ReservedOrUserListener<ReservedEvents, ListenEvents, Ev>[];
  /** Whether an event has listeners. */
  hasListeners<Ev extends ReservedOrUserEventNames<ReservedEvents, ListenEvents>>(event: Ev): boolean;
  /** `off`. */
  removeListener<Ev extends ReservedOrUserEventNames<ReservedEvents, ListenEvents>>(ev?: Ev, listener?: ReservedOrUserListener<ReservedEvents, ListenEvents, Ev>): this;
  /** `off`. */
  removeAllListeners<Ev extends ReservedOrUserEventNames<ReservedEvents, ListenEvents>>(ev?: Ev): this;
}

/** A packet of Engine.IO. `data` is text, an `ArrayBuffer`, a view or a `Blob`. */
export interface EnginePacket {
  type: "open" | "close" | "ping" | "pong" | "message" | "upgrade" | "noop" | "error";
  options?: { compress?: boolean };
  data?: any;
}

/** A packet of Socket.IO; `type` is its number on the wire. */
export interface Packet {
  type: number;
  nsp: string;
  data?: any;
  id?: number;
  attachments?: number;
}

/** Why a transport closed. */
export interface CloseDetails {
  description: string;
  context?: unknown;
}

/** A transport that failed. */
export interface TransportError extends Error {
  readonly type: "TransportError";
  /** The status of a refused request, or the event of a WebSocket. */
  readonly description: any;
  /** `{ status, responseText, readyState }` of a failed request. */
  readonly context: any;
  /** What the server said about a refused request; not in socket.io-client. */
  readonly data?: { code: number; message: string };
}

/** Events of a transport. */
export interface TransportReservedEvents {
  open: () => void;
  error: (err: TransportError) => void;
  packet: (packet: EnginePacket) => void;
  close: (details?: CloseDetails) => void;
  poll: () => void;
  pollComplete: () => void;
  drain: () => void;
}

/** The base of transports, which custom ones extend. */
export declare abstract class Transport extends Emitter<Record<never, never>, Record<never, never>, TransportReservedEvents> {
  query: Record<string, string>;
  writable: boolean;
  protected opts: any;
  protected supportsBinary: boolean;
  protected readyState: "opening" | "open" | "closed" | "pausing" | "paused";
  protected socket: Engine;
  protected setTimeoutFn: (callback: () => void, delay?: number) => any;
  constructor(opts: any);
  protected onError(reason: string, description: any, context?: any): this;
  open(): this;
  close(): this;
  send(packets: any): void;
  protected onOpen(): void;
  protected onData(data: any): void;
  protected onPacket(packet: EnginePacket): void;
  protected onClose(details?: CloseDetails): void;
  abstract get name(): string;
  pause(onPause: () => void): void;
  protected createUri(schema: string, query?: Record<string, unknown>): string;
  protected abstract doOpen(): any;
  protected abstract doClose(): any;
  protected abstract write(packets: EnginePacket[]): any;
}

/** HTTP long-polling. */
export declare class Polling extends Transport {
  get name(): string;
  doOpen(): void;
  doClose(): void;
  doPoll(): void;
  doWrite(data: string, callback: () => void): void;
  write(packets: EnginePacket[]): void;
  protected uri(): string;
}

/** The WebSocket transport; override `createSocket` to use another class. */
export declare class WebSocketTransport extends Transport {
  protected ws: any;
  get name(): string;
  doOpen(): void;
  doClose(): void;
  write(packets: EnginePacket[]): void;
  createSocket(uri: string, protocols: string | string[] | undefined, opts: Record<string, any>): any;
  doWrite(packet: EnginePacket, data: any): void;
  protected uri(): string;
}

/** Names a transport that is not available here; opening it fails with "webtransport error". */
export declare class WebTransportTransport extends Transport {
  get name(): string;
  doOpen(): void;
  doClose(): void;
  write(packets: EnginePacket[]): void;
}

/** The name of a transport. */
export type TransportName = "polling" | "websocket" | "webtransport" | (string & {});
/** The class of a transport. */
export type TransportCtor = { new (o: any): any };

/** What the server says at the beginning. */
export interface HandshakeData {
  sid: string;
  upgrades: string[];
  pingInterval: number;
  pingTimeout: number;
  maxPayload: number;
}

/** Events of an {@link Engine}. */
export interface EngineReservedEvents {
  open: () => void;
  handshake: (data: HandshakeData) => void;
  packet: (packet: EnginePacket) => void;
  packetCreate: (packet: EnginePacket) => void;
  data: (data: any) => void;
  message: (data: any) => void;
  drain: () => void;
  flush: () => void;
  heartbeat: () => void;
  ping: () => void;
  pong: () => void;
  error: (err: string | Error) => void;
  upgrading: (transport: Transport) => void;
  upgrade: (transport: Transport) => void;
  upgradeError: (err: Error) => void;
  close: (reason: string, description?: CloseDetails | Error) => void;
}

/** One connection; `manager.engine` is a new one after each reconnect. */
export declare class Engine extends Emitter<Record<never, never>, Record<never, never>, EngineReservedEvents> {
  static protocol: number;
  static priorWebsocketSuccess: boolean;
  id: string;
  transport: Transport;
  binaryType: "arraybuffer" | "blob" | "nodebuffer";
  readyState: "opening" | "open" | "closing" | "closed";
  writeBuffer: EnginePacket[];
  /** Sends a message of Engine.IO. */
  write(msg: any, options?: { compress?: boolean }, fn?: () => void): this;
  /** `write`. */
  send(msg: any, options?: { compress?: boolean }, fn?: () => void): this;
  /** Closes; the manager reconnects. */
  close(): this;
}

/** Options of the connection. Times are milliseconds. */
export interface EngineOptions {
  /** Set from the address. */
  host?: string;
  /** Set from the address. */
  hostname?: string;
  /** Whether TLS is used. Set from the address. */
  secure?: boolean;
  /** Set from the address. */
  port?: string | number;
  /** Query parameters; those of the address win. */
  query?: { [key: string]: any };
  /** Whether to move from polling to WebSocket. Default true. */
  upgrade?: boolean;
  /** Whether binary travels as base64 even where it need not. Default false. */
  forceBase64?: boolean;
  /** The name of the cache buster in addresses. Default "t". */
  timestampParam?: string;
  /** Whether to add the cache buster. Default true for polling, false for WebSocket. */
  timestampRequests?: boolean;
  /** What may be used, the first one first. Default ["polling", "websocket", "webtransport"]; the last is not available here. */
  transports?: TransportName[] | TransportCtor[];
  /** As `transports`, with classes; not together with it. */
  transportImplementations?: TransportCtor[];
  /** Whether a transport that fails while opening is followed by the next one. Default false. */
  tryAllTransports?: boolean;
  /** Whether the next connection starts with WebSocket if the last one reached it. Default false. */
  rememberUpgrade?: boolean;
  /** How long a request of polling may take. Default 0, no limit. */
  requestTimeout?: number;
  /** Options for single transports, by name. */
  transportOptions?: Object;
  /** Headers of requests; for WebSocket only with a class of Node. */
  extraHeaders?: { [header: string]: string };
  /** Whether cookies go to other origins. Default false. */
  withCredentials?: boolean;
  /** Whether to close silently when the page is left. Default false. */
  closeOnBeforeunload?: boolean;
  /** Whether to use the platform's timers although fake ones are installed. Default false. */
  useNativeTimers?: boolean;
  /** Node only: whether timers keep the process alive no longer. Default false. */
  autoUnref?: boolean;
  /** The path of the server. Default "/socket.io". */
  path?: string;
  /** Whether the path ends with a slash. Default true. */
  addTrailingSlash?: boolean;
  /** Subprotocols of the WebSocket. */
  protocols?: string | string[];
  /** The class that makes WebSockets, for example of the package `ws`. Default: the global one. Not in socket.io-client. */
  WebSocket?: new (...args: any[]) => any;
  /** For WebSocket classes of Node, as are the options below. */
  agent?: string | boolean;
  pfx?: string; key?: string; passphrase?: string; cert?: string; ca?: string | string[]; ciphers?: string;
  rejectUnauthorized?: boolean;
  perMessageDeflate?: { threshold: number };
}

/** Options of a {@link Manager}. Times are milliseconds. Unknown names are ignored, as in socket.io-client. */
export interface ManagerOptions extends EngineOptions {
  /** Whether `io()` makes a Manager of its own. Default false. */
  forceNew: boolean;
  /** Whether `io()` shares Managers. Default true. */
  multiplex: boolean;
  /** The path of the server. Default "/socket.io". */
  path: string;
  /** Whether to connect again after a loss. Default true. */
  reconnection: boolean;
  /** How often to try. Default Infinity; 0 counts as the default. */
  reconnectionAttempts: number;
  /** The first wait. Default 1,000; 0 counts as the default. It doubles with each attempt. */
  reconnectionDelay: number;
  /** The longest wait. Default 5,000; 0 counts as the default. */
  reconnectionDelayMax: number;
  /** How far waits stray, 0 to 1. Default 0.5. */
  randomizationFactor: number;
  /** How long an attempt may take. Default 20,000; false for no limit. */
  timeout: number;
  /** Whether to connect at once. Default true. */
  autoConnect: boolean;
  /** `{ Encoder, Decoder }`. Default: JSON with attachments. */
  parser: any;
}

/** Events of a {@link Manager}. */
export interface ManagerReservedEvents {
  open: () => void;
  error: (err: Error) => void;
  ping: () => void;
  packet: (packet: Packet) => void;
  close: (reason: string, description?: DisconnectDescription) => void;
  reconnect_failed: () => void;
  reconnect_attempt: (attempt: number) => void;
  reconnect_error: (err: Error) => void;
  reconnect: (attempt: number) => void;
}

/** One connection, shared by the sockets of several namespaces. */
export declare class Manager<ListenEvents extends EventsMap = DefaultEventsMap, EmitEvents extends EventsMap = ListenEvents> extends Emitter<{}, {}, ManagerReservedEvents> {
  /** The current connection. */
  engine: Engine;
  /** The options as given. */
  opts: Partial<ManagerOptions>;
  _autoConnect: boolean;
  /** Unstable: for dashboards and tests. */
  _readyState: "opening" | "open" | "closed";
  /** Unstable: whether the loop of attempts runs. */
  _reconnecting: boolean;
  constructor(opts: Partial<ManagerOptions>);
  constructor(uri?: string, opts?: Partial<ManagerOptions>);
  constructor(uri?: string | Partial<ManagerOptions>, opts?: Partial<ManagerOptions>);
  reconnection(v: boolean): this;
  reconnection(): boolean;
  reconnection(v?: boolean): this | boolean;
  reconnectionAttempts(v: number): this;
  reconnectionAttempts(): number;
  reconnectionAttempts(v?: number): this | number;
  reconnectionDelay(v: number): this;
  reconnectionDelay(): number;
  reconnectionDelay(v?: number): this | number;
  randomizationFactor(v: number): this;
  randomizationFactor(): number;
  randomizationFactor(v?: number): this | number;
  reconnectionDelayMax(v: number): this;
  reconnectionDelayMax(): number;
  reconnectionDelayMax(v?: number): this | number;
  timeout(v: number | boolean): this;
  timeout(): number | boolean;
  timeout(v?: number | boolean): this | number | boolean;
  /** Connects unless it does already. The callback ends this attempt, and keeps the loop of attempts from starting. */
  open(fn?: (err?: Error) => void): this;
  /** `open`. */
  connect(fn?: (err?: Error) => void): this;
  /** The socket of a namespace. */
  socket(nsp: string, opts?: Partial<SocketOptions>): Socket;
  /** Unstable: closes without reconnecting. */
  _close(): void;
}

/** Options of a {@link Socket}. A wrong value of those that socket.io-client does not have throws a `TypeError`. */
export interface SocketOptions {
  /** Sent when joining the namespace; a function is called for every connection. */
  auth?: { [key: string]: any } | PromiseLike<object> | ((cb: (data: object) => void) => void | PromiseLike<object | void>);
  /** How often an unacknowledged event is sent again. Default: not at all, without the guarantee of order and delivery. */
  retries?: number;
  /** How long, in milliseconds, an acknowledgement may take. Default: no limit. */
  ackTimeout?: number;
  /** With `retries`: how many events may be on the way. Default 1, from 1. Not in socket.io-client. */
  retryWindow?: number;
  /** With `retryWindow`: events of one key keep their order. Default: no key. Not in socket.io-client. */
  retryKey?: (event: string, ...args: any[]) => unknown;
  /** Most events in `sendBuffer`. Default: no limit; from 1. Not in socket.io-client. */
  maxBufferedPackets?: number;
  /** What happens over `maxBufferedPackets`: `emit` throws, or the oldest is dropped. Default "throw". Not in socket.io-client. */
  bufferOverflow?: "throw" | "drop-oldest";
  /** Most acknowledgements to wait for; `emit` throws above it. Default 100,000, from 1. Not in socket.io-client. */
  maxPendingAcks?: number;
  /**
   * Whether to join again after the server has ended or refused the connection: true for the manager's wait, a number of
   * milliseconds up to 2,147,483,647, or a function that decides. Default: never. Not in socket.io-client.
   */
  redial?: boolean | number | ((reason: "io server disconnect" | "connect_error", error?: Error) => boolean | number);
}

/** Why the connection is gone, where there is more to say than the reason. */
export type DisconnectDescription = Error | CloseDetails;

/** An error with what the server's middleware added. */
export interface ExtendedError extends Error {
  data?: any;
}

/** Events of a {@link Socket}. */
export interface SocketReservedEvents {
  connect: () => void;
  connect_error: (err: ExtendedError) => void;
  disconnect: (reason: DisconnectReason, description?: DisconnectDescription) => void;
}

/** Why a socket is disconnected. */
export type DisconnectReason = "io server disconnect" | "io client disconnect" | "ping timeout" | "transport close" | "transport error" | "parse error";

/** How the latest connection relates to the one before; not in socket.io-client. */
export interface Recovery {
  /** As `socket.recovered`. */
  recovered: boolean;
  /**
   * "not-supported": the server does not keep connection state. "no-offset": no event had arrived that could tell where to
   * go on. "expired": the server no longer had the state.
   */
  reason: "first-connection" | "recovered" | "not-supported" | "no-offset" | "expired";
}

/** A bound of the client was reached; nothing was sent. Not in socket.io-client. */
export interface LimitError extends Error {
  readonly code: "SEND_BUFFER_FULL" | "TOO_MANY_ACKS";
}

/** A message longer than the server takes; it was not sent, and the connection goes on. Not in socket.io-client. */
export interface PayloadTooLargeError extends Error {
  readonly code: "PAYLOAD_TOO_LARGE";
  /** Bytes of the message, and most that the server takes. */
  readonly size: number;
  readonly limit: number;
}

/** The client's side of one namespace. */
export declare class Socket<ListenEvents extends EventsMap = DefaultEventsMap, EmitEvents extends EventsMap = ListenEvents> extends Emitter<ListenEvents, EmitEvents, SocketReservedEvents> {
  readonly io: Manager<ListenEvents, EmitEvents>;
  /** Names the session; undefined while not connected. */
  id: string | undefined;
  /** Whether the namespace is joined. */
  connected: boolean;
  /** Whether the server has restored rooms and missed events after the latest loss. */
  recovered: boolean;
  /** Why, or why not; undefined before the first connection. Not in socket.io-client. */
  recovery: Recovery | undefined;
  auth: { [key: string]: any } | ((cb: (data: object) => void) => void);
  /** Events that arrived before the namespace was joined. */
  receiveBuffer: Array<ReadonlyArray<any>>;
  /** Events that wait for the connection. */
  sendBuffer: Array<Packet>;
  constructor(io: Manager, nsp: string, opts?: Partial<SocketOptions>);
  /** Whether the namespace is not joined. */
  get disconnected(): boolean;
  /** Whether the socket takes part in connecting and reconnecting. */
  get active(): boolean;
  connect(): this;
  /** `connect`. */
  open(): this;
  /** Emits "message". */
  send(...args: any[]): this;
  /**
   * Sends an event, or keeps it in `sendBuffer` until there is a connection. A function as last argument is called with
   * the acknowledgement.
   *
   * @throws Error for a reserved name; PayloadTooLargeError or LimitError over a bound; what JSON.stringify throws
   */
  override emit<Ev extends EventNames<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): this;
  /** Emits, and gives the first value of the acknowledgement. Rejects on a disconnection, and after `timeout()`. */
  emitWithAck<Ev extends EventNames<EmitEvents>>(ev: Ev, ...args: AllButLast<EventParams<EmitEvents, Ev>>): Promise<FirstArg<Last<EventParams<EmitEvents, Ev>>>>;
  /** Leaves the namespace; the last one closes the connection. */
  disconnect(): this;
  /** `disconnect`. */
  close(): this;
  /** For the next event: sets `options.compress` of the packet, which `packetCreate` shows and custom transports may heed. */
  compress(compress: boolean): this;
  /** For the next event: drop it if it cannot be sent at once. */
  get volatile(): this;
  /** For the next event: how long, in milliseconds, its acknowledgement may take; then the callback gets an error. */
  timeout(timeout: number): Socket<ListenEvents, DecorateAcknowledgements<EmitEvents>>;
  /** For the next event: gives its acknowledgement up when aborted. Not in socket.io-client. */
  signal(signal: AbortSignalType): Socket<ListenEvents, DecorateAcknowledgements<EmitEvents>>;
  /** Adds a listener for all events, which gets the name first. */
  onAny(listener: (...args: any[]) => void, options?: ListenerOptions): this;
  prependAny(listener: (...args: any[]) => void, options?: ListenerOptions): this;
  /** Removes one, or all. */
  offAny(listener?: (...args: any[]) => void): this;
  /** The live list. */
  listenersAny(): ((...args: any[]) => void)[];
  /** Adds a listener for all events that are sent. */
  onAnyOutgoing(listener: (...args: any[]) => void, options?: ListenerOptions): this;
  prependAnyOutgoing(listener: (...args: any[]) => void, options?: ListenerOptions): this;
  /** Removes one, or all. */
  offAnyOutgoing(listener?: (...args: any[]) => void): this;
  /** The live list. */
  listenersAnyOutgoing(): ((...args: any[]) => void)[];
}

/** `io`. */
export interface Lookup {
  (opts?: Partial<ManagerOptions & SocketOptions>): Socket;
  /** The socket of the namespace that the path of the address names; Managers are shared by host, port and `path`. */
  (uri?: string, opts?: Partial<ManagerOptions & SocketOptions>): Socket;
  Manager: typeof Manager;
  Socket: typeof Socket;
  io: Lookup;
  connect: Lookup;
}
