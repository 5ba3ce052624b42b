// The class behind the public one: arguments, handlers and events.
import { closeEvent, report } from "../websocket/events.js";
import { Connection } from "./connection.js";
import { message } from "./message.js";
import { settings } from "./options.js";
import type { Options } from "./types.js";
import { baseUrl } from "./url.js";

type Handler = ((event: any) => unknown) | null;

const CONNECTING = 0;
const OPEN = 1;
/** Longest close reason, in UTF-16 units as in sockjs-client. */
const MAX_REASON = 123;

const SELF = Symbol();

/** Implementation of the public class; its types are in types.ts. */
export class Socket extends EventTarget {
  declare onopen: Handler;
  declare onmessage: Handler;
  declare onheartbeat: Handler;
  declare onclose: Handler;
  declare onerror: Handler;
  /** Without effect: SockJS carries text only. Here for code that sets it on any socket. */
  binaryType = "blob";
  readonly url: string;
  readonly extensions = "";
  readonly protocol = "";
  /** The proxies of state libraries (Vue, MobX) know nothing of `#private` members, and wrap all objects but functions. */
  declare private readonly [SELF]: () => Socket;
  readonly #connection: Connection;
  /** Whether there may be listeners for messages besides `onmessage`. */
  #listened = false;

  constructor(url: unknown, reserved: unknown, options: Options = {}) {
    super();
    Object.defineProperty(this, SELF, { value: () => this });
    options ??= {};
    const given = settings(options);
    this.url = baseUrl(url);
    checkProtocols(reserved);
    for (const type of ["open", "message", "heartbeat", "close", "error"] as const) {
      // The first listener of all, for handlers run before listeners.
      super.addEventListener(type, (event) => this[`on${type}`]?.(event));
    }
    this.#connection = new Connection(this.url, given, {
      _opened: () => this.dispatchEvent(new Event("open")),
      _message: (data, from) => {
        if (this.#listened) {
          this.dispatchEvent(new MessageEvent("message", { data }));
          return;
        }
        try {
          this.onmessage?.(message(this, data, from));
        } catch (error) {
          report(error);
        }
      },
      _heartbeat: () => this.dispatchEvent(new Event("heartbeat")),
      _closed: (code, reason, wasClean, asking) => {
        if (asking) this.dispatchEvent(new Event("error"));
        const { _queue, _inFlight } = this.#connection;
        this.dispatchEvent(Object.assign(closeEvent(code, reason, wasClean), { unsent: _queue, unconfirmed: _inFlight }));
        this.onmessage = this.onclose = this.onerror = null;
      },
    });
  }

  override addEventListener(...given: Parameters<EventTarget["addEventListener"]>): void {
    const self = this[SELF]();
    super.addEventListener.apply(self, given);
    self.#listened ||= String(given[0]) === "message";
  }

  override removeEventListener(...given: Parameters<EventTarget["removeEventListener"]>): void {
    super.removeEventListener.apply(this[SELF](), given);
  }

  get readyState(): number {
    return this[SELF]().#connection._state;
  }

  get transport(): string | null {
    return this[SELF]().#connection._transport;
  }

  get bufferedAmount(): number {
    return this[SELF]().#connection._buffered;
  }

  send(data: unknown): void {
    if (data instanceof ArrayBuffer || ArrayBuffer.isView(data) || (typeof Blob === "function" && data instanceof Blob)) {
      throw new TypeError("everwire: SockJS carries text only: encode binary data, for example in base64");
    }
    const text = typeof data === "string" ? data : "" + data;
    const state = this.readyState;
    if (state === CONNECTING) throw new Error("InvalidStateError: The connection has not been established yet");
    if (state === OPEN) this[SELF]().#connection._send(text);
  }

  close(code?: number, reason?: string): void {
    if (code && code !== 1000 && !(code >= 3000 && code <= 4999)) throw new Error("InvalidAccessError: Invalid code");
    if (reason && reason.length > MAX_REASON) throw new SyntaxError("reason argument has an invalid length");
    if (this.readyState <= OPEN) this[SELF]().#connection._close(code || 1000, reason || "Normal closure");
  }
}

for (const type of ["open", "message", "heartbeat", "close", "error"]) {
  Object.defineProperty(Socket.prototype, `on${type}`, { value: null, writable: true, enumerable: true });
}

function checkProtocols(given: unknown): void {
  const list = ([] as unknown[]).concat(given || []).sort();
  list.forEach((entry, i) => {
    if (!entry) throw new SyntaxError(`The protocols entry '${entry}' is invalid.`);
    if (i && entry === list[i - 1]) throw new SyntaxError(`The protocols entry '${entry}' is duplicated.`);
  });
}
