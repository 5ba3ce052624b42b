/** The page's STOMP connection: topics, requests with replies, and one broker after the other when one is gone. */
import { Client, type IMessage } from 'everwire/stomp';

import { identity } from '../session.ts';
import type { TickerConfig } from './market.ts';

export type LinkState = 'connecting' | 'connected' | 'waiting';

export interface LinkEvents {
  /** `broker` is the address that is used or dialled. */
  readonly state: (state: LinkState, broker: string) => void;
  /** Each time a session stands, before anything else of it. */
  readonly connected: () => void;
  /** The broker refused something and closes the connection. */
  readonly refused: (reason: string) => void;
  readonly tick: (body: string) => void;
  readonly fill: (body: string) => void;
  /** What comes to the reply queue. */
  readonly reply: (body: string) => void;
}

/** Name of the reply queue within this connection. */
const ANSWERS = '/temp-queue/answers';
/** RabbitMQ makes a queue at the first use; both ends must ask for the same kind. See the server's ticker service. */
const IN_MEMORY = { durable: 'false', 'auto-delete': 'false', exclusive: 'false' };
const JSON_BODY = { 'content-type': 'application/json' };
const RECONNECT_DELAY = 400;
const CONNECT_TIMEOUT = 10_000;

export class Link {
  readonly #client: Client;
  readonly #config: TickerConfig;
  readonly #events: LinkEvents;
  #broker = '';

  constructor(config: TickerConfig, events: LinkEvents) {
    this.#config = config;
    this.#events = events;
    let attempt = 0;
    this.#client = new Client({
      connectHeaders: { host: '/', login: config.login, passcode: config.passcode },
      reconnectDelay: RECONNECT_DELAY,
      connectionTimeout: CONNECT_TIMEOUT,
      heartbeatIncoming: 4_000,
      heartbeatOutgoing: 4_000,
      // A link that says nothing is not waited for.
      discardWebsocketOnCommFailure: true,
      beforeConnect: (client) => {
        this.#broker = config.brokers[attempt % config.brokers.length] ?? '';
        client.brokerURL = config.embedded ? named(this.#broker) : this.#broker;
        events.state(attempt === 0 ? 'connecting' : 'waiting', this.#broker);
        attempt++;
      },
      onConnect: () => this.#connected(),
      onWebSocketClose: () => events.state('waiting', this.#broker),
      onStompError: ({ headers, body }) => events.refused(headers['message'] ?? body),
      // Nobody subscribes to a reply queue: its messages belong to no subscription of ours.
      onUnhandledMessage: (message: IMessage) => events.reply(message.body),
    });
    this.#client.activate();
  }

  #connected(): void {
    const { ticks, fills } = this.#config;
    this.#events.state('connected', this.#broker);
    this.#client.subscribe(ticks, (message) => this.#events.tick(message.body));
    this.#client.subscribe(fills, (message) => this.#events.fill(message.body));
    this.#events.connected();
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** Asks for all prices and the last orders. */
  askSnapshot(): void {
    if (!this.connected) return;
    this.#client.publish({ destination: this.#config.snapshot, headers: { ...IN_MEMORY, 'reply-to': ANSWERS } });
  }

  /** Sends an order; `accepted` is called when the broker has it. False when there is no connection. */
  sendOrder(body: string, receipt: string, accepted: () => void): boolean {
    if (!this.connected) return false;
    this.#client.watchForReceipt(receipt, accepted);
    this.#client.publish({
      destination: this.#config.orders,
      headers: { ...IN_MEMORY, ...JSON_BODY, 'reply-to': ANSWERS, receipt },
      body,
    });
    return true;
  }
}

/** Tells the server who dials, for the buttons that break this tab's link. */
const named = (broker: string): string => `${broker}?client=${encodeURIComponent(identity.client)}`;
