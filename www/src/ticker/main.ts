/** The stock ticker: one stream of prices drawn in two ways, and orders that count once. */
import 'uplot/dist/uPlot.min.css';
import '../styles/base.css';
import '../styles/shell.css';
import '../styles/controls.css';
import '../styles/ticker.css';
import { applyChaos } from '../chaos/api.ts';
import { type Language, applyTexts, duration, language, number, onLanguage, setLanguage } from '../i18n/index.ts';
import { byId, setText } from '../ui/dom.ts';
import { Board } from './board.ts';
import { priceChart, workChart } from './charts.ts';
import { Link, type LinkState } from './link.ts';
import { Market, type WireTick, readConfig, readHistory } from './market.ts';
import { FRAME, Meter, type Reading } from './meter.ts';
import { OrdersView, orderForm, won } from './orders-view.ts';
import { type Fill, type Order, Orders } from './orders.ts';
import { tt } from './texts.ts';
import { ConflatedView, RawView, type View } from './views.ts';

/** How often numbers and charts are renewed, ms. */
const REFRESH = 1_000;
/** How long a snapshot may take before it is asked for again, ms. */
const SNAPSHOT_WITHIN = 3_000;
/** Orders of the button that sends several. */
const BURST = 10;

type Answer =
  | { readonly prices: number[]; readonly run: string; readonly n: number; readonly fills: Fill[] }
  | { readonly status: 'filled' | 'refused' | 'retry'; readonly fill?: Fill; readonly id?: string; readonly reason?: string };

applyTexts();
for (const button of byId('language').querySelectorAll<HTMLButtonElement>('button')) {
  button.addEventListener('click', () => setLanguage(button.dataset['language'] as Language));
}

void start();

