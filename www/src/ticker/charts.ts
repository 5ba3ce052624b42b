/** The price of the chosen symbol, and what each view costs per frame. */
import uPlot from 'uplot';

import { number, onLanguage } from '../i18n/index.ts';
import { onTheme } from '../map/theme.ts';
import { FRAME } from './meter.ts';

const SECONDS = 120;

interface Line {
  readonly colour: string;
  readonly fill?: string;
  readonly dash?: number[];
  readonly step?: boolean;
}

interface Shape {
  readonly lines: readonly Line[];
  readonly range: (min: number, max: number) => [number, number];
  readonly label: (value: number) => string;
}

/** A chart of the last two minutes, one value per line and point. */
class TimeChart {
  readonly #host: HTMLElement;
  readonly #shape: Shape;
  #times: number[] = [];
  #values: (number | null)[][];
  #plot: uPlot | undefined;

  constructor(host: HTMLElement, shape: Shape) {
    this.#host = host;
    this.#shape = shape;
    this.#values = shape.lines.map(() => []);
    const remake = () => {
      this.#plot?.destroy();
      this.#plot = undefined;
      this.draw();
    };
    onTheme(remake);
    onLanguage(remake);
    new ResizeObserver(() => this.draw()).observe(host);
  }

  /** Begins anew with values of the past, one a second. */
  begin(past: readonly number[]): void {
    const now = Date.now() / 1_000;
    this.#times = past.map((_, index) => now - past.length + index);
    this.#values = this.#shape.lines.map(() => [...past]);
    this.draw();
  }

  /** Adds one point. */
  add(values: readonly (number | null)[]): void {
    const now = Date.now() / 1_000;
    this.#times.push(now);
    for (const [index, list] of this.#values.entries()) list.push(values[index] ?? null);
    const surplus = this.#times.findIndex((time) => time > now - SECONDS);
    if (surplus > 0) for (const list of [this.#times, ...this.#values]) list.splice(0, surplus);
    this.draw();
  }

  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    // In a hidden tab there is no room to measure.
    if (width < 40 || height < 30) return;
    this.#plot ??= this.#make(width, height);
    if (this.#plot.width !== width || this.#plot.height !== height) this.#plot.setSize({ width, height });
    this.#plot.setData([this.#times, ...this.#values]);
    this.#host.dataset['points'] = String(this.#times.length);
  }

  #make(width: number, height: number): uPlot {
    const style = getComputedStyle(this.#host);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const { lines, range, label } = this.#shape;
    const stepped = uPlot.paths.stepped?.({ align: 1 });
    return new uPlot(
      {
        width,
        height,
        padding: [8, 6, 4, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [Date.now() / 1_000 - SECONDS, Date.now() / 1_000] },
          y: { range: (_, min, max) => range(min ?? 0, max ?? 1) },
        },
        axes: [
          { show: false },
          {
            size: 58,
            gap: 5,
            font: `10px ${style.fontFamily}`,
            stroke: colour('--chart-text'),
            grid: { stroke: colour('--chart-grid'), width: 1 },
            ticks: { show: false },
            space: 26,
            values: (_, values) => values.map((value) => label(value)),
          },
        ],
        series: [
          {},
          ...lines.map(({ colour: name, fill, dash, step }): uPlot.Series => ({
            stroke: colour(name),
            width: dash ? 1 : 1.6,
            points: { show: false },
            ...(fill ? { fill: colour(fill) } : {}),
            ...(dash ? { dash } : {}),
            ...(step && stepped ? { paths: stepped } : {}),
          })),
        ],
      },
      [this.#times, ...this.#values],
      this.#host,
    );
  }
}

/** Prices; the axis is as narrow as they are. */
export const priceChart = (host: HTMLElement): TimeChart =>
  new TimeChart(host, {
    lines: [{ colour: '--chart-price', fill: '--chart-price-fill', step: true }],
    range: (min, max) => {
      const room = Math.max((max - min) * 0.15, max * 0.0005, 1);
      return [min - room, max + room];
    },
    label: (value) => number(Math.round(value)),
  });

/** Milliseconds per frame of both views, with the time that a frame has. */
export const workChart = (host: HTMLElement): TimeChart =>
  new TimeChart(host, {
    lines: [{ colour: '--chart-raw' }, { colour: '--chart-conflated' }, { colour: '--chart-budget', dash: [4, 3] }],
    range: (_, max) => [0, Math.max(FRAME * 1.3, max * 1.1)],
    label: (value) => `${Math.round(value)} ms`,
  });
