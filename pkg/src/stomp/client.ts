// The client: its options as plain properties, which users may change at any time and beside which they may put their own, so
// that the one private property has a symbol for its name. What it does is in life.ts.
import { wasm } from "../host/inline.js";
import type { StompConfig, StompHeaders } from "./config.js";
import { noOp } from "./connection.js";
import type { Core } from "./core.js";
import { Life } from "./life.js";
import {
  ActivationState, ReconnectionTimeMode, TickerStrategy, type AbortSignalLike, type closeEventCallbackType, type debugFnType,
  type emptyCallbackType, type frameCallbackType, type IPublishParams, type IStompSocket, type ITransaction, type messageCallbackType,
  type StompSubscription, type wsErrorCallbackType,
} from "./types.js";
import { Versions } from "./versions.js";

const LIFE = Symbol();
/** Options whose default is `undefined`. */
const UNSET = /^(brokerURL|webSocketFactory|SockJS|signal)$/;

/**
 * A STOMP client. Set options with the constructor, with {@link configure} or as properties; callbacks are read when they
 * are called, other options when the next connection begins. All times are milliseconds.
 *
 * Shape and defaults are those of `@stomp/stompjs` 7.5; the options that everwire adds are marked as such.
 */
export class Client {
  /** Address of the broker. Either this or `webSocketFactory` is needed. */
  brokerURL: string | undefined;
  /** Versions to offer. Default all. */
  stompVersions: Versions = Versions.default;
  /** Makes the socket for each attempt; wins over `brokerURL`. A SockJS or any object with `on*` handlers fits. */
  webSocketFactory: (() => IStompSocket) | undefined;
  /**
   * everwire: the class that dials `brokerURL` over SockJS (then an http or https address, or a path), such as the default
   * export of `everwire/sockjs`. Default: a WebSocket.
   */
  SockJS: (new (url: string) => IStompSocket) | undefined;
  /** How long an attempt may take, from the making of the socket to CONNECTED. Default 0, no limit. */
  connectionTimeout: number = 0;
  /** Wait before a reconnect. Default 5,000; 0 for no reconnect. */
  reconnectDelay: number = 5000;
  /** Longest wait if they grow. Default 900,000; 0 for no limit. */
  maxReconnectDelay: number = 15 * 60 * 1000;
  /** How waits grow. Default LINEAR: not at all. */
  reconnectTimeMode: ReconnectionTimeMode = ReconnectionTimeMode.LINEAR;
  /** everwire: waits are up to this part longer, at random (0.5: up to half), so that clients do not return in step. Default 0. */
  reconnectJitter: number = 0;
  /** How often the server shall give a sign of life. Default 10,000; 0 for never. */
  heartbeatIncoming: number = 10000;
  /** After how many such intervals of silence the link counts as dead; checked once per interval. Default 2. */
  heartbeatToleranceMultiplier: number = 2;
  /** How often to give the server a sign of life. Default 10,000; 0 for never. */
  heartbeatOutgoing: number = 10000;
  /** Which clock rings for heart-beats. Default that of the page. */
  heartbeatStrategy: TickerStrategy = TickerStrategy.Interval;
  /** Whether to cut text frames into several WebSocket messages, for Spring's small default limit. Default false. */
  splitLargeFrames: boolean = false;
  /** Longest piece with `splitLargeFrames`, in UTF-16 units; a surrogate pair is not cut. Default 8,192. */
  maxWebSocketChunkSize: number = 8 * 1024;
  /** Whether text frames go out as binary messages. Default false. */
  forceBinaryWSFrames: boolean = false;
  /** Whether to add the NUL that React Native cuts off incoming messages. Default false. */
  appendMissingNULLonIncoming: boolean = false;
  /** Headers of CONNECT (`login`, `passcode`, `host`). */
  declare connectHeaders: StompHeaders;
  /** Gets messages without a subscription of ours. */
  declare onUnhandledMessage: messageCallbackType;
  /** Gets receipts that nobody waits for. */
  declare onUnhandledReceipt: frameCallbackType;
  /** Gets frames of unknown commands. */
  declare onUnhandledFrame: frameCallbackType;
  /** Called for each line feed between frames. RabbitMQ appends one to each frame. */
  declare onHeartbeatReceived: emptyCallbackType;
  /** Called by each check that finds too long a silence, before the socket is closed. */
  declare onHeartbeatLost: emptyCallbackType;
  /** Awaited before each attempt; the place for a fresh token. If it fails, `onWebSocketError` is told and the next attempt follows as after a lost connection. */
  declare beforeConnect: (client: Client) => void | Promise<void>;
  /** Called with CONNECTED, after each reconnect too: subscribe here. */
  declare onConnect: frameCallbackType;
  /** Called with the receipt of DISCONNECT, if the server sends one (RabbitMQ does not). */
  declare onDisconnect: frameCallbackType;
  /** Gets ERROR frames; and one made here when what came in is not STOMP, with the header `fault` that names what is wrong. */
  declare onStompError: frameCallbackType;
  /** Gets the close event of each socket. */
  declare onWebSocketClose: closeEventCallbackType;
  /** Gets the error event of sockets; and `{ type: "error", message, error }` when an attempt fails before it has one. */
  declare onWebSocketError: wsErrorCallbackType;
  /** Whether `debug` gets whole messages instead of command and headers. Default false. */
  declare logRawCommunication: boolean;
  /** Gets what happens as text. */
  declare debug: debugFnType;
  /** Whether to leave a socket at once when the link is dead, instead of waiting for its closing handshake. Default false. */
  discardWebsocketOnCommFailure: boolean = false;
  /** Called with each new {@link state}. */
  declare onChangeState: (state: ActivationState) => void;
  /** State of the client. */
  state: ActivationState = ActivationState.INACTIVE;
  /** everwire: how long {@link deactivate} may take before the socket is left. Default 10,000; 0 for no limit, as in the peer. */
  deactivateTimeout: number = 10000;
  /** everwire: how long the server may take to close after its ERROR before the client closes. Default 0: the client never does. */
  errorTimeout: number = 0;
  /** everwire: longest body, in octets (in characters for text without content-length). Default 64 MiB. */
  maxBodyBytes: number = 64 * 1024 * 1024;
  /** everwire: deactivates when aborted. */
  signal: AbortSignalLike | undefined;

