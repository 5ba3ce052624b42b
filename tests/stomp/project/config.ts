import { ActivationState, Client, ReconnectionTimeMode, StompConfig, StompHeaders, TickerStrategy, Versions } from "@stomp/stompjs";
import type { closeEventCallbackType, debugFnType, emptyCallbackType, frameCallbackType, messageCallbackType, wsErrorCallbackType } from "@stomp/stompjs";

export class Settings extends StompConfig {
  override reconnectDelay = 100;
}

const headers: StompHeaders = { login: "a" };
const onDebug: debugFnType = (text) => void text.length;
const onMessage: messageCallbackType = (message) => message.ack({ a: "b" });
const onFrame: frameCallbackType = (frame) => void frame.headers["x"]?.length;
const onNothing: emptyCallbackType = () => {};
const onClose: closeEventCallbackType<CloseEvent> = (event) => void event.code;
const onError: wsErrorCallbackType<Event> = (event) => void event.type;

export const options: StompConfig = {
  brokerURL: "ws://localhost", stompVersions: new Versions([Versions.V1_2, Versions.V1_1, Versions.V1_0]), webSocketFactory: () => new WebSocket("ws://x"),
  connectionTimeout: 1, reconnectDelay: 2, maxReconnectDelay: 3, reconnectTimeMode: ReconnectionTimeMode.EXPONENTIAL, heartbeatIncoming: 4,
  heartbeatOutgoing: 5, heartbeatToleranceMultiplier: 6, heartbeatStrategy: TickerStrategy.Worker, splitLargeFrames: true,
  forceBinaryWSFrames: true, appendMissingNULLonIncoming: true, maxWebSocketChunkSize: 7, connectHeaders: headers, disconnectHeaders: headers,
  onUnhandledMessage: onMessage, onUnhandledReceipt: onFrame, onUnhandledFrame: onFrame, beforeConnect: async (client) => client.configure({}),
  onConnect: onFrame, onDisconnect: () => {}, onStompError: onFrame, onWebSocketClose: onClose, onWebSocketError: onError,
  onHeartbeatReceived: onNothing, onHeartbeatLost: onNothing, logRawCommunication: false, debug: onDebug, discardWebsocketOnCommFailure: true,
  onChangeState: (state: ActivationState) => void (state === ActivationState.DEACTIVATING),
};

export const client: Client = new Client(options);
export const other = new Client(new Settings());
