// One socket's time with a broker: CONNECT to close. Thrown away with the socket, so that nothing stale survives.
import { wasm } from "../host/inline.js";
import { now } from "../host/clock.js";
import type { Client } from "./client.js";
import type { StompHeaders } from "./config.js";
import { FAULTS, Kind, type Core } from "./core.js";
import { discard } from "./discard.js";
import { FrameImpl } from "./frame.js";
import type { Life } from "./life.js";
import { decodeText, encoder } from "./octets.js";
import { number, Reader, type FrameEvents } from "./reader.js";
import {
  StompSocketState, TickerStrategy, type frameCallbackType, type IFrame, type IMessage, type IPublishParams, type IStompSocket,
  type IStompSocketMessageEvent, type ITransaction, type messageCallbackType, type StompSubscription,
} from "./types.js";

/** The default of all callbacks; a debug function that is this one gets no texts made. */
export const noOp = (): void => {};

/** Close code for what is not STOMP. */
const MALFORMED = 4002;

/** A connection; options that may not change within it are copied when it begins. */
export class Connection implements FrameEvents {
  _connected = false;
  declare _version: string | undefined;
  /** When the last message came. */
  _seen = now();
  /** Called when the socket is gone, after the user. */
  readonly _ended: (() => void)[] = [];
  _isOver = false;
  /** One counter for all ids. */
  _ids = 0;
  _escape = false;
  _beats = false;
  readonly _subscriptions = new Map<string, messageCallbackType>();
  readonly _receipts = new Map<string, frameCallbackType>();
  declare readonly _life: Life;
  declare readonly _socket: IStompSocket;
  declare readonly _handle: number;
  declare readonly _generation: number;
  declare readonly _reader: Reader;
  declare readonly _client: Client;
  /** The client's options as they were when it began. */
  declare readonly _options: Client;
  declare readonly _verbose: boolean;
  declare readonly _clock: string;

  constructor(life: Life, socket: IStompSocket, handle: number, generation: number) {
    const client = (this._client = life._client);
    this._life = life;
    this._socket = socket;
    this._handle = handle;
    this._generation = generation;
    // Without a prototype, and so without methods, but nobody calls one.
    this._options = { ...client } as Client;
    this._reader = new Reader(handle, this, client.maxBodyBytes);
    this._verbose = client.debug !== noOp;
    this._clock = client.heartbeatStrategy === TickerStrategy.Worker && typeof Worker !== "undefined" ? "Worker" : "Interval";
  }

  _debug(text: string): void {
    this._options.debug(text);
  }

  _start(): void {
    const socket = this._socket;
    const reader = this._reader;
    socket.onmessage = ({ data }: IStompSocketMessageEvent) => {
      this._seen = now();
      if (this._verbose) {
        this._debug("Received data");
        if (this._options.logRawCommunication) this._debug(`<<< ${data instanceof ArrayBuffer ? decodeText(data) : data}`);
      }
      reader._read(data, this._options.appendMissingNULLonIncoming);
    };
    socket.onclose = (event) => {
      if (this._isOver) return;
      this._isOver = true;
      this._debug(`Connection closed to ${socket.url}`);
      this._cleanUp();
      reader._close();
      this._life._closed(this, event);
      for (const ended of this._ended) ended();
    };
    socket.onerror = (event) => this._client.onWebSocketError(event);
    const opened = () => {
      this._debug("Web Socket Opened...");
      const headers = { ...this._options.connectHeaders };
      headers["accept-version"] = this._options.stompVersions.supportedVersions();
      headers["heart-beat"] = `${this._options.heartbeatOutgoing},${this._options.heartbeatIncoming}`;
      this._transmit("CONNECT", headers);
    };
    if (socket.readyState === StompSocketState.OPEN) opened();
    else socket.onopen = opened;
  }

  /** @internal A frame came in. What a handler throws is logged, and the next frame is read. */
  _frame(frame: FrameImpl, kind: number, subscription: string): void {
    try {
      if (this._verbose && !this._options.logRawCommunication) this._debug(`<<< ${frame}`);
      if (kind === Kind.message) this._message(frame as FrameImpl & IMessage, subscription);
      else if (kind === Kind.connected) this._welcome(frame);
      else if (kind === Kind.receipt) this._receipt(frame);
      else if (kind === Kind.error) this._error(frame);
      else this._client.onUnhandledFrame(frame);
    } catch (error) {
      ignore(error);
    }
  }

