// Uses of everwire/websocket that need no DOM types.
import DefaultExport, {
  WebSocket, type CloseEvent, type ErrorEvent, type HeartbeatOptions, type Message, type Options, type UrlProvider,
} from "everwire/websocket";
import { init, WebSocket as Slim } from "everwire/slim/websocket";

const heartbeat: HeartbeatOptions = { interval: 15_000, timeout: 5_000, message: () => "ping" };
const options: Options = {
  minReconnectionDelay: 1_000,
  maxReconnectionDelay: 10_000,
  reconnectionDelayGrowFactor: 1.3,
  minUptime: 5_000,
  connectionTimeout: 4_000,
  maxRetries: Infinity,
  maxEnqueuedMessages: 100,
  startClosed: true,
  debug: false,
  debugLogger: (...values) => void values.length,
  shouldReconnectOnClose: (event) => event.code !== 4_000 && !event.wasClean,
  heartbeat,
};
const provider: UrlProvider = async () => "wss://example.com";
const socket: WebSocket = new WebSocket(provider, () => Promise.resolve(["a", "b"]), options);
new DefaultExport("wss://example.com", null);
const same: WebSocket = new Slim("wss://example.com", "a");
const ready: Promise<void> = init();
await init("/websocket.wasm");

const sent: boolean = socket.send(new Uint8Array(8));
const queued: Message[] = socket.drainQueuedMessages();
const retries: number = socket.retryCount + WebSocket.OPEN + socket.CLOSED;
socket.reconnect(4_000, "new token");
socket.onopen = null;
socket.onmessage = (event) => void event.data;
socket.onclose = (event) => void (event.reason + event.code.toFixed());
socket.onerror = (event: ErrorEvent) => void event.message;
socket.addEventListener("close", (event) => void event.wasClean, { once: true });
socket.addEventListener("close", (event: CloseEvent) => void event.code);
socket.addEventListener("message", { handleEvent: (event) => void event.data });
socket.removeEventListener("message", null);
socket[Symbol.dispose]();
class Named extends WebSocket {
  label = "feed";
}
const label: string = new Named("wss://example.com").label;
void [same, ready, sent, queued, retries, label];

// @ts-expect-error a url is needed
new WebSocket();
// @ts-expect-error options are checked
new WebSocket("wss://example.com", [], { maxRetry: 3 });
// @ts-expect-error times are numbers
new WebSocket("wss://example.com", [], { minUptime: "5s" });
// @ts-expect-error a url function must give an address
new WebSocket(() => 42);
// @ts-expect-error objects are not messages; encode them
socket.send({ text: "hello" });
// @ts-expect-error read-only
socket.readyState = 1;
// @ts-expect-error not a listener
socket.onmessage = 42;
// @ts-expect-error not a binary type
socket.binaryType = "nodebuffer";
// @ts-expect-error numbers are no source of a module
init(42);
