import { ActivationState, Client, StompSocketState } from "@stomp/stompjs";
import type { Frame, IFrame, IMessage, IPublishParams, IStompSocket, ITransaction, Message, publishParams, StompSubscription } from "@stomp/stompjs";
import { client } from "./config.js";

class Feed extends Client {
  constructor(private readonly topic: string) {
    super({ brokerURL: "ws://x" });
    this.onConnect = () => this.listen();
    this.debug = console.log;
  }

  private listen(): StompSubscription {
    return this.subscribe(this.topic, (message: IMessage) => {
      const { body, binaryBody, headers, isBinaryBody, command } = message;
      const octets: Uint8Array = binaryBody;
      const text: string = body + command + String(isBinaryBody) + (headers["message-id"] ?? "");
      message.ack();
      message.nack({ transaction: "t" });
      console.log(octets.length, text);
    }, { ack: "client", id: "x" });
  }
}

export async function session(): Promise<void> {
  const feed = new Feed("/topic/a");
  feed.configure({ debug: () => {} });
  feed.activate();
  const params: IPublishParams = { destination: "/q", body: "x", headers: { a: "b" }, skipContentLengthHeader: true };
  const older: publishParams = { destination: "/q", binaryBody: new Uint8Array(1) };
  feed.publish(params);
  feed.publish(older);
  const transaction: ITransaction = feed.begin();
  transaction.commit();
  transaction.abort();
  feed.begin("t").id.toUpperCase();
  feed.commit("t");
  feed.abort("t");
  feed.ack("m", "s");
  feed.nack("m", "s", { h: "v" });
  feed.watchForReceipt("r", (frame: IFrame) => console.log(frame.body));
  feed.watchForReceipt("r", () => {});
  const subscription = feed.subscribe("/q", (message: Message) => console.log(message.body));
  subscription.unsubscribe();
  subscription.unsubscribe({ a: "b" });
  feed.unsubscribe(subscription.id, { a: "b" });
  feed.connectHeaders = { passcode: "fresh" };
  feed.disconnectHeaders = { receipt: "bye" };
  feed.onStompError = (frame: Frame) => console.log(frame.headers["message"], frame.body);
  feed.onWebSocketClose = (event: CloseEvent) => console.log(event.code);
  feed.brokerURL = undefined;
  feed.webSocketFactory = () => new WebSocket("ws://x") as IStompSocket;
  const socket: IStompSocket | undefined = feed.webSocket;
  const open: boolean = socket?.readyState === StompSocketState.OPEN && feed.connected && feed.active;
  const version: string | undefined = feed.connectedVersion;
  const state: ActivationState = feed.state;
  feed.forceDisconnect();
  await feed.deactivate({ force: true });
  await client.deactivate();
  console.log(open, version, state === ActivationState.INACTIVE);
}
