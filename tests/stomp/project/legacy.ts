import { CompatClient, FrameImpl, Parser, Stomp } from "@stomp/stompjs";
import type { IRawFrameType, RawHeaderType } from "@stomp/stompjs";

export const client: CompatClient = Stomp.client("ws://x", ["v12.stomp"]);
export const over: CompatClient = Stomp.over(() => new WebSocket("ws://x"));
Stomp.WebSocketClass = WebSocket;

client.connect("user", "secret", () => {}, (error: unknown) => console.log(error));
client.connect({ login: "a" }, () => {});
client.send("/q", { priority: 9, "content-length": false }, "body");
client.send("/q");
client.heartbeat.incoming = 0;
client.heartbeat = { incoming: 1, outgoing: client.heartbeat.outgoing };
client.reconnect_delay = 5;
client.onreceive = (message) => console.log(message.body);
client.onreceipt = (frame) => console.log(frame.headers);
client.maxWebSocketFrameSize = 1;
console.log(client.ws.readyState, client.version?.length);
client.disconnect(() => {}, { a: "b" });
client.disconnect();

const pairs: RawHeaderType[] = [["a", "b"]];
const raw: IRawFrameType = { command: "X", headers: pairs, binaryBody: new Uint8Array() };
const frame = FrameImpl.fromRawFrame(raw, true);
const data: string | ArrayBuffer = frame.serialize();
const text: string = frame.toString() + FrameImpl.marshall({ command: "SEND", body: "x" }).toString();
const parser = new Parser((raw: IRawFrameType) => console.log(raw.command), () => {});
parser.parseChunk(data, true);
console.log(text);
