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

/** Options of a {@link Client}; each is described at the property of the client with the same name. All times are milliseconds. */
export class StompConfig {
  declare public brokerURL?: string | undefined;
  declare public stompVersions?: Versions;
  declare public webSocketFactory?: (() => any) | undefined;
  declare public SockJS?: (new (url: string) => any) | undefined;
  declare public connectionTimeout?: number;
  declare public reconnectDelay?: number;
  declare public maxReconnectDelay?: number;
  declare public reconnectTimeMode?: ReconnectionTimeMode;
  declare public heartbeatIncoming?: number;
  declare public heartbeatToleranceMultiplier?: number;
  declare public heartbeatOutgoing?: number;
  declare public heartbeatStrategy?: TickerStrategy;
  declare public splitLargeFrames?: boolean;
  declare public forceBinaryWSFrames?: boolean;
  declare public appendMissingNULLonIncoming?: boolean;
  declare public maxWebSocketChunkSize?: number;
  declare public connectHeaders?: StompHeaders;
  declare public disconnectHeaders?: StompHeaders;
  declare public onUnhandledMessage?: messageCallbackType;
  declare public onUnhandledReceipt?: frameCallbackType;
  declare public onUnhandledFrame?: frameCallbackType;
  declare public beforeConnect?: (client: Client) => void | Promise<void>;
  declare public onConnect?: frameCallbackType;
  declare public onDisconnect?: frameCallbackType;
  declare public onStompError?: frameCallbackType;
  declare public onWebSocketClose?: closeEventCallbackType;
  declare public onWebSocketError?: wsErrorCallbackType;
  declare public onHeartbeatReceived?: emptyCallbackType;
  declare public onHeartbeatLost?: emptyCallbackType;
  declare public logRawCommunication?: boolean;
  declare public debug?: debugFnType;
  declare public discardWebsocketOnCommFailure?: boolean;
  declare public onChangeState?: (state: ActivationState) => void;
  declare public deactivateTimeout?: number;
  declare public errorTimeout?: number;
  declare public reconnectJitter?: number;
  declare public maxBodyBytes?: number;
  declare public signal?: AbortSignalLike | undefined;
}
