// A client's life: activated, connected, lost, waiting, deactivated. The core decides when to dial, how long to wait and when
// a link is dead; this carries it out and calls the user.
import { Alarm, now } from "../host/clock.js";
import { wasm } from "../host/inline.js";
import { WorkerAlarm } from "../host/ticker.js";
import type { Client } from "./client.js";
import type { StompHeaders } from "./config.js";
import { Connection, noOp } from "./connection.js";
import { Todo, type Core } from "./core.js";
import type { FrameImpl } from "./frame.js";
import { ActivationState, ReconnectionTimeMode, StompSocketState, TickerStrategy, type IStompSocket } from "./types.js";

/** What stands behind a client. */
export class Life {
  declare _connection: Connection | undefined;
  /** What the user asked for last. */
  _intended: ActivationState = ActivationState.INACTIVE;
  /** The activation in the core, 0 for none. */
  _handle = 0;
  /** Changes with each attempt and with each end. */
  _run = 0;
  declare _alarm: Alarm | WorkerAlarm | undefined;
  /** Takes the listener off the signal. */
  _unlisten: () => void = noOp;
  _disconnectHeaders: StompHeaders = {};

  declare readonly _client: Client;

  constructor(client: Client) {
    this._client = client;
  }

  _activate(): void {
    const client = this._client;
    if ((client.signal as AbortSignal | undefined)?.aborted) return client.debug("everwire: the signal is aborted");
    this._intended = ActivationState.ACTIVE;
    if (client.state === ActivationState.DEACTIVATING) {
      client.debug("Deactivation in progress, will activate once deactivation completes");
    } else if (client.active) {
      client.debug("Already ACTIVE, ignoring request to activate");
    } else {
      this._startActivate();
    }
  }

  async _deactivate(force: boolean | undefined, limit: number): Promise<void> {
    const wasActive = this._client.active;
    this._intended = ActivationState.INACTIVE;
    if (this._client.state === ActivationState.INACTIVE) return this._client.debug("Already INACTIVE, nothing more to do");
    this._changeState(ActivationState.DEACTIVATING);
    const connection = this._connection;
    if (!connection || connection._socket.readyState === StompSocketState.CLOSED) {
      this._connection = undefined;
      this._end();
      this._changeState(ActivationState.INACTIVE);
      return;
    }
    const ended = new Promise<void>((resolve) => connection._ended.push(resolve));
    wasm<Core>().deactivate(this._handle, now(), limit > 0 ? limit : Infinity);
    this._drive();
    if (force) connection._discard();
    else if (wasActive) connection._dispose();
    return ended;
  }

  /** CONNECTED came. */
  _connectedNow(connection: Connection, frame: FrameImpl): void {
    this._drive();
    if (this._client.active) return this._client.onConnect(frame);
    this._client.debug("STOMP got connected while deactivate was issued, will disconnect now");
    connection._dispose();
  }

  /** ERROR came. */
  _failed(): void {
    if (!(this._client.errorTimeout > 0)) return;
    wasm<Core>().failed(this._handle, now(), this._client.errorTimeout);
    this._drive();
  }

  /** The socket of a connection is gone. */
  _closed(connection: Connection, event: { code?: number; wasClean?: boolean } | undefined): void {
    if (this._connection !== connection) {
      // It had ended before its event came, and the client moved on.
      call(() => this._client.onWebSocketClose(event));
      return;
    }
    this._connection = undefined;
    const deactivating = this._client.state === ActivationState.DEACTIVATING;
    if (deactivating) this._end();
    // From here on the user may begin anew, which this close has nothing to do with.
    const run = this._run;
    if (deactivating) this._changeState(ActivationState.INACTIVE);
    call(() => this._client.onWebSocketClose(event));
    if (run !== this._run) return;
    if (this._client.active) {
      const code = event?.code ?? 1006;
      this._lose(connection._generation, event?.wasClean ? code : -code);
    } else if (this._intended === ActivationState.ACTIVE) {
      this._startActivate();
    }
  }

  _live(): Connection {
    const connection = this._connection;
    if (!connection?._connected) throw new TypeError("There is no underlying STOMP connection");
    return connection;
  }

  _changeState(state: ActivationState): void {
    this._client.state = state;
    call(() => this._client.onChangeState(state));
  }

  _startActivate(): void {
    this._changeState(ActivationState.ACTIVE);
    if (!this._client.active || this._handle) return;
    this._handle = wasm<Core>().activate(now(), this._client.reconnectDelay);
    const signal = this._client.signal as AbortSignal | undefined;
    const aborted = () => void this._client.deactivate();
    signal?.addEventListener("abort", aborted);
    this._unlisten = () => signal?.removeEventListener?.("abort", aborted);
    this._drive();
  }

  /** The activation is over. */
  _end(): void {
    this._unlisten();
    this._release();
  }

