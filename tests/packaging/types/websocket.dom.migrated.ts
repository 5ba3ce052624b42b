// A module as written against reconnecting-websocket 4.4; only the name of the import was changed.
import ReconnectingWebSocket, { type CloseEvent, type ErrorEvent, type Event, type Options, type UrlProvider } from "everwire/websocket";

const defaults: Options = { WebSocket, connectionTimeout: 1000, maxRetries: 10, debug: false };
const urls = ["wss://a.example", "wss://b.example"];
let index = 0;
const urlProvider: UrlProvider = () => urls[index++ % urls.length]!;

export class Feed {
  private readonly rws: ReconnectingWebSocket;
  private readonly timers: number[] = [];

  constructor(options: Options = {}) {
    this.rws = new ReconnectingWebSocket(urlProvider, ["v1", "v2"], { ...defaults, ...options });
    this.rws.binaryType = "arraybuffer";
    this.rws.addEventListener("open", this.onOpen);
    this.rws.addEventListener("message", (event: MessageEvent) => this.onMessage(JSON.parse(event.data)));
    this.rws.addEventListener("close", (event: CloseEvent) => console.log(event.code, event.reason, event.wasClean));
    this.rws.onerror = (event: ErrorEvent) => console.log(event.message, event.error);
  }

  get connected(): boolean {
    return this.rws.readyState === ReconnectingWebSocket.OPEN && this.rws.readyState === this.rws.OPEN;
  }

  publish(value: object): void {
    this.rws.send(JSON.stringify(value));
  }

  restart(): void {
    this.rws.reconnect();
    this.rws.reconnect(4000, "restart");
  }

  stop(): void {
    this.rws.removeEventListener("open", this.onOpen);
    this.rws.close();
    this.rws.close(1000, "", );
  }

  status(): string {
    return `${this.rws.url} ${this.rws.protocol} ${this.rws.extensions} ${this.rws.retryCount} ${this.rws.bufferedAmount}`;
  }

  private onOpen = (event: Event): void => void event.type;

  private onMessage(value: unknown): void {
    this.timers.push(typeof value === "number" ? value : 0);
  }
}
