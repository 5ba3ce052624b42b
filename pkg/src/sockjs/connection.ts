// What stands behind one SockJS object: requests, the WebSocket and what waits to be sent. The session in the core decides
// what is asked, tried, sent and given up; this carries it out.
import { Alarm, now } from "../host/clock.js";
import { request, type HttpEvents, type HttpRequest } from "../host/http.js";
import { wasm } from "../host/inline.js";
import { provide } from "../host/provider.js";
import { SocketHost, type NativeSocket } from "../host/socket.js";
import { attempt } from "../websocket/events.js";
import { byteLength } from "../websocket/queue.js";
import { Arrival, Cause, type Core, Happened, PATHS, Received, REASONS, Todo, TRANSPORTS } from "./core.js";
import { eventData, type Frame, Lines, messagesOf, parse } from "./frames.js";
import type { Settings } from "./options.js";
import { address, credentialsOf, otherBase } from "./url.js";

const enum State { connecting = 0, open = 1, closing = 2, closed = 3 }

/** What a message came in: the event of a WebSocket, or what stands for one. */
export type Source = Pick<Event, "timeStamp">;

/** What the object is told. Everything but `_closed` comes while the session goes on. */
export interface Listener {
  _opened(): void;
  _message(data: string, from: Source): void;
  _heartbeat(): void;
  /** `asking`: whether `/info` was still asked when the user closed. */
  _closed(code: number, reason: string, wasClean: boolean, asking: boolean): void;
}

/** One session. */
export class Connection {
  _state: State = State.connecting;
  _transport: string | null = null;
  /** Messages that wait for a request, and those of the request under way. */
  _queue: string[] = [];
  _inFlight: string[] = [];
  /** UTF-8 bytes of both. */
  private _bytes = 0;
  private readonly _core: Core;
  private _id: number;
  private readonly _settings: Settings;
  private readonly _listener: Listener;
  private readonly _url: string;
  /** The base of the transports. */
  private _base: string;
  private readonly _alarm = new Alarm(() => this._tell(Happened.tick));
  private readonly _host: SocketHost;
  /** Number of the current attempt's transport. */
  private _kind = 0;
  /** The path of the current attempt's session, and the messages that came before its open frame. */
  private _session = "";
  private _held: Frame[] = [];
  /** When the last message came, and its length, if the core was not told yet. */
  private _heard = 0;
  private _heardLength = 0;
  /** When the core wants to be called again. */
  private _wake = Infinity;
  /** The attempt that the WebSocket belongs to. */
  private _attached = 0;
  private _asking = false;
  private _abortInfo = nothing;
  private _abortReceiver = nothing;
  private _abortSender = nothing;
  private _reason = "";
  private _goodbye: [code: number, reason: string] = [1000, "Normal closure"];
  private _depth = 0;

  constructor(url: string, settings: Settings, listener: Listener) {
    this._core = wasm<Core>();
    this._url = this._base = url;
    this._settings = settings;
    this._listener = listener;
    this._id = this._core.create(settings._transports, settings._timeout, settings._infoTimeout, settings._heartbeat);
    this._host = new SocketHost({
      // Open is what the server's first frame says.
      opened: nothing,
      message: (event) => this._frame(this._attached, event.data, event),
      // The close event that follows says all there is to know.
      failed: nothing,
      closed: (attempt, { code, reason }) => {
        this._reason = reason;
        this._tell(Happened.socketLost, attempt, code);
      },
    });
    // Later, so that the caller of the constructor can set handlers.
    setTimeout(() => this._tell(Happened.start));
  }

  get _buffered(): number {
    return this._bytes + (this._kind ? 0 : (this._host.socket?.bufferedAmount ?? 0));
  }

  _send(data: string): void {
    if (!this._kind) {
      this._host.socket?.send(`[${JSON.stringify(data)}]`);
    } else if (this._core.send(this._id, now())) {
      this._queue.push(data);
      this._bytes += byteLength(data);
      this._drain();
    }
  }

  _close(code: number, reason: string): void {
    this._goodbye = [code, reason];
    this._state = State.closing;
    this._tell(Happened.close);
  }

  /** Tells the core what happened and does what it says. */
  private _tell(kind: Happened, attempt = 0, code = 0): void {
    if (!this._id) return;
    this._tellHeard();
    this._core.handle(this._id, now(), kind, attempt, code);
    this._drain();
  }

  /** Messages on an open WebSocket need no decision: the core learns of the last one before anything that depends on it. */
  private _tellHeard(): void {
    if (!this._heard) return;
    this._core.receive(this._id, this._heard, this._attached, Arrival.messages, this._heardLength);
    this._heard = 0;
  }

  /** Listeners run in here and may call anything again. */
  private _drain(): void {
    const { _core: core } = this;
    this._depth++;
    for (let todo: number; this._id && (todo = core.poll(this._id)); ) {
      this._do(todo, core.operand(0), core.operand(1), core.operand(2));
    }
    if (!--this._depth && this._id) this._alarm.set((this._wake = core.next_wake(this._id)));
  }

  private _do(todo: number, a: number, b: number, c: number): void {
    if (todo === Todo.ask) this._ask();
    else if (todo === Todo.dial) this._dial(a, b);
    else if (todo === Todo.receive) this._receive(a);
    else if (todo === Todo.write) this._write(a, b);
    else if (todo === Todo.detach) this._detach();
    else if (todo === Todo.opened) this._opened(a);
    else this._end(a, b, c === 1);
  }

  private _ask(): void {
    this._asking = true;
    const failed = () => this._tell(Happened.infoFailed);
    this._abortInfo = this._request(this._url, "/info", { method: "GET" }, {
      done: (status, text) => {
        if (status !== 200) return failed();
        let info: any;
        try {
          info = JSON.parse(text);
        } catch {
          // As sockjs-client: an answer that cannot be read is one that says nothing.
        }
        this._asking = false;
        this._base = otherBase(info?.base_url, this._url);
        this._tell(Happened.info, 0, Number(info?.websocket !== false));
      },
      failed,
    });
  }