  /** @internal */
  _beat(): void {
    this._debug("<<< PONG");
    guard(() => this._client.onHeartbeatReceived());
  }

  /** @internal What came in is not STOMP: tells, and ends the connection. */
  _fault(fault: number): void {
    const [name, text] = FAULTS[fault - Kind.fault] as readonly [string, string];
    const message = `everwire: ${text}`;
    this._debug(message);
    guard(() => this._client.onStompError(new FrameImpl({ command: "ERROR", headers: { message, fault: name } })));
    if (this._options.discardWebsocketOnCommFailure) this._discard();
    else this._close(MALFORMED, name);
  }

  _message(message: FrameImpl & IMessage, subscription: string): void {
    message.ack = (headers) => this._answer("ACK", message, headers);
    message.nack = (headers) => this._answer("NACK", message, headers);
    // An escaped id is rare, and then known to the decoded headers.
    const id = subscription.includes("\\") ? (message.headers["subscription"] as string) : subscription;
    const callback = this._subscriptions.get(id);
    if (callback) callback(message);
    else this._client.onUnhandledMessage(message);
  }

  _welcome(frame: FrameImpl): void {
    const headers = frame.headers;
    this._debug(`connected to server ${headers["server"]}`);
    this._connected = true;
    this._version = headers["version"];
    this._escape = this._version === "1.2";
    const { _client: client, _options: options } = this;
    // A missing or an odd number counts as 0.
    const [serverSend, serverExpect] = (headers["heart-beat"] ?? "").split(",").map((part) => Number.parseInt(part, 10) || 0);
    wasm<Core>().connected(
      this._handle, now(), this._escape ? 12 : this._version === "1.1" ? 11 : 10, /^RabbitMQ/.test(headers["server"] ?? "") ? 1 : 0,
      options.heartbeatOutgoing, options.heartbeatIncoming, serverSend || 0, serverExpect || 0, options.heartbeatToleranceMultiplier, client.reconnectDelay,
    );
    const [send, expect] = [number(0), number(1)];
    if (send) {
      this._beats = true;
      this._debug(`send PING every ${send}ms`);
      this._debug(`Using run${this._clock} for outgoing pings`);
    }
    if (expect) this._debug(`check PONG every ${expect}ms`);
    this._life._connectedNow(this, frame);
  }

  _receipt(frame: FrameImpl): void {
    const id = frame.headers["receipt-id"] as string;
    const callback = this._receipts.get(id);
    if (!callback) return this._client.onUnhandledReceipt(frame);
    try {
      callback(frame);
    } finally {
      // The callback may have asked for the same id again.
      if (this._receipts.get(id) === callback) this._receipts.delete(id);
    }
  }

  _error(frame: FrameImpl): void {
    this._life._failed();
    this._client.onStompError(frame);
  }

  /** Sends a heart-beat. */
  _ping(): void {
    if (!this._beats || this._socket.readyState !== StompSocketState.OPEN) return;
    this._socket.send("\n");
    this._debug(">>> PING");
  }

  _lost(silence: number): void {
    if (!this._connected) return;
    this._debug(`did not receive server activity for the last ${Math.round(silence)}ms`);
    try {
      this._client.onHeartbeatLost();
    } finally {
      this._closeOrDiscard();
    }
  }

  _closeOrDiscard(): void {
    if (this._options.discardWebsocketOnCommFailure) {
      this._debug("Discarding websocket, the underlying socket may linger for a while");
      this._discard();
    } else {
      this._debug("Issuing close on the websocket");
      this._close();
    }
  }

  _forceDisconnect(): void {
    if (this._socket.readyState <= StompSocketState.OPEN) this._closeOrDiscard();
  }

  /** Closes without a farewell; nothing that still comes in is read. */
  _close(code?: number, reason?: string): void {
    const socket = this._socket as IStompSocket & { close(code?: number, reason?: string): void };
    socket.onmessage = noOp;
    this._reader._close();
    if (code) socket.close(code, reason);
    else socket.close();
  }

