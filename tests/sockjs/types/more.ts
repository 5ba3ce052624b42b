// What there is beyond @types/sockjs-client.
import SockJS, { SockJS as Named } from "everwire/sockjs";
import { connect } from "everwire";

const socket = new Named("/ws", undefined, {
  headers: async () => ({ Authorization: "Bearer x" }),
  query: { room: "1" },
  credentials: false,
  infoTimeout: 1_000,
  heartbeatTimeout: "learned",
});
const transport: string | null = socket.transport;
socket.onheartbeat = () => {};
socket.addEventListener("close", (event: SockJS.CloseEvent) => event.unsent?.map((text) => text.length));
class Mine extends SockJS {}

const connection = connect("/live", {
  transport: ["websocket", { type: "sockjs", url: () => "/sockjs", SockJS: Mine, options: { transports: "xhr-polling" } }],
});
connection.on("state", ({ to, transport }) => to === "open" && transport?.startsWith("sockjs/"));
export const all = [transport, connection.transport, connection.stats().transport, SockJS.version];
// @ts-expect-error no such transport
connect("/live", { transport: "carrier-pigeon" });
// @ts-expect-error a WebSocket has no such options
connect("/live", { transport: { type: "websocket", options: {} } });
