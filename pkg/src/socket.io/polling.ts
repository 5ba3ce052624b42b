// HTTP long-polling: one GET that waits for packets, and one POST at a time that carries some.
import { request } from "../host/http.js";
import { Transport, TransportError, decodePayload, encodePayload, randomString, type EnginePacket } from "./transport.js";

/** What went wrong with a request, for `TransportError.context`. */
export interface HttpContext {
  readonly status: number;
  readonly responseText: string;
  readonly readyState: 4;
}

/** What to do about the refusals that a setup causes. */
const CURES: Record<number, string> = {
  1: "the server does not know the session: let all requests of a client reach the same server (sticky sessions), or use transports: [\"websocket\"]",
  5: "the server speaks another version of the protocol: use a socket.io server of version 3 or later",
};

/** Long-polling; subclasses say how a request is made. */
export abstract class Polling extends Transport {
  #polling = false;
  #abort: (() => void) | undefined;
  #posts = new Set<() => void>();
  /** Ends the wait for a pause. */
  #resumed: () => unknown = () => {};

  override get name(): string {
    return "polling";
  }

  doOpen(): void {
    this._poll();
  }

  override pause(onPause: () => void): void {
    this.readyState = "pausing";
    const pause = () => {
      if (this.#polling || !this.writable) return;
      this.#resumed();
      this.readyState = "paused";
      onPause();
    };
    this.on("pollComplete", pause).on("drain", pause);
    this.#resumed = () => this.off("pollComplete", pause).off("drain", pause);
    pause();
  }

  /** Polls again after an upgrade that failed. */
  resume(): void {
    if (this.readyState !== "pausing" && this.readyState !== "paused") return;
    this.#resumed();
    this.readyState = "open";
    if (!this.#polling) this._poll();
  }

  _poll(): void {
    this.#polling = true;
    this.doPoll();
    this.emitReserved("poll");
  }

  override onData(data: string): void {
    for (const packet of decodePayload(data, this.socket.binaryType)) {
      if (this.readyState === "opening" && packet.type === "open") this.onOpen();
      if (packet.type === "close") {
        this.onClose({ description: "transport closed by the server" });
        break;
      }
      this.onPacket(packet);
    }
    if (this.readyState === "closed") return;
    this.#polling = false;
    this.emitReserved("pollComplete");
    if (this.readyState === "open") this._poll();
  }

  doClose(): void {
    // The server ends the poll itself; aborted, it would count as a failure there.
    if (this.readyState === "open") this.write([{ type: "close" }]);
    else this.#abort?.();
  }

  override write(packets: EnginePacket[]): void {
    this.writable = false;
    encodePayload(packets, (body) => this.doWrite(body, () => {
      this.writable = true;
      this.emitReserved("drain");
    }));
  }

  uri(): string {
    const query = this.query ?? {};
    if (this.opts.timestampRequests !== false) query[this.opts.timestampParam] = randomString();
    if (!this.supportsBinary && !query.sid) query.b64 = 1;
    return this.createUri(this.opts.secure ? "https" : "http", query);
  }

  /** Ends the requests in flight without a word, when another transport has taken over. */
  abandon(): void {
    this.#abort?.();
    for (const abort of this.#posts) abort();
  }

  doPoll(): void {
    this.#abort = this.#request(undefined, `${this.kind[0]} ${this.kind[1]} error`, (text) => this.onData(text));
  }

  doWrite(body: string, done: () => void): void {
    const abort = this.#request(body, `${this.kind[0]} ${this.kind[2]} error`, () => {
      this.#posts.delete(abort);
      done();
    });
    this.#posts.add(abort);
  }

  /** How messages of errors begin, and what they call a read and a write. */
  abstract get kind(): readonly [string, string, string];

  #request(body: string | undefined, failure: string, done: (text: string) => void): () => void {
    const { extraHeaders, withCredentials, requestTimeout } = this.opts;
    const post = body !== undefined;
    const headers: Record<string, string> = { ...extraHeaders, ...(post && { "Content-type": "text/plain;charset=UTF-8" }), Accept: "*/*" };
    return request(
      { method: post ? "POST" : "GET", url: this.uri(), credentials: !!withCredentials, timeout: requestTimeout || 0, headers, ...(post && { body }) },
      {
        done: (status, text) => {
          if (status === 200) done(text);
          else this.#fail(failure, status, { status, responseText: text, readyState: 4 });
        },
        failed: (error) => this.#fail(failure, 0, { status: 0, responseText: "", readyState: 4 }, error),
      },
    );
  }

  #fail(message: string, description: number, context: HttpContext, cause?: unknown): void {
    const error = new TransportError(message, description, context);
    if (cause) error.cause = cause;
    try {
      const { code, message } = JSON.parse(context.responseText);
      if (Number.isInteger(code)) {
        error.data = { code, message: String(message) };
        error.cause = new Error(CURES[code] ?? `the server refused the request: ${message}`);
      }
    } catch {
      // No body, or somebody else's: the status says it all.
    }
    this.emitReserved("error", error);
  }
}

/** Polling, with the error texts of the original's XMLHttpRequest transport. */
export class XHR extends Polling {
  get kind(): readonly [string, string, string] {
    return ["xhr", "poll", "post"];
  }
}

/** Polling, with the error texts of the original's fetch transport. */
export class Fetch extends Polling {
  get kind(): readonly [string, string, string] {
    return ["fetch", "read", "write"];
  }
}
