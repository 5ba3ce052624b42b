// With the names of a browser: addresses may be URLs, and signals end things.
import { connect, throttle, type Message, type Subscription } from "everwire/stomp/connect";
import { init } from "everwire/slim/stomp/connect";

const stomp = connect("wss://example.org/ws", { connectHeaders: { login: "a" }, heartbeat: { outgoing: 10_000 } });
const subscription: Subscription = stomp.subscribe("/topic/a", (message: Message) => void message.body.trim());
export const confirmed: Promise<void> = subscription.confirmed({ timeout: 1_000 });
const positions = stomp.topic<{ id: number }>("/topic/positions", { policy: throttle({ interval: 100 }), key: ({ id }) => id });
positions.publish({ id: 7 });
export const loaded: Promise<void> = init();
// @ts-expect-error a destination is needed
stomp.publish();
// @ts-expect-error positions have a number
positions.publish({ id: "7" });
stomp.subscribe("/topic/b", { signal: new AbortController().signal });
export const other = connect(new URL("wss://example.org/ws"));