  private _dial(number: number, kind: number): void {
    const { _server, _sessionId, _socketClass, _query } = this._settings;
    this._kind = kind;
    // A generator that fails leaves an address that no server knows: the attempt fails, and the next one asks again.
    this._session = `/${_server}/${attempt(_sessionId) ?? ""}`;
    if (kind) {
      this._receive(number);
      return;
    }
    const failed = () => {
      if (number) queueMicrotask(() => this._tell(Happened.socketLost, number, 1006));
    };
    this._abortReceiver = () => {
      number = 0;
    };
    provide(_query, (query) => {
      if (!number) return;
      const url = address(this._base, this._session + PATHS[0], query).replace(/^http/, "ws");
      let socket: NativeSocket;
      try {
        socket = new (_socketClass as NonNullable<typeof _socketClass>)(url);
      } catch {
        failed();
        return;
      }
      this._attached = number;
      this._host.attach(number, socket);
    }, failed);
  }

  /** Starts a request that receives. */
  private _receive(attempt: number): void {
    const isEventStream = this._kind === 2;
    const lines = new Lines((line) => {
      const text = isEventStream ? eventData(line) : line;
      if (text) this._frame(attempt, text);
    });
    const failed = () => this._tell(Happened.receiverLost, attempt);
    this._abortReceiver = this._request(this._base, this._session + PATHS[this._kind], {
      method: isEventStream ? "GET" : "POST",
      stream: true,
      ...(isEventStream && { headers: { Accept: "text/event-stream" } }),
    }, {
      chunk: (text) => lines._push(text),
      done: (status) => (status === 200 ? this._tell(Happened.answered, attempt) : failed()),
      failed,
    });
  }

  private _write(attempt: number, count: number): void {
    const batch = (this._inFlight = this._queue.splice(0, count));
    const failed = (what: unknown) => {
      this._reason = `Sending error: ${what}`;
      this._tell(Happened.senderLost, attempt);
    };
    this._abortSender = this._request(this._base, `${this._session}/xhr_send`, {
      method: "POST",
      body: JSON.stringify(batch),
      headers: { "Content-Type": "text/plain" },
    }, {
      done: (status) => {
        if (status !== 200 && status !== 204) return failed(new Error(`http status ${status}`));
        this._inFlight = [];
        for (const data of batch) this._bytes -= byteLength(data);
        this._tell(Happened.sent, attempt);
      },
      failed,
    });
  }

  private _frame(attempt: number, text: unknown, from?: Source): void {
    if (!this._id) return;
    const messages = this._kind || this._state !== State.open ? undefined : messagesOf(text);
    if (messages) {
      // Without a deadline none can be put off.
      if (this._wake < Infinity) {
        this._heard = now();
        this._heardLength = (text as string).length;
      }
      this._deliver(messages, from);
      return;
    }
    const at = now();
    this._tellHeard();
    const frame = parse(text);
    this._reason = frame._reason;
    const verdict = this._core.receive(this._id, at, attempt, frame._kind satisfies Arrival, frame._value);
    if (verdict === Received.hold) this._held.push(frame);
    else if (verdict === Received.heartbeat) this._listener._heartbeat();
    else if (verdict === Received.deliver) this._deliver(frame._messages, from);
    this._drain();
  }

  private _deliver(messages: readonly unknown[], from: Source = { timeStamp: now() }): void {
    for (const message of messages) {
      if (this._state !== State.open) return;
      this._listener._message(typeof message === "string" ? message : JSON.stringify(message), from);
    }
  }

  private _opened(kind: number): void {
    this._state = State.open;
    this._transport = TRANSPORTS[kind] as string;
    const held = this._held;
    this._held = [];
    this._listener._opened();
    held.forEach((frame) => this._deliver(frame._messages));
  }

  private _detach(): void {
    this._abortReceiver();
    this._abortSender();
    this._attached = this._heard = 0;
    this._host.detach();
    this._held = [];
  }

  private _end(code: number, cause: number, clean: boolean): void {
    this._abortInfo();
    this._alarm.set(Infinity);
    this._core.destroy(this._id);
    this._id = 0;
    this._state = State.closing;
    this._transport = null;
    if (cause === Cause.user) [code] = this._goodbye;
    const known = cause === Cause.server || cause === Cause.socket || cause === Cause.sender;
    const reason = cause === Cause.user ? this._goodbye[1] : known ? this._reason : (REASONS[cause] as string);
    const asking = this._asking && cause === Cause.user;
    setTimeout(() => {
      this._state = State.closed;
      this._listener._closed(code, reason, clean, asking);
    });
  }

  /** A request with what the user wants to be in each. Providers are asked anew, in the same turn if they are values. */
  private _request(base: string, path: string, options: Omit<HttpRequest, "url" | "credentials">, events: HttpEvents): () => void {
    const { _headers, _query, _credentials } = this._settings;
    let aborted = false;
    let abort = () => {
      aborted = true;
    };
    const failed = (error: unknown) => {
      if (!aborted) queueMicrotask(() => aborted || events.failed(error as Error));
    };
    provide(_headers, (headers) => {
      provide(_query, (query) => {
        if (aborted) return;
        const [url, authorization] = credentialsOf(base);
        abort = request({
          ...options,
          url: address(url, path, { ...query, t: String(Date.now()) }),
          headers: { ...options.headers, ...authorization, ...headers },
          credentials: _credentials,
        }, events);
      }, failed);
    }, failed);
    return () => abort();
  }
}

function nothing(): void {}
