/**
 * Orders that count once, whatever happens on the way.
 *
 * An order has an id for life. As long as its fill is not known it is sent again, after each reconnect and after a while
 * without an answer; the server knows ids that it has taken and answers with the first fill.
 */
import { store, stored } from '../session.ts';

export type OrderState = 'pending' | 'accepted' | 'unknown' | 'resent' | 'filled' | 'refused';

export interface Order {
  readonly id: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
}

export interface OrderView extends Order {
  /** Sent from this tab. */
  readonly own: boolean;
  state: OrderState;
  /** How often it was sent. */
  sent: number;
  /** Price of a share, once filled. */
  price?: number;
  /** Number in the server's order, once filled. */
  seq?: number;
  reason?: string;
}

export interface Fill extends Order {
  readonly price: number;
  readonly seq: number;
  readonly at: number;
}

/** Hands an order to the connection; false when there is none. */
export type Send = (order: Order, accepted: () => void) => boolean;

const KEY = 'everwire.orders';
/** Without an answer for so long an order is sent again, ms. */
const ANSWER_WITHIN = 5_000;
/** More than this are not shown. */
const SHOWN = 200;

export class Orders {
  readonly #orders = new Map<string, OrderView>();
  readonly #sentAt = new Map<string, number>();
  readonly #send: Send;
  readonly #changed: () => void;

  constructor(send: Send, changed: () => void) {
    this.#send = send;
    this.#changed = changed;
    // A reload in the middle of an order: whether the server has it is unknown.
    for (const order of stored<Order[]>(KEY) ?? []) this.#orders.set(order.id, { ...order, own: true, state: 'unknown', sent: 1 });
  }

  /** All orders, the newest first: open ones, then filled ones by the server's order. */
  list(): OrderView[] {
    const rank = ({ seq }: OrderView) => seq ?? Number.POSITIVE_INFINITY;
    return [...this.#orders.values()].sort((a, b) => (rank(b) === rank(a) ? 0 : rank(b) - rank(a))).slice(0, SHOWN);
  }

  place(order: Omit<Order, 'id'>): void {
    const view: OrderView = { ...order, id: crypto.randomUUID(), own: true, state: 'pending', sent: 0 };
    this.#orders.set(view.id, view);
    this.#keep();
    this.#dispatch(view);
    this.#changed();
  }

  /** The connection stands again: what is not known to be filled goes out once more. */
  connected(): void {
    for (const order of this.#open()) this.#dispatch(order);
    this.#changed();
  }

  /** The connection is gone: nobody knows how far the open orders came. */
  lost(): void {
    for (const order of this.#open()) if (order.sent > 0) order.state = 'unknown';
    this.#changed();
  }

  /** To be called now and then: asks again about orders that stay without an answer. */
  check(): void {
    const now = performance.now();
    const overdue = this.#open().filter(({ id }) => now - (this.#sentAt.get(id) ?? now) > ANSWER_WITHIN);
    for (const order of overdue) this.#dispatch(order);
    if (overdue.length > 0) this.#changed();
  }

  /** Takes what the server says about an own order. */
  answer(answer: { status: 'filled' | 'refused' | 'retry'; fill?: Fill; id?: string; reason?: string }): void {
    if (answer.status === 'filled' && answer.fill) {
      this.fill(answer.fill);
      return;
    }
    const order = this.#orders.get(answer.id ?? '');
    // `retry` says that the server could not store it: the next check sends it again.
    if (!order || answer.status !== 'refused') return;
    order.state = 'refused';
    order.reason = answer.reason ?? '';
    this.#keep();
    this.#changed();
  }

  /** Takes a fill, from wherever it was told. */
  fill({ id, symbol, side, quantity, price, seq }: Fill): void {
    const known = this.#orders.get(id);
    const order = known ?? { id, symbol, side, quantity, own: false, state: 'filled', sent: 0 };
    order.state = 'filled';
    order.price = price;
    order.seq = seq;
    this.#orders.set(id, order);
    this.#sentAt.delete(id);
    if (known) this.#keep();
    else if (this.#orders.size > 2 * SHOWN) this.#forget();
    this.#changed();
  }

  #open(): OrderView[] {
    return [...this.#orders.values()].filter(({ state }) => state !== 'filled' && state !== 'refused');
  }

  #dispatch(order: OrderView): void {
    const { id, symbol, side, quantity } = order;
    const sent = this.#send({ id, symbol, side, quantity }, () => {
      if (order.state !== 'pending' && order.state !== 'resent') return;
      order.state = 'accepted';
      this.#changed();
    });
    if (!sent) return;
    order.sent++;
    order.state = order.sent > 1 ? 'resent' : 'pending';
    this.#sentAt.set(id, performance.now());
  }

  /** Lets go of what others have ordered and nobody is shown any more. */
  #forget(): void {
    const shown = new Set(this.list());
    for (const order of this.#orders.values()) if (!order.own && !shown.has(order)) this.#orders.delete(order.id);
  }

  /** What a reload must not lose. */
  #keep(): void {
    store(
      KEY,
      this.#open().map(({ id, symbol, side, quantity }) => ({ id, symbol, side, quantity })),
    );
  }
}
