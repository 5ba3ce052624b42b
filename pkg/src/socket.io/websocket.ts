// The WebSocket transport: one packet per message.
import { Transport, encodePacket, randomString, type EnginePacket } from "./transport.js";

/** Options that `ws` on Node understands. */
const NODE_OPTIONS = [
  "agent", "perMessageDeflate", "pfx", "key", "passphrase", "cert", "ca", "ciphers", "rejectUnauthorized", "localAddress",
  "protocolVersion", "origin", "maxPayload", "family", "checkServerIdentity",
];

/** Takes messages past the general path. Set by the engine while nobody listens in between; false if it cannot. */
export type Sink = (data: any) => boolean;

export class WS extends Transport {
  ws: any;
  _sink: Sink | undefined;
  /** Whether `write` of this class is in use, so that the engine may send by itself. */
  _direct = false;

  override get name(): string {
    return "websocket";
  }

  doOpen(): void {
    const options: Record<string, unknown> = {};
    for (const name of NODE_OPTIONS) if (Object.hasOwn(this.opts, name)) options[name] = this.opts[name];
    if (this.opts.extraHeaders) options.headers = this.opts.extraHeaders;
    try {
      this.ws = this.createSocket(this.uri(), this.opts.protocols, options);
    } catch (error) {
      this.emitReserved("error", error);
      return;
    }
    this.ws.binaryType = this.socket.binaryType;
    this.addEventListeners();
  }

  /** Override it to use another class; `options` are what a WebSocket class of Node can use. */
  createSocket(uri: string, protocols: string | string[] | undefined, options: Record<string, unknown>): any {
    const own = this.opts.WebSocket;
    const Class = own ?? globalThis.WebSocket;
    if (typeof Class !== "function") {
      throw new Error(`${own ? "the option `WebSocket` must be a class" : "there is no WebSocket here: give a class as option `WebSocket`"}, for example that of the package ws`);
    }
    if (own) return new own(uri, protocols ?? [], options);
    return protocols ? new Class(uri, protocols) : new Class(uri);
  }

  addEventListeners(): void {
    const { ws } = this;
    ws.onopen = () => {
      if (this.opts.autoUnref) ws._socket?.unref();
      this.onOpen();
    };
    ws.onclose = (context: unknown) => this.onClose({ description: "websocket connection closed", context });
    ws.onmessage = (event: { data: any }) => {
      const { data } = event;
      if (!this._sink?.(data)) this.onData(data);
    };
    ws.onerror = (event: unknown) => this.onError("websocket error", event);
  }

  override write(packets: EnginePacket[]): void {
    this.writable = false;
    let waiting: Promise<void> | undefined;
    for (const packet of packets) {
      const data = encodePacket(packet, this.supportsBinary);
      // A blob as text has to be read first, and nothing may overtake it.
      if (waiting || data instanceof Promise) waiting = Promise.all([data, waiting]).then(([text]) => this._write(packet, text));
      else this._write(packet, data);
    }
    void Promise.resolve(waiting).then(() => {
      this.writable = true;
      this.emitReserved("drain");
    });
  }

  _write(packet: EnginePacket, data: any): void {
    try {
      this.doWrite(packet, data);
    } catch {
      // The socket closed and has not told us yet; its close event is on the way.
    }
  }

  doWrite(_packet: EnginePacket, data: any): void {
    this.ws.send(data);
  }

  doClose(): void {
    const { ws } = this;
    if (!ws) return;
    this.ws = null;
    ws.onerror = () => {};
    ws.close();
  }

  uri(): string {
    const query = this.query ?? {};
    if (this.opts.timestampRequests) query[this.opts.timestampParam] = randomString();
    if (!this.supportsBinary) query.b64 = 1;
    return this.createUri(this.opts.secure ? "wss" : "ws", query);
  }
}

/** Not available: names the transport, so that code which mentions it runs, and fails as an unreachable server would. */
export class WT extends Transport {
  override get name(): string {
    return "webtransport";
  }

  doOpen(): void {
    this.onError("webtransport error", "not supported by this client: use polling or websocket");
  }

  doClose(): void {}
  write(): void {}
}
