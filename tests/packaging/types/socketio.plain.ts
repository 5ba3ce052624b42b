// Without the types of a browser.
import { io, type Socket } from "everwire/socket.io";

interface Events {
  move: (at: { x: number; y: number }) => void;
  save: (text: string, done: (id: number) => void) => void;
}

const socket: Socket<Events, Events> = io("https://example.org", { transports: ["websocket"], auth: { token: "x" } });
socket.on("move", ({ x, y }) => void (x + y).toFixed());
socket.emit("save", "text", (id) => id.toFixed());
export const id: Promise<number> = socket.timeout(5_000).emitWithAck("save", "text");
// @ts-expect-error not a name of an event
socket.emit("remove");
