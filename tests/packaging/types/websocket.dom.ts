// Uses of everwire/websocket together with the types of lib.dom.
import EverwireSocket, { WebSocket as Reconnecting, type Options, type WebSocketEventMap as Events } from "everwire/websocket";

// Fits where the native class is expected, and takes the native class and its events.
const native: WebSocket = new EverwireSocket("wss://example.com");
const options: Options = { WebSocket, signal: new AbortController().signal };
const socket = new Reconnecting(new URL("wss://example.com"), undefined, options);
const target: EventTarget = socket;
socket.onopen = (event: Event) => void event.isTrusted;
socket.onmessage = (event: MessageEvent<string>) => void event.data.length;
socket.onclose = (event: CloseEvent) => void event.code;
socket.onerror = (event: Event) => void event.type;
socket.addEventListener("message", function (event: MessageEvent) { void event.origin; }, { signal: AbortSignal.timeout(5), once: true });
socket.addEventListener("error", (event: ErrorEvent) => void event.error);
socket.addEventListener("custom", (event: Event) => void event.type);
socket.dispatchEvent(new Event("custom"));
socket.send(new Blob(["x"]));
const close = (event: Events["close"]): boolean => event.wasClean;
void [native, target, close];

// @ts-expect-error a close event is no message event
socket.onclose = (event: MessageEvent<string> & { lastEventId: number }) => void event;
// @ts-expect-error listeners of close do not get a number
socket.addEventListener("close", (code: number) => void code);
