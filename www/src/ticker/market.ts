/** Companies and prices as the server tells them. */

export interface Company {
  readonly code: string;
  readonly en: string;
  readonly ko: string;
  readonly open: number;
  readonly price: number;
}

/** Answer of `/ticker.json`. */
export interface TickerConfig {
  readonly brokers: readonly string[];
  readonly login: string;
  readonly passcode: string;
  readonly embedded: boolean;
  readonly ticksPerS: number;
  readonly ticks: string;
  readonly fills: string;
  readonly orders: string;
  readonly snapshot: string;
  readonly symbols: readonly Company[];
}

/** One new price. */
export interface Tick {
  /** Number of the symbol. */
  readonly symbol: number;
  readonly price: number;
  /** Time since it was published, ms. */
  readonly age: number;
}

/** A price as it is on the wire. */
export interface WireTick {
  readonly s: string;
  readonly p: number;
  /** Number of the tick, without holes. */
  readonly n: number;
  /** When it was published, ms since the Unix epoch. */
  readonly t: number;
}

export async function readConfig(): Promise<TickerConfig> {
  const response = await fetch('./ticker.json', { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`ticker.json: ${response.status}`);
  return (await response.json()) as TickerConfig;
}

/** Prices of the last two minutes, one a second, the oldest first. */
export async function readHistory(code: string): Promise<number[]> {
  const response = await fetch(`./ticker/history?symbol=${encodeURIComponent(code)}`, { signal: AbortSignal.timeout(5_000) });
  return response.ok ? ((await response.json()) as number[]) : [];
}

/** The newest price of every symbol, and whether the stream of ticks has holes. */
export class Market {
  readonly companies: readonly Company[];
  readonly prices: number[];
  /** Ticks that never came. */
  missed = 0;
  readonly #numbers = new Map<string, number>();
  #last: number | undefined;
  #run: string | undefined;

  constructor(companies: readonly Company[]) {
    this.companies = companies;
    this.prices = companies.map(({ price }) => price);
    for (const [number, { code }] of companies.entries()) this.#numbers.set(code, number);
  }

  /** Takes a tick; `undefined` for a symbol that is not ours. `hole` tells of ticks missing before it. */
  take({ s, p, n, t }: WireTick): { tick: Tick; hole: boolean } | undefined {
    const symbol = this.#numbers.get(s);
    if (symbol === undefined) return undefined;
    const hole = this.#last !== undefined && n > this.#last + 1;
    if (hole) this.missed += n - (this.#last ?? n) - 1;
    // Numbers that begin anew are those of a market that was restarted.
    this.#last = n;
    this.prices[symbol] = p;
    return { tick: { symbol, price: p, age: Math.max(0, Date.now() - t) }, hole };
  }

  /** Takes a snapshot, and says which symbols it moves. */
  snapshot({ run, n, prices }: { run: string; n: number; prices: readonly number[] }): Tick[] {
    if (run !== this.#run) this.#last = n;
    this.#run = run;
    const moved: Tick[] = [];
    for (const [symbol, price] of prices.entries()) {
      if (this.prices[symbol] === price) continue;
      this.prices[symbol] = price;
      moved.push({ symbol, price, age: 0 });
    }
    return moved;
  }

  number(code: string): number | undefined {
    return this.#numbers.get(code);
  }

  /** Change since the opening, as a part of it. */
  change(symbol: number, price = this.prices[symbol] ?? 0): number {
    const open = this.companies[symbol]?.open ?? 0;
    return open > 0 ? price / open - 1 : 0;
  }
}