async function start(): Promise<void> {
  const pill = byId('pill');
  let state: LinkState = 'connecting';
  let ticks = 0;
  let quiet = false;
  const showState = () => {
    const live = state === 'connected';
    pill.dataset['tone'] = live && !quiet ? 'good' : 'busy';
    pill.dataset['state'] = state;
    setText(byId('pill-text'), tt(live && quiet ? 'noMarket' : state));
  };
  showState();

  const config = await again(readConfig);
  const market = new Market(config.symbols);
  let chosen = market.number('HNLE') ?? 0;
  const boards = ['raw', 'conflated'].map((name) => new Board(byId(`${name}-board`), market, (symbol) => choose(symbol)));
  const [rawBoard, conflatedBoard] = boards as [Board, Board];
  const raw = new RawView(rawBoard);
  const views: readonly [View, View] = [raw, new ConflatedView(conflatedBoard)];
  const meter = new Meter(views);
  const prices = priceChart(byId('price-chart'));
  const works = workChart(byId('work-chart'));
  const list = new OrdersView();
  let ages: number[] = [];
  let snapshotAsked: number | undefined;

  const orders: Orders = new Orders(
    (order: Order, accepted) => link.sendOrder(JSON.stringify(order), `${order.id}/${receipts++}`, accepted),
    () => list.show(orders.list()),
  );
  let receipts = 0;

  const askSnapshot = () => {
    snapshotAsked = performance.now();
    link.askSnapshot();
  };

  const link = new Link(config, {
    state: (next, broker) => {
      if (state === 'connected' && next !== 'connected') orders.lost();
      state = next;
      pill.title = broker;
      showState();
    },
    refused: (reason) => setText(byId('order-problem'), tt('brokerRefused', { reason })),
    connected: () => {
      askSnapshot();
      orders.connected();
    },
    tick: (body) => {
      const taken = market.take(JSON.parse(body) as WireTick);
      if (!taken) return;
      ticks++;
      ages.push(taken.tick.age);
      if (taken.hole) askSnapshot();
      for (const view of views) view.tick(taken.tick);
    },
    fill: (body) => orders.fill(JSON.parse(body) as Fill),
    reply: (body) => {
      const answer = JSON.parse(body) as Answer;
      if (!('prices' in answer)) {
        orders.answer(answer);
        return;
      }
      snapshotAsked = undefined;
      for (const tick of market.snapshot(answer)) for (const view of views) view.tick(tick);
      for (const fill of answer.fills) orders.fill(fill);
    },
  });

  const choose = (symbol: number) => {
    chosen = symbol;
    for (const board of boards) board.choose(symbol);
    const code = market.companies[symbol]?.code ?? '';
    byId<HTMLSelectElement>('order-symbol').value = code;
    showQuote();
    void readHistory(code).then(
      (past) => {
        if (chosen === symbol) prices.begin(past);
      },
      // The chart then fills from now on.
      () => prices.begin([]),
    );
  };

  const showQuote = () => {
    const company = market.companies[chosen];
    if (!company) return;
    const change = market.change(chosen);
    setText(byId('quote-name'), `${company.code} · ${company[language()]}`);
    setText(byId('quote-price'), won(market.prices[chosen] ?? company.price));
    const element = byId('quote-change');
    setText(element, `${change < 0 ? '−' : '+'}${Math.abs(change * 100).toFixed(2)} %`);
    element.dataset['direction'] = change < 0 ? 'down' : 'up';
  };

  const showMode = (mode: string) => {
    document.body.dataset['mode'] = mode;
    views[0].on = mode !== 'conflated';
    views[1].on = mode !== 'raw';
    for (const button of modes) button.setAttribute('aria-pressed', String(button.dataset['value'] === mode));
    // Prices that a board did not draw while it was off.
    const all = market.prices.map((price, symbol) => ({ symbol, price, age: 0 }));
    for (const board of boards) board.show(all);
  };
  const modes = [...byId('mode').querySelectorAll<HTMLButtonElement>('button')];
  for (const button of modes) button.addEventListener('click', () => showMode(button.dataset['value'] ?? 'both'));

  const frame = (now: number) => {
    meter.frame(now);
    for (const view of views) view.frame();
    requestAnimationFrame(frame);
  };

  const refresh = () => {
    const { frames, views: readings, seconds } = meter.read();
    const rate = Math.round(ticks / seconds);
    for (const [index, name] of ['raw', 'conflated'].entries()) {
      const reading = readings[index];
      if (reading) showReading(name, reading, views[index]?.on ?? false);
    }
    quiet = ticks === 0;
    showState();
    setText(byId('stat-ticks'), number(rate));
    byId('stat-ticks').dataset['value'] = String(rate);
    setText(byId('stat-frames'), number(Math.round(frames)));
    ages.sort((a, b) => a - b);
    const age = ages[Math.floor(ages.length * 0.95)];
    setText(byId('stat-age'), age === undefined ? '–' : duration(age));
    setText(byId('raw-hint'), raw.leftOut > 0 ? tt('leftOut', { count: number(raw.leftOut) }) : tt('rawHint'));
    setText(byId('stat-gaps'), number(market.missed));
    prices.add([market.prices[chosen] ?? null]);
    works.add([views[0].on ? (readings[0]?.work ?? null) : null, views[1].on ? (readings[1]?.work ?? null) : null, FRAME]);
    showQuote();
    ticks = 0;
    ages = [];
    orders.check();
    if (snapshotAsked !== undefined && performance.now() - snapshotAsked > SNAPSHOT_WITHIN) askSnapshot();
  };

  orderForm(market.companies, (order) => orders.place(order));
  byId<HTMLSelectElement>('order-symbol').addEventListener('change', (event) => {
    choose(market.number((event.target as HTMLSelectElement).value) ?? 0);
  });
  byId('fault-burst').addEventListener('click', () => {
    for (let count = 1; count <= BURST; count++) {
      const { code } = market.companies[(chosen + count * 7) % market.companies.length]!;
      orders.place({ symbol: code, side: count % 2 ? 'buy' : 'sell', quantity: count * 10 });
    }
  });
  byId('faults').hidden = false;
  for (const id of ['fault-reset', 'fault-kill']) byId(id).hidden = !config.embedded;
  const hit = (faults: Parameters<typeof applyChaos>[0], target: 'me' | 'all') =>
    applyChaos(faults, target).then(
      () => setText(byId('order-problem'), ''),
      (error: unknown) => setText(byId('order-problem'), tt('faultFailed', { reason: String(error) })),
    );
  byId('fault-reset').addEventListener('click', () => void hit({ reset: true }, 'me'));
  byId('fault-kill').addEventListener('click', () => void hit({ kill: { seconds: 3 } }, 'all'));

  const showLanguage = () => {
    for (const button of byId('language').querySelectorAll<HTMLButtonElement>('button')) {
      button.setAttribute('aria-pressed', String(button.dataset['language'] === language()));
    }
    for (const option of byId<HTMLSelectElement>('order-symbol').options) {
      const company = market.companies[market.number(option.value) ?? -1];
      if (company) option.textContent = `${company.code} · ${company[language()]}`;
    }
    showState();
    showQuote();
    list.show(orders.list());
  };
  onLanguage(showLanguage);
  showLanguage();
  showMode('both');
  choose(chosen);
  setInterval(refresh, REFRESH);
  requestAnimationFrame(frame);
}

function showReading(name: string, { dropped, dropping, work, drawn }: Reading, on: boolean): void {
  const main = byId(`${name}-dropped`);
  setText(main, number(dropped));
  main.dataset['value'] = String(dropped);
  setText(byId(`${name}-dropping`), on ? number(dropping) : '–');
  byId(`${name}-dropping`).dataset['tone'] = dropping > 1 ? 'bad' : 'good';
  setText(byId(`${name}-work`), on ? work.toFixed(1) : '–');
  byId(`${name}-work`).dataset['value'] = String(work);
  setText(byId(`${name}-drawn`), on ? number(drawn) : '–');
  byId(`${name}-drawn`).dataset['value'] = String(drawn);
}

/** Repeats a request until it is answered: the server may just be away. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, REFRESH));
    }
  }
}
