import { io } from "everwire/socket.io";
import parser, { Decoder, Encoder, msgpack, protocol } from "everwire/socket.io/msgpack";

export const sockets = [io("https://example.org", { parser: msgpack() }), io("https://example.org", { parser })];
export const parts: [number, number] = [new Encoder().encode({ type: 1, nsp: "/" }).length, protocol];
new Decoder().destroy();
// @ts-expect-error it takes no options
msgpack({ maxDepth: 5 });
