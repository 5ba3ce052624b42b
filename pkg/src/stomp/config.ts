// Headers and options as types; the classes exist because the peer exports them.
import type { Client } from "./client.js";
import type {
  AbortSignalLike, ActivationState, closeEventCallbackType, debugFnType, emptyCallbackType, frameCallbackType, messageCallbackType,
  ReconnectionTimeMode, TickerStrategy, wsErrorCallbackType,
} from "./types.js";
import type { Versions } from "./versions.js";

/** Headers of a frame. Names must not contain CR, LF or colons; values are escaped in version 1.2. */
export class StompHeaders {
  [key: string]: string;
}

/**
 * Options of a {@link Client}, in the words of its properties, so that editors show them here, too. All times are milliseconds.
 * Those that `@stomp/stompjs` does not have are marked with the name of everwire.
 */
export class StompConfig {
  /** Address of the broker. Either this or `webSocketFactory` is needed. */
  declare public brokerURL?: string | undefined;
  /** Versions to offer. Default all. */
  declare public stompVersions?: Versions;
  /** Makes the socket for each attempt; wins over `brokerURL`. A SockJS or any object with `on*` handlers fits. */
  declare public webSocketFactory?: (() => any) | undefined;
  /**
   * everwire: the class that dials `brokerURL` over SockJS (then an http or https address, or a path), such as the default
   * export of `everwire/sockjs`. Default: a WebSocket.
   */
  declare public SockJS?: (new (url: string) => any) | undefined;
  /** How long an attempt may take, from the making of the socket to CONNECTED. Default 0, no limit. */
  declare public connectionTimeout?: number;
  /** Wait before a reconnect. Default 5,000; 0 for no reconnect. */
  declare public reconnectDelay?: number;
  /** Longest wait if they grow. Default 900,000; 0 for no limit. */
  declare public maxReconnectDelay?: number;
  /** How waits grow. Default LINEAR: not at all. */
  declare public reconnectTimeMode?: ReconnectionTimeMode;
  /** How often the server shall give a sign of life. Default 10,000; 0 for never. */
  declare public heartbeatIncoming?: number;
  /** After how many intervals of `heartbeatIncoming` in silence the link counts as dead; checked once per interval. Default 2. */
  declare public heartbeatToleranceMultiplier?: number;
  /** How often to give the server a sign of life. Default 10,000; 0 for never. */
  declare public heartbeatOutgoing?: number;
  /** Which clock rings for heart-beats. Default that of the page. */
  declare public heartbeatStrategy?: TickerStrategy;
  /** Whether to cut text frames into several WebSocket messages, for Spring's small default limit. Default false. */
  declare public splitLargeFrames?: boolean;
  /** Whether text frames go out as binary messages. Default false. */
  declare public forceBinaryWSFrames?: boolean;
  /** Whether to add the NUL that React Native cuts off incoming messages. Default false. */
  declare public appendMissingNULLonIncoming?: boolean;
  /** Longest piece with `splitLargeFrames`, in UTF-16 units; a surrogate pair is not cut. Default 8,192. */
  declare public maxWebSocketChunkSize?: number;
  /** Headers of CONNECT (`login`, `passcode`, `host`). */
  declare public connectHeaders?: StompHeaders;
  /** Headers of DISCONNECT. */
  declare public disconnectHeaders?: StompHeaders;
  /** Gets messages without a subscription of ours. */
  declare public onUnhandledMessage?: messageCallbackType;
  /** Gets receipts that nobody waits for. */
  declare public onUnhandledReceipt?: frameCallbackType;
  /** Gets frames of unknown commands. */
  declare public onUnhandledFrame?: frameCallbackType;
  /** Awaited before each attempt; the place for a fresh token. If it fails, `onWebSocketError` is told and the next attempt follows as after a lost connection. */
  declare public beforeConnect?: (client: Client) => void | Promise<void>;
  /** Called with CONNECTED, after each reconnect too: subscribe here. */
  declare public onConnect?: frameCallbackType;
  /** Called with the receipt of DISCONNECT, if the server sends one (RabbitMQ does not). */
  declare public onDisconnect?: frameCallbackType;
  /** Gets ERROR frames; and one made here when what came in is not STOMP, with the header `fault` that names what is wrong. */
  declare public onStompError?: frameCallbackType;
  /** Gets the close event of each socket. */
  declare public onWebSocketClose?: closeEventCallbackType;
  /** Gets the error event of sockets; and `{ type: "error", message, error }` when an attempt fails before it has one. */
  declare public onWebSocketError?: wsErrorCallbackType;
  /** Called for each line feed between frames. RabbitMQ appends one to each frame. */
  declare public onHeartbeatReceived?: emptyCallbackType;
  /** Called by each check that finds too long a silence, before the socket is closed. */
  declare public onHeartbeatLost?: emptyCallbackType;
  /** Whether `debug` gets whole messages instead of command and headers. Default false. */
  declare public logRawCommunication?: boolean;
  /** Gets what happens as text. */
  declare public debug?: debugFnType;
  /** Whether to leave a socket at once when the link is dead, instead of waiting for its closing handshake. Default false. */
  declare public discardWebsocketOnCommFailure?: boolean;
  /** Called with each new `state`. */
  declare public onChangeState?: (state: ActivationState) => void;
  /** everwire: how long `deactivate()` may take before the socket is left. Default 10,000; 0 for no limit, as in the peer. */
  declare public deactivateTimeout?: number;
  /** everwire: how long the server may take to close after its ERROR before the client closes. Default 0: the client never does. */
  declare public errorTimeout?: number;
  /** everwire: waits are up to this part longer, at random (0.5: up to half), so that clients do not return in step. Default 0. */
  declare public reconnectJitter?: number;
  /** everwire: longest body, in octets (in characters for text without content-length). Default 64 MiB. */
  declare public maxBodyBytes?: number;
  /** everwire: deactivates when aborted. */
  declare public signal?: AbortSignalLike | undefined;
}
