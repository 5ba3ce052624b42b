// Without the types of a browser.
import { Client, type IMessage, type StompSubscription } from "everwire/stomp";
import { init } from "everwire/slim/stomp";

const client = new Client({ brokerURL: "wss://example.org/stomp", reconnectDelay: 1_000, connectHeaders: { login: "a" } });
client.onConnect = (frame) => {
  const subscription: StompSubscription = client.subscribe("/topic/a", (message: IMessage) => void message.body.trim());
  subscription.unsubscribe({ receipt: frame.command });
  client.publish({ destination: "/queue/a", body: "text", headers: { priority: "9" } });
};
client.activate();
export const ended: Promise<void> = client.deactivate();
export const loaded: Promise<void> = init();
// @ts-expect-error a destination is needed
client.publish({ body: "text" });
