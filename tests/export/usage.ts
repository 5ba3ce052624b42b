// What an application writes against the class of examples/messages_socket.rs. Compiled, not run.
import init, { MessagesSocket, type ClientMessage, type ServerMessage, type SocketState } from "./messages_socket.js";

await init();

const socket = new MessagesSocket("wss://example.com/feed", ["v1"]);
new MessagesSocket(["wss://a.example.com", "wss://b.example.com"]);

const post: ClientMessage = { type: "post", id: "p1", text: "hello" };
socket.send(post);
socket.send({ type: "post", id: "p2", text: "again" });

const off: () => void = socket.on("message", (message) => {
    const typed: ServerMessage = message;
    switch (typed.type) {
        case "posted":
            typed.text.toUpperCase();
            break;
        case "positions":
            // @ts-expect-error a positions message has no text
            typed.text;
            break;
    }
});
off();

socket.on("state", ({ state, retryIn, code }) => {
    const name: SocketState = state;
    const delay: number | undefined = retryIn;
    void [name, delay, code?.toFixed()];
});
socket.on("error", (error) => {
    const raw: string | Uint8Array | undefined = error.raw;
    void [error.code.length, error.message.length, raw];
});
const state: SocketState = socket.state;
const closed: Promise<void> = socket.close(1000, "bye");
void [state, closed];
socket.reconnect();

// @ts-expect-error no such message
socket.send({ type: "nonsense" });
// @ts-expect-error a post needs a text
socket.send({ type: "post", id: "p1" });
// @ts-expect-error no such event
socket.on("mesage", () => {});
// @ts-expect-error a url is not a number
new MessagesSocket(7);