  _discard(): void {
    this._reader._close();
    discard(this._socket, this._options.debug);
  }

  /** Says goodbye and closes once the server has confirmed it; closes at once while not connected. */
  _dispose(): void {
    if (!this._connected) {
      if (this._socket.readyState <= StompSocketState.OPEN) this._close();
      return;
    }
    try {
      const headers = { ...this._client.disconnectHeaders };
      headers["receipt"] ||= `close-${this._ids++}`;
      this._receipts.set(headers["receipt"], (frame: IFrame) => {
        this._close();
        this._cleanUp();
        this._client.onDisconnect(frame);
      });
      this._transmit("DISCONNECT", headers);
    } catch (error) {
      this._debug(`Ignoring error during disconnect ${error}`);
    }
  }

  _cleanUp(): void {
    this._connected = false;
    if (!this._beats) return;
    this._beats = false;
    this._debug(`Outgoing ping dispose${this._clock}`);
  }

  _publish({ destination, headers, body, binaryBody, skipContentLengthHeader }: IPublishParams): void {
    this._transmit("SEND", { destination, ...headers }, body, binaryBody, skipContentLengthHeader);
  }

  _subscribe(destination: string, callback: messageCallbackType, given: StompHeaders): StompSubscription {
    const headers = { ...given };
    const id = (headers["id"] ||= `sub-${this._ids++}`);
    headers["destination"] = destination;
    this._subscriptions.set(`${id}`, callback);
    this._transmit("SUBSCRIBE", headers);
    return { id, unsubscribe: (headers) => this._unsubscribe(id, headers) };
  }

  _unsubscribe(id: string, headers: StompHeaders = {}): void {
    this._subscriptions.delete(`${id}`);
    this._transmit("UNSUBSCRIBE", { ...headers, id });
  }

  _begin(id: string | undefined): ITransaction {
    const transaction = id || `tx-${this._ids++}`;
    this._transmit("BEGIN", { transaction });
    return { id: transaction, commit: () => this._end("COMMIT", transaction), abort: () => this._end("ABORT", transaction) };
  }

  _end(command: string, transaction: string): void {
    this._transmit(command, { transaction });
  }

  _acknowledge(command: string, messageId: string, subscription: string, headers: StompHeaders = {}): void {
    this._transmit(command, { ...headers, [this._version === "1.2" ? "id" : "message-id"]: messageId, subscription });
  }

  _answer(command: string, message: IMessage, headers?: StompHeaders): void {
    const received = message.headers;
    const id = received[this._version === "1.2" ? "ack" : "message-id"];
    const subscription = received["subscription"];
    if (id !== undefined && subscription !== undefined) this._acknowledge(command, id, subscription, headers);
  }

  _transmit(command: string, headers: StompHeaders, body?: string, binaryBody?: Uint8Array, skip = false): void {
    const frame = FrameImpl._outgoing(command, headers, body, binaryBody, this._escape, skip);
    const raw = frame.serialize();
    if (this._verbose) this._debug(`>>> ${this._options.logRawCommunication ? raw : frame}`);
    const socket = this._socket;
    if (typeof raw !== "string") return socket.send(raw);
    if (this._options.forceBinaryWSFrames) return socket.send(encoder.encode(raw));
    if (!this._options.splitLargeFrames) return socket.send(raw);
    const size = this._options.maxWebSocketChunkSize;
    for (let at = 0; at < raw.length; ) {
      let end = at + size;
      // Half a surrogate pair would arrive as U+FFFD.
      if (size > 1 && (raw.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
      const chunk = raw.substring(at, end);
      at = end;
      socket.send(chunk);
      this._debug(`chunk sent = ${chunk.length}, remaining = ${Math.max(raw.length - at, 0)}`);
    }
  }
}

/** Says what a handler threw, in the peer's words. */
export function ignore(error: unknown): void {
  console.log("Ignoring an exception thrown by a frame handler. Original exception: ", error);
}

function guard(handler: () => void): void {
  try {
    handler();
  } catch (error) {
    ignore(error);
  }
}
