// A project as it was written for socket.io-client, with the import changed, and the slim entry.
import connect, { Manager, type ManagerOptions, type SocketOptions } from "everwire/socket.io";
import { init, io } from "everwire/slim/socket.io";

const options: Partial<ManagerOptions & SocketOptions> = { path: "/live", reconnectionDelay: 500, withCredentials: true };
const socket = connect(location.origin, options);
socket.on("disconnect", (reason) => console.log(reason));
socket.io.on("reconnect_attempt", (attempt) => console.log(attempt.toFixed()));
socket.emit("file", new Blob(["x"]), new Uint8Array(2));
export const manager: Manager = socket.io;
export const later = init(new URL("/socket.io.wasm", location.href)).then(() => io());
// @ts-expect-error a number is no path
connect("/", { path: 7 });
