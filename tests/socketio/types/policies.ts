// What events with a policy take, with and without maps of events.
import { io, type Socket } from "client";
import { conflate, policies, throttle, type Handle } from "policies";

interface Sent {
  like: (count: number) => void;
  move: (x: number, y: number) => void;
  order: (item: string, ack: (answer: string) => void) => void;
}
const paced = policies(io() as Socket<{}, Sent>);
const likes = paced.event("like", { policy: conflate({ merge: (a, b) => a + b }) });
likes.emit(1);
const moves = paced.event("move", { spread: true, policy: throttle({ interval: 50 }), key: ([x]) => x });
moves.emit([1, 2]);
const last: [x: number, y: number] | undefined = moves.peek();
const order = paced.event("order", { ack: true });
const handle: Handle = order.emit("tea");
const { status, reply } = await handle.acked;
void [last, status, reply];

// @ts-expect-error: not what a listener of the event takes
likes.emit("one");
// @ts-expect-error: one argument too few
moves.emit([1]);
// @ts-expect-error: without `spread` it is one value
paced.event("move").emit([1, 2]);

// Without a map anything goes, in and out of `merge`.
const loose = policies(io());
loose.event("like", { policy: conflate({ merge: (a, b) => a + b }) }).emit(1);
loose.event("position", { key: ({ id }) => id }).emit({ id: 1 });
loose.event("move", { spread: true }).emit([1, 2]);
// @ts-expect-error: a list is what `spread` takes
loose.event("move", { spread: true }).emit(1);