  /** A function, because the proxies of state libraries (Vue, MobX) wrap objects, and know nothing of `#private` members. */
  declare private readonly [LIFE]: () => Life;

  constructor(conf: StompConfig = {}) {
    const life = new Life(this);
    Object.defineProperty(this, LIFE, { value: () => life });
    this.debug = this.beforeConnect = this.onConnect = this.onDisconnect = this.onUnhandledMessage = this.onUnhandledReceipt =
      this.onUnhandledFrame = this.onHeartbeatReceived = this.onHeartbeatLost = this.onStompError = this.onWebSocketClose =
      this.onWebSocketError = this.onChangeState = noOp;
    this.logRawCommunication = false;
    this.connectHeaders = {};
    this.configure(conf);
  }

  /** The socket, while there is one. */
  get webSocket(): IStompSocket | undefined {
    return this[LIFE]()._connection?._socket;
  }

  /** Headers of DISCONNECT. */
  get disconnectHeaders(): StompHeaders {
    return this[LIFE]()._disconnectHeaders;
  }

  set disconnectHeaders(value: StompHeaders) {
    this[LIFE]()._disconnectHeaders = value;
  }

  /** Whether CONNECTED has come and the socket is not gone. */
  get connected(): boolean {
    return !!this[LIFE]()._connection?._connected;
  }

  /** The `version` of CONNECTED. */
  get connectedVersion(): string | undefined {
    return this[LIFE]()._connection?._version;
  }

