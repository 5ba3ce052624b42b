// The API of stomp.js 2 and earlier, which the peer keeps for old code.
import { Client } from "./client.js";
import type { StompHeaders } from "./config.js";
import type { frameCallbackType, messageCallbackType } from "./types.js";

/** A client with the older methods. Does not reconnect unless told, and logs to the console. Deprecated: use {@link Client}. */
export class CompatClient extends Client {
  /** Without effect. */
  maxWebSocketFrameSize: number = 16 * 1024;

  constructor(webSocketFactory: () => any) {
    super();
    this.reconnect_delay = 0;
    this.webSocketFactory = webSocketFactory;
    this.debug = (...message: any[]) => console.log(...message);
  }

  /**
   * Connects: `connect(headers, onConnect, onError?, onClose?)` or
   * `connect(login, passcode, onConnect, onError?, onClose?, host?)`.
   */
  connect(...args: any[]): void {
    if (args.length < 2) throw new Error("Connect requires at least 2 arguments");
    let [headers, connected, failed, closed] = args;
    if (typeof connected !== "function") {
      headers = { login: args[0], passcode: args[1] };
      [, , connected, failed, closed] = args;
      if (args.length === 6) headers.host = args[5];
    }
    if (headers) this.connectHeaders = headers;
    if (connected) this.onConnect = connected;
    if (failed) this.onStompError = failed;
    if (closed) this.onWebSocketClose = closed;
    super.activate();
  }

  /** Deactivates; the callback becomes `onDisconnect`. */
  disconnect(disconnectCallback?: any, headers: StompHeaders = {}): void {
    if (disconnectCallback) this.onDisconnect = disconnectCallback;
    this.disconnectHeaders = headers;
    void super.deactivate();
  }

  /** Publishes text. The header `content-length: false` leaves that header out. */
  send(destination: string, headers: { [key: string]: any } = {}, body: string = ""): void {
    const own = { ...headers };
    const skipContentLengthHeader = own["content-length"] === false;
    if (skipContentLengthHeader) delete own["content-length"];
    this.publish({ destination, headers: own as StompHeaders, body, skipContentLengthHeader });
  }

  /** `reconnectDelay` */
  set reconnect_delay(value: number) {
    this.reconnectDelay = value;
  }

  /** `webSocket` */
  get ws(): any {
    return this.webSocket;
  }

  /** `connectedVersion` */
  get version(): string | undefined {
    return this.connectedVersion;
  }

  /** `onUnhandledMessage` */
  get onreceive(): messageCallbackType {
    return this.onUnhandledMessage;
  }

  set onreceive(value: messageCallbackType) {
    this.onUnhandledMessage = value;
  }

  /** `onUnhandledReceipt` */
  get onreceipt(): frameCallbackType {
    return this.onUnhandledReceipt;
  }

  set onreceipt(value: frameCallbackType) {
    this.onUnhandledReceipt = value;
  }

  /** `heartbeatIncoming` and `heartbeatOutgoing` */
  get heartbeat(): { incoming: number; outgoing: number } {
    return intervals(this);
  }

  set heartbeat(value: { incoming: number; outgoing: number }) {
    this.heartbeatIncoming = value.incoming;
    this.heartbeatOutgoing = value.outgoing;
  }
}

/** The two intervals as an object that changes the client's. */
const intervals = (client: Client): { incoming: number; outgoing: number } => ({
  get outgoing() {
    return client.heartbeatOutgoing;
  },
  set outgoing(value) {
    client.heartbeatOutgoing = value;
  },
  get incoming() {
    return client.heartbeatIncoming;
  },
  set incoming(value) {
    client.heartbeatIncoming = value;
  },
});
