// Types and enumerations under the peer's names.
import type { StompHeaders } from "./config.js";
import type { Versions } from "./versions.js";

/** Gets one line of the protocol of what happens. */
export type debugFnType = (msg: string) => void;
/** Gets a message. */
export type messageCallbackType = (message: IMessage) => void;
/** Gets a frame. */
export type frameCallbackType = ((frame: IFrame) => void) | (() => void);
/** Gets nothing. */
export type emptyCallbackType = () => void;
/** Gets the CloseEvent of the socket. */
export type closeEventCallbackType<T = any> = (evt: T) => void;
/** Gets the error event of the socket. */
export type wsErrorCallbackType<T = any> = (evt: T) => void;

/** A STOMP frame. */
export interface IFrame {
  /** The command. */
  command: string;
  /** The headers; decoded when first read. */
  headers: StompHeaders;
  /** True for all received frames, as with the peer; for one of your own, whether it has a `binaryBody`. */
  isBinaryBody: boolean;
  /** The body as text. Octets that are not UTF-8 become U+FFFD; a byte order mark is kept. */
  readonly body: string;
  /** The body as octets, in a buffer of their own. */
  readonly binaryBody: Uint8Array;
}

/** The same as {@link IFrame}. */
export type Frame = IFrame;

/** A received MESSAGE. */
export interface IMessage extends IFrame {
  /** Acknowledges the message, for subscriptions with `ack: "client"` or `"client-individual"`. */
  ack: (headers?: StompHeaders) => void;
  /** Tells the broker that the message was not consumed. Not in version 1.0. */
  nack: (headers?: StompHeaders) => void;
}

/** The same as {@link IMessage}. */
export type Message = IMessage;

/** A transaction. */
export interface ITransaction {
  /** For the `transaction` header of the frames that belong to it. */
  id: string;
  commit: () => void;
  abort: () => void;
}

/** A subscription. It ends with the connection: subscribe in `onConnect`. */
export interface StompSubscription {
  /** Its `id` header. */
  id: string;
  unsubscribe: (headers?: StompHeaders) => void;
}

/** What {@link Client.publish} takes. */
export interface IPublishParams {
  /** Where to. */
  destination: string;
  /** Further headers. */
  headers?: StompHeaders;
  /** The body as text; default empty. */
  body?: string;
  /** The body as octets; wins over `body`. */
  binaryBody?: Uint8Array;
  /** Whether to leave `content-length` out (ActiveMQ takes it for a sign of binary data). Not for a `binaryBody`. Default false. */
  skipContentLengthHeader?: boolean;
}

/** The same as {@link IPublishParams}. */
export type publishParams = IPublishParams;

/** Name and value of a header as on the wire. */
export type RawHeaderType = [string, string];

/** What {@link Parser} gives. */
export interface IRawFrameType {
  command: string | undefined;
  headers: RawHeaderType[];
  binaryBody: Uint8Array | undefined;
}

/** What a socket's `onmessage` gets; a MessageEvent fits. */
export interface IStompSocketMessageEvent {
  data?: string | ArrayBuffer;
}

/** What a socket must have: a part of the native WebSocket. */
export interface IStompSocket {
  url: string;
  onclose: ((ev?: any) => any) | undefined | null;
  onerror: ((ev: any) => any) | undefined | null;
  onmessage: ((ev: any) => any) | undefined | null;
  onopen: ((ev?: any) => any) | undefined | null;
  /** Ends it without waiting for the closing handshake. Emulated where it is missing. */
  terminate?: (() => any) | undefined | null;
  /** Set to "arraybuffer". */
  binaryType?: string;
  /** One of {@link StompSocketState}. */
  readonly readyState: number;
  close(): void;
  send(data: string | ArrayBufferLike | BlobLike | ArrayBufferView): void;
}

type BlobLike = typeof globalThis extends { Blob: { prototype: infer T } } ? T : { readonly size: number; readonly type: string };
/** The platform's AbortSignal, or the part that is used here. */
export type AbortSignalLike = typeof globalThis extends { AbortSignal: { prototype: infer T } }
  ? T
  : { readonly aborted: boolean; addEventListener(type: "abort", listener: () => void): void };

/** States of a socket. */
export enum StompSocketState {
  CONNECTING,
  OPEN,
  CLOSING,
  CLOSED,
}

/** States of a client. */
export enum ActivationState {
  ACTIVE,
  DEACTIVATING,
  INACTIVE,
}

/** How the wait before a reconnect grows. */
export enum ReconnectionTimeMode {
  /** Always `reconnectDelay`. */
  LINEAR,
  /** Twice as long each time, up to `maxReconnectDelay`. */
  EXPONENTIAL,
}

/** Which clock rings for heart-beats. */
export enum TickerStrategy {
  /** The page's: late in hidden tabs, up to a minute. */
  Interval = "interval",
  /** A worker's beside the page's, whichever is first. Where no worker can be made, as `Interval`. */
  Worker = "worker",
}

/** Options of a connection inside the peer; here for its type only. */
export interface IStomptHandlerConfig {
  debug: debugFnType;
  stompVersions: Versions;
  connectHeaders: StompHeaders;
  disconnectHeaders: StompHeaders;
  heartbeatIncoming: number;
  heartbeatGracePeriods: number;
  heartbeatOutgoing: number;
  heartbeatStrategy: TickerStrategy;
  splitLargeFrames: boolean;
  maxWebSocketChunkSize: number;
  forceBinaryWSFrames: boolean;
  logRawCommunication: boolean;
  appendMissingNULLonIncoming: boolean;
  discardWebsocketOnCommFailure: boolean;
  onConnect: frameCallbackType;
  onDisconnect: frameCallbackType;
  onStompError: frameCallbackType;
  onWebSocketClose: closeEventCallbackType;
  onWebSocketError: wsErrorCallbackType;
  onUnhandledMessage: messageCallbackType;
  onUnhandledReceipt: frameCallbackType;
  onUnhandledFrame: frameCallbackType;
  onHeartbeatReceived: emptyCallbackType;
  onHeartbeatLost: emptyCallbackType;
}
