// A project as users of socket.io-client write it; `client` is the one or the other.
import io, { Manager, Socket, connect, io as named, protocol, Fetch, NodeWebSocket, NodeXHR, WebSocket, WebTransport, XHR } from "client";
import type { DisconnectDescription, ExtendedError, ManagerOptions, ManagerReservedEvents, SocketOptions, SocketReservedEvents } from "client";

interface ServerToClient {
  news: (title: string, body: { id: number }) => void;
  question: (text: string, answer: (yes: boolean) => void) => void;
}

interface ClientToServer {
  hello: () => void;
  save: (value: number, done: (id: string, version: number) => void) => void;
}

const options: Partial<ManagerOptions & SocketOptions> = {
  transports: ["websocket", "polling"], auth: { token: "x" }, retries: 3, ackTimeout: 1_000, query: { a: 1 }, extraHeaders: { a: "b" },
  reconnectionDelay: 5, path: "/x", withCredentials: true, parser: {}, protocols: ["a"], transportOptions: { polling: {} },
};
const socket: Socket<ServerToClient, ClientToServer> = io("http://localhost", options);
const untyped: Socket = named({ auth: (done) => done({ token: 1 }), transports: [XHR, WebSocket] });
const inherited = connect("/nsp", { transportImplementations: [Fetch, NodeWebSocket, NodeXHR, WebTransport] });

socket.on("news", (title, body) => {
  const text: string = title + body.id.toFixed();
  text.trim();
});
socket.on("question", (text, answer) => answer(text === "yes"));
socket.once("connect", () => {});
socket.on("connect_error", (error: ExtendedError) => void (error.data && error.message));
socket.on("disconnect", (reason: Socket.DisconnectReason, details?: DisconnectDescription) => {
  if (reason === "io server disconnect") socket.connect();
  if (details instanceof Error) details.message.trim();
  else details?.description.trim();
});
socket.off("news").off().offAny().onAny((event, ...args) => void [event, args]);

socket.emit("hello").emit("save", 1, (id, version) => void (id.trim() + version.toFixed()));
socket.volatile.emit("hello");
socket.compress(false).emit("hello");
socket.timeout(5).emit("save", 1, (error, id, version) => void [error.message, id.trim(), version.toFixed()]);
const id: Promise<string> = socket.emitWithAck("save", 1);
const late: Promise<string> = socket.timeout(5).emitWithAck("save", 2);
void [id, late, protocol.toFixed()];

// @ts-expect-error: no such event
socket.emit("goodbye");
// @ts-expect-error: a number is wanted
socket.emit("save", "1", () => {});
// @ts-expect-error: no such event to listen to
socket.on("save", () => {});
// @ts-expect-error: a reason that does not exist
const reason: Socket.DisconnectReason = "bored";
void reason;

untyped.on("anything", (...args) => void args);
untyped.emit("anything", 1, "two", { three: 3 }, (answer: unknown) => void answer);
untyped.emitWithAck("anything", 1).then((value) => value.anything);

const manager: Manager = new Manager("http://localhost", { autoConnect: false });
manager.on("reconnect_attempt", (attempt) => attempt.toFixed());
manager.on("error", (error) => error.message.trim());
manager.open((error) => error?.message).reconnection(false).timeout(5);
const delay: number = manager.reconnectionDelay();
const admin = manager.socket("/admin", { auth: { a: 1 } });
const name: string = socket.io.engine.transport.name;
socket.io.engine.once("upgrade", (transport) => transport.name.trim());
socket.io.engine.on("close", (reason) => reason.trim());
void [delay, admin.id?.trim(), name, socket.sendBuffer.length, inherited.active, socket.recovered];

const events: ManagerReservedEvents["close"] = (reason, details) => void [reason, details];
const own: SocketReservedEvents["connect"] = () => {};
void [events, own];

class Chat {
  constructor(private readonly socket: Socket<ServerToClient, ClientToServer>) {}

  say(): this {
    this.socket.emit("hello");
    return this;
  }
}
new Chat(socket).say();

function generic<L extends Record<string, (...args: any[]) => void>, E extends Record<string, (...args: any[]) => void>>(socket: Socket<L, E>): boolean {
  return socket.connected;
}
generic(socket);

class OwnTransport extends WebSocket {
  override createSocket(uri: string, protocols: string | string[] | undefined, opts: Record<string, any>) {
    return super.createSocket(uri, protocols, opts);
  }
}
io({ transports: [OwnTransport] });