  /** Whether {@link state} is ACTIVE. */
  get active(): boolean {
    return this.state === ActivationState.ACTIVE;
  }

  /**
   * Sets properties. Names that are no options are set as well and told to `debug`; `undefined` leaves an option with a
   * default as it is.
   */
  configure(conf: StompConfig): void {
    const unknown = Object.keys(conf).filter((name) => !(name in this));
    for (const [name, value] of Object.entries(conf)) {
      if (value !== undefined || !this[name as keyof this] || UNSET.test(name)) {
        this[name as keyof this] = value as never;
      }
    }
    for (const name of unknown) this.debug(`everwire: "${name}" is not an option: check its spelling`);
    if (this.maxReconnectDelay > 0 && this.maxReconnectDelay < this.reconnectDelay) {
      this.debug(
        `Warning: maxReconnectDelay (${this.maxReconnectDelay}ms) is less than reconnectDelay (${this.reconnectDelay}ms). Using reconnectDelay as the maxReconnectDelay delay.`,
      );
      this.maxReconnectDelay = this.reconnectDelay;
    }
  }

  /** Connects, and reconnects from now on. Does nothing while ACTIVE; while DEACTIVATING it begins after the end. */
  activate(): void {
    // Where the module cannot be had, say so before anything changes.
    wasm<Core>();
    this[LIFE]()._activate();
  }

  /**
   * Ends the connection with DISCONNECT, and all reconnects.
   *
   * @param options `force`: leaves the socket at once. `timeout`: instead of `deactivateTimeout`
   * @returns a promise that resolves when the socket is gone
   */
  async deactivate(options: { force?: boolean; timeout?: number } = {}): Promise<void> {
    return this[LIFE]()._deactivate(options.force, options.timeout ?? this.deactivateTimeout);
  }

  /** Closes the socket without DISCONNECT; the reconnect follows. */
  forceDisconnect(): void {
    this[LIFE]()._connection?._forceDisconnect();
  }

  /**
   * Sends a message.
   *
   * @throws TypeError while not connected, as the methods below
   */
  publish(params: IPublishParams): void {
    this[LIFE]()._live()._publish(params);
  }

  /** Calls back, once, with the RECEIPT of this id, which goes into the `receipt` header of the frame to confirm. */
  watchForReceipt(receiptId: string, callback: frameCallbackType): void {
    this[LIFE]()._live()._receipts.set(`${receiptId}`, callback);
  }

  /** Subscribes for this connection. The id is the `id` header, else `sub-N`. */
  subscribe(destination: string, callback: messageCallbackType, headers: StompHeaders = {}): StompSubscription {
    return this[LIFE]()._live()._subscribe(destination, callback, headers);
  }

  /** Ends a subscription. */
  unsubscribe(id: string, headers: StompHeaders = {}): void {
    this[LIFE]()._live()._unsubscribe(id, headers);
  }

  /** Begins a transaction with this id, or `tx-N`. */
  begin(transactionId?: string): ITransaction {
    return this[LIFE]()._live()._begin(transactionId);
  }

  /** Commits a transaction. */
  commit(transactionId: string): void {
    this[LIFE]()._live()._end("COMMIT", transactionId);
  }

  /** Aborts a transaction. */
  abort(transactionId: string): void {
    this[LIFE]()._live()._end("ABORT", transactionId);
  }

  /** Acknowledges a message; `message.ack()` is easier. `messageId` is its `ack` header in 1.2, else its `message-id`. */
  ack(messageId: string, subscriptionId: string, headers: StompHeaders = {}): void {
    this[LIFE]()._live()._acknowledge("ACK", messageId, subscriptionId, headers);
  }

  /** Refuses a message; `message.nack()` is easier. */
  nack(messageId: string, subscriptionId: string, headers: StompHeaders = {}): void {
    this[LIFE]()._live()._acknowledge("NACK", messageId, subscriptionId, headers);
  }
}
