// An application with typed bodies; it must compile as it stands, and each marked line must not.
import {
  EverwireError, conflate, connect, debounce, immediate, rateLimit, throttle,
  type ConnectOptions, type Handle, type Message, type SendResult, type StompClient, type StompStats, type Subscription, type Topic,
} from "everwire/stomp/connect";
import * as slim from "everwire/slim/stomp/connect";

interface Price {
  symbol: string;
  price: number;
}

const options: ConnectOptions = {
  connectHeaders: async (attempt) => ({ host: "/", login: "app", attempt }),
  reconnect: { minDelay: 100, retryOn: ({ code, error }) => code !== 4_000 && error?.headers.message !== "no" },
  heartbeat: { outgoing: 10_000, incoming: 0 },
  versions: ["1.2", "1.1"],
};
export const client: StompClient = connect(["wss://a.example.org/ws", new URL("wss://b.example.org/ws")], options);
export const ready: Promise<void> = slim.init();

export function prices(draw: (price: Price) => void): Subscription {
  const subscription = client.subscribe("/topic/prices", (message) => draw(message.json<Price>()), { ack: "client" });
  // @ts-expect-error there is no such mode
  client.subscribe("/topic/prices", { ack: "never" });
  return subscription;
}

export async function order(price: Price): Promise<string> {
  const handle: Handle = client.publish("/queue/orders", price, { id: "order-17", headers: { priority: 9 } });
  const result: SendResult = await handle.acked;
  if (result.status === "dropped") return result.reason;
  // @ts-expect-error only what was dropped has a reason
  return result.reason;
}

const latest: Topic<Price> = client.topic<Price>("/topic/prices", { policy: throttle({ interval: 100 }), key: (price) => price.symbol });
latest.publish({ symbol: "X", price: 1 });
// @ts-expect-error a price has a number
latest.publish({ symbol: "X", price: "1" });
export const seen: Price | undefined = latest.peek("X");
export const sums = client.topic<number>("/topic/sums", { policy: conflate({ merge: (a, b) => a + b }) });
export const policies = [immediate(), debounce({ wait: 10 }), rateLimit({ rate: 5, burst: 1 })];

export async function ask(signal: AbortSignal): Promise<number> {
  const answer: Message = await client.request("/queue/quotes", { symbol: "X" }, { timeout: 3_000, signal });
  const octets: Uint8Array = answer.binary;
  return octets.length + answer.json<Price>().price;
}

export async function work(): Promise<void> {
  for await (const message of client.subscribe("/queue/work", { ack: "client-individual" })) {
    const transaction = client.begin();
    transaction.ack(message);
    transaction.publish("/queue/done", message.binary);
    await transaction.commit({ receipt: true }).acked;
  }
}

client.on("state", ({ from, to, delay }) => console.log(from, to, delay?.toFixed()));
client.on("error", (error) => {
  if (error instanceof EverwireError && error.code === "server") console.log((error.data as Message).body);
});
// @ts-expect-error there is no such event
client.on("message-lost", () => {});
// @ts-expect-error options are checked
connect("wss://a.example.org/ws", { colour: 1 });
export const stats: StompStats = client.stats();
export const factory = connect({ webSocketFactory: (attempt) => new WebSocket(`wss://a.example.org/${attempt}`) });
await using closing = client;
export const state: string = closing.state;