  /** Nothing follows any more. */
  _release(): void {
    this._run++;
    if (this._handle) wasm<Core>().destroy(this._handle);
    this._handle = 0;
    this._silence();
  }

  _silence(): void {
    this._alarm?.set(Infinity);
    (this._alarm as Partial<WorkerAlarm> | undefined)?.release?.();
    this._alarm = undefined;
  }

  /** Does what the core says, and sets the clock for what it will say. */
  _drive(): void {
    const core = wasm<Core>();
    for (let todo: number; this._handle && (todo = core.poll(this._handle)); ) {
      const operand = core.operand();
      call(() => this._do(todo, operand));
    }
    if (!this._handle) return;
    this._alarm ??= new (this._client.heartbeatStrategy === TickerStrategy.Worker ? WorkerAlarm : Alarm)(() => this._tick());
    this._alarm.set(core.next_wake(this._handle));
  }

  _tick(): void {
    if (!this._handle) return;
    const grows = this._client.reconnectTimeMode === ReconnectionTimeMode.EXPONENTIAL ? 1 : 0;
    wasm<Core>().tick(this._handle, now(), this._connection?._seen ?? 0, grows, this._client.maxReconnectDelay);
    this._drive();
  }

  _do(todo: number, operand: number): void {
    const connection = this._connection;
    if (todo === Todo.prepare) void this._prepare(operand);
    else if (todo === Todo.retry) this._client.debug(`STOMP: scheduling reconnection in ${operand}ms`);
    else if (todo === Todo.beat) connection?._ping();
    else if (todo === Todo.lost) connection?._lost(operand);
    else if (todo === Todo.timedOut) {
      this._client.debug(`Connection not established in ${this._client.connectionTimeout}ms, closing socket`);
      connection?._forceDisconnect();
    } else if (todo === Todo.abandon) {
      this._client.debug("everwire: leaving the socket after deactivateTimeout");
      connection?._discard();
    } else if (todo === Todo.closeAfterError) {
      this._client.debug("everwire: closing the socket after errorTimeout");
      connection?._forceDisconnect();
    }
  }

  private async _prepare(generation: number): Promise<void> {
    const run = ++this._run;
    this._silence();
    try {
      await this._client.beforeConnect(this._client);
      if (!this._client.active) return this._client.debug("Client has been marked inactive, will not attempt to connect");
      if (run !== this._run) return this._client.debug("There is already a stompHandler, skipping the call to connect");
      const limit = this._client.connectionTimeout > 0 ? this._client.connectionTimeout : Infinity;
      if (!wasm<Core>().dialed(this._handle, now(), generation, limit, this._client.maxBodyBytes)) return;
      this._client.debug("Opening Web Socket...");
      const socket = this._makeSocket();
      if (run !== this._run) {
        // The factory deactivated. Sockets of the package `ws` throw for an error that nobody hears.
        socket.onerror = noOp;
        return socket.close();
      }
      const connection = (this._connection = new Connection(this, socket, this._handle, generation));
      this._drive();
      connection._start();
    } catch (error) {
      this._client.debug(`everwire: the attempt failed: ${error}`);
      if (run !== this._run) return;
      const refused = this._connection;
      this._connection = undefined;
      if (refused) call(() => refused._close());
      if (error === UNCONFIGURED) void Promise.reject(new Error(UNCONFIGURED));
      else call(() => this._client.onWebSocketError({ type: "error", message: String(error), error }));
      if (run === this._run && this._client.active) this._lose(generation, -1006);
    }
  }

  _makeSocket(): IStompSocket {
    const client = this._client;
    let socket: IStompSocket;
    if (client.webSocketFactory) socket = client.webSocketFactory();
    else if (!client.brokerURL) throw UNCONFIGURED;
    else if (client.SockJS) socket = new client.SockJS(client.brokerURL);
    else socket = new WebSocket(client.brokerURL, client.stompVersions.protocolVersions()) as unknown as IStompSocket;
    socket.binaryType = "arraybuffer";
    return socket;
  }

  /** An attempt or a connection is over, and another one follows if there is a `reconnectDelay`. */
  _lose(generation: number, code: number): void {
    const spread = this._client.reconnectJitter > 0 ? this._client.reconnectJitter * Math.random() : 0;
    const run = this._run;
    wasm<Core>().closed(this._handle, now(), generation, code, spread);
    this._drive();
    // Without a reconnect nothing follows, and perhaps nobody deactivates. The user may have, or begun anew, in `debug`.
    if (run === this._run && wasm<Core>().next_wake(this._handle) === Infinity) this._release();
  }
}

const UNCONFIGURED = "Either brokerURL or webSocketFactory must be provided";

/** Calls user code; what it throws is reported to the platform and stops nothing here. */
function call(user: () => unknown): void {
  try {
    user();
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  }
}
