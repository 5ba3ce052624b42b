import { io, type Socket } from "everwire/socket.io";
import { conflate, policies, rateLimit, throttle, type Handle, type PacedEvent, type SendResult } from "everwire/socket.io/policies";
import { init, policies as slim } from "everwire/slim/socket.io/policies";

interface Sent {
  position: (at: { id: string; x: number }) => void;
  resize: (width: number, height: number) => void;
  save: (text: string, done: (id: number) => void) => void;
}

const socket: Socket<{}, Sent> = io("https://example.org");
const paced = policies(socket, { maxMessages: 100, maxBytes: 10_000, overflow: "drop-oldest", rateLimit: rateLimit({ rate: 50 }) });
const position = paced.event("position", { policy: [throttle({ interval: 50 }), rateLimit({ rate: 30 })], key: ({ id }) => id, offline: "drop", ttl: 500 });
const handle: Handle = position.emit({ id: "a", x: 1 }, { immediate: true, lane: "rpc" });
const size: PacedEvent<[width: number, height: number]> = paced.event("resize", { spread: true, policy: conflate({ minInterval: 10 }) });
size.emit([1, 2]);
const saved: Promise<SendResult> = paced.event("save", { ack: true, timeout: 5_000 }).emit("text").acked;
const next: { id: string; x: number } | undefined = position.peek("a");
const untyped = slim(io("https://example.org")).event("anything").emit({ any: "thing" });
export const used = [handle.status, saved, next, untyped, init, position.isPending("a"), paced.pending];
// @ts-expect-error not a name of an event
paced.event("remove");
// @ts-expect-error not its value
position.emit({ id: 7 });
// @ts-expect-error two arguments in one array
size.emit([1]);
// @ts-expect-error not a rule
paced.event("save", { offline: "perhaps" });
