/** The list of orders and the form above it. */
import { language, number } from '../i18n/index.ts';
import { byId, h, icon, setText } from '../ui/dom.ts';
import type { Company } from './market.ts';
import type { Order, OrderView } from './orders.ts';
import { tt } from './texts.ts';

const ICONS = { pending: 'clock', accepted: 'clock', unknown: 'question', resent: 'clock', filled: 'check', refused: 'alert' } as const;
const MAX_QUANTITY = 1_000_000;

export class OrdersView {
  readonly #list = byId<HTMLOListElement>('orders');
  readonly #lines = new Map<string, { line: HTMLLIElement; shown: string }>();

  /** Shows exactly these orders, in this order; lines that stay are not made anew. */
  show(orders: readonly OrderView[]): void {
    const lines = orders.map((order) => this.#line(order));
    const ids = new Set(orders.map(({ id }) => id));
    for (const id of this.#lines.keys()) if (!ids.has(id)) this.#lines.delete(id);
    let place = this.#list.firstElementChild;
    for (const line of lines) {
      if (line === place) place = place.nextElementSibling;
      else this.#list.insertBefore(line, place);
    }
    while (place) {
      const next: Element | null = place.nextElementSibling;
      place.remove();
      place = next;
    }
    byId('orders-empty').hidden = orders.length > 0;
    const filled = orders.filter(({ state }) => state === 'filled').length;
    const open = orders.filter(({ state }) => state !== 'filled' && state !== 'refused').length;
    setText(byId('order-counts'), orders.length > 0 ? tt('orderCounts', { open, filled }) : '');
  }

  #line(order: OrderView): HTMLLIElement {
    const shown = JSON.stringify([order, language()]);
    const known = this.#lines.get(order.id);
    if (known?.shown === shown) return known.line;
    const line = known?.line ?? h('li', { class: 'order-line' });
    const { id, side, state, sent, symbol, quantity, price } = order;
    Object.assign(line.dataset, { id, state, side, sent: String(sent) });
    const label = state === 'refused' ? tt('refused', { reason: order.reason ?? '' }) : tt(state);
    const note = !order.own ? tt('other') : state === 'filled' && sent > 1 ? tt('twice', { count: sent }) : '';
    line.replaceChildren(
      h('b', { class: `side-${side}` }, tt(side === 'buy' ? 'bought' : 'sold', { quantity: number(quantity) })),
      h('span', { class: 'order-symbol' }, symbol),
      h('span', { class: 'order-price' }, price === undefined ? '' : tt('at', { price: won(price) })),
      h('span', { class: `order-state state-${state}` }, icon(ICONS[state]), label),
      note && h('span', { class: 'order-note' }, note),
    );
    this.#lines.set(id, { line, shown });
    return line;
  }
}

/** Wires up the form. */
export function orderForm(companies: readonly Company[], place: (order: Omit<Order, 'id'>) => void): void {
  const form = byId<HTMLFormElement>('order');
  const symbol = byId<HTMLSelectElement>('order-symbol');
  const quantity = byId<HTMLInputElement>('order-quantity');
  symbol.append(...companies.map(({ code }) => h('option', { value: code }, code)));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const count = Number(quantity.value);
    const fits = Number.isInteger(count) && count >= 1 && count <= MAX_QUANTITY;
    setText(byId('order-problem'), fits ? '' : tt('wrongQuantity'));
    if (!fits) return;
    const side = event.submitter?.getAttribute('value') === 'sell' ? 'sell' : 'buy';
    place({ symbol: symbol.value, side, quantity: count });
  });
}

/** A price in the reader's way of writing. */
export const won = (price: number): string => tt('currency', { price: number(price) });
