/** A board of three hundred tiles. Both views draw with it; they differ only in how often and how much at once. */
import type { Market, Tick } from './market.ts';

interface Tile {
  readonly element: HTMLButtonElement;
  readonly text: Text;
  price: number;
  heat: number;
}

/** Change since the opening at which a tile has its full colour. */
const FULL = 0.04;
/** Shades of either colour. */
const STEPS = 4;

export class Board {
  readonly #market: Market;
  readonly #tiles: Tile[];
  readonly #host: HTMLElement;
  #chosen: Tile | undefined;

  constructor(host: HTMLElement, market: Market, choose: (symbol: number) => void) {
    this.#market = market;
    this.#host = host;
    this.#tiles = market.companies.map(({ code, price }, symbol) => {
      const element = document.createElement('button');
      element.type = 'button';
      element.className = 'tile';
      element.dataset['symbol'] = code;
      const name = document.createElement('span');
      name.textContent = code;
      const text = document.createTextNode('');
      element.append(name, text);
      element.addEventListener('click', () => choose(symbol));
      return { element, text, price, heat: Number.NaN };
    });
    for (const [symbol, tile] of this.#tiles.entries()) this.#write(tile, symbol, tile.price);
    host.replaceChildren(...this.#tiles.map(({ element }) => element));
  }

  /** Draws new prices, each tile with a short flash. */
  show(ticks: Iterable<Tick>): void {
    const changed: [Tile, string][] = [];
    for (const { symbol, price } of ticks) {
      const tile = this.#tiles[symbol];
      if (!tile) continue;
      const direction = price < tile.price ? 'down' : 'up';
      this.#write(tile, symbol, price);
      tile.element.classList.remove('up', 'down');
      changed.push([tile, direction]);
    }
    if (changed.length === 0) return;
    // An animation starts anew only if the browser has seen its class go. It looks at the whole board for that, so the
    // price of a look is the same for one tile and for all.
    void this.#host.offsetWidth;
    for (const [{ element }, direction] of changed) element.classList.add(direction);
  }

  /** Marks the tile of the symbol that the chart shows. */
  choose(symbol: number): void {
    this.#chosen?.element.removeAttribute('aria-current');
    this.#chosen = this.#tiles[symbol];
    this.#chosen?.element.setAttribute('aria-current', 'true');
  }

  #write(tile: Tile, symbol: number, price: number): void {
    const change = this.#market.change(symbol, price);
    tile.price = price;
    tile.text.data = `${change < 0 ? '−' : '+'}${Math.abs(change * 100).toFixed(2)}`;
    const heat = Math.ceil(Math.min(1, Math.abs(change) / FULL) * STEPS) * (change < 0 ? -1 : 1);
    if (heat === tile.heat) return;
    tile.heat = heat;
    tile.element.dataset['heat'] = String(heat);
  }
}
