// A project as it was written for sockjs-client and its types. Compiled with both.
import SockJS from "sockjs-client";
import { Client } from "@stomp/stompjs";

const options: SockJS.Options = { server: "srv", sessionId: () => "abc", transports: ["websocket", "xhr-streaming"], timeout: 5_000 };
const socket: WebSocket = new SockJS("https://example.org/ws", null, options);
const another = SockJS("/ws");

socket.onopen = () => socket.send("hello");
socket.onmessage = (event: SockJS.MessageEvent) => console.log(event.data.toUpperCase());
socket.onclose = (event: SockJS.CloseEvent) => console.log(event.code, event.reason, event.wasClean);
socket.addEventListener("message", (event) => console.log(event.data));
another.onmessage = (event) => console.log(event.data);

const generator: SockJS.SessionGenerator = () => "id";
const state: SockJS.State = SockJS.OPEN;
const open: SockJS.OPEN = 1;
const constants: [0, 1, 2, 3] = [SockJS.CONNECTING, SockJS.OPEN, SockJS.CLOSING, SockJS.CLOSED];
const native: typeof WebSocket.prototype = SockJS.prototype;
export const client = new Client({ webSocketFactory: () => new SockJS("/stomp"), brokerURL: "" });
export const legacy = { generator, state, open, constants, native };
// @ts-expect-error a number is no address
new SockJS(7);
// @ts-expect-error not a name of an option
new SockJS("/ws", null, { transport: "websocket" });
