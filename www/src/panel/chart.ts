/** One minute of position age and round trip as a small chart. */
import uPlot from 'uplot';

import { duration, onLanguage, t } from '../i18n/index.ts';
import { onTheme } from '../map/theme.ts';
import { byId } from '../ui/dom.ts';

const SECONDS = 60;
/** The axis never shows less than this, or the noise of a good link would look like trouble. */
const LEAST_MAX = 1_000;

export class Chart {
  readonly #host = byId('chart');
  #times: number[] = [];
  #ages: (number | null)[] = [];
  #rtts: (number | null)[] = [];
  #plot: uPlot | undefined;

  constructor() {
    const remake = () => {
      this.#plot?.destroy();
      this.#plot = undefined;
      this.#draw();
    };
    onTheme(remake);
    onLanguage(remake);
    new ResizeObserver(() => this.#draw()).observe(this.#host);
  }

  /** Adds one sample, ms; undefined where nothing is known. */
  add(age: number | undefined, rtt: number | undefined): void {
    this.#times.push(Date.now() / 1_000);
    this.#ages.push(age ?? null);
    this.#rtts.push(rtt ?? null);
    const surplus = this.#times.findIndex((time) => time > Date.now() / 1_000 - SECONDS);
    if (surplus > 0) for (const list of [this.#times, this.#ages, this.#rtts]) list.splice(0, surplus);
    this.#draw();
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    // In a hidden tab there is no room to measure.
    if (width < 40 || height < 30) return;
    this.#plot ??= this.#make(width, height);
    if (this.#plot.width !== width || this.#plot.height !== height) this.#plot.setSize({ width, height });
    this.#plot.setData([this.#times, this.#ages, this.#rtts]);
  }

  #make(width: number, height: number): uPlot {
    const style = getComputedStyle(this.#host);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const font = `10px ${style.fontFamily}`;
    const line = (label: string, stroke: string, fill?: string): uPlot.Series => ({
      label,
      stroke,
      width: 1.6,
      points: { show: false },
      ...(fill ? { fill } : {}),
    });
    return new uPlot(
      {
        width,
        height,
        padding: [8, 4, 8, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [Date.now() / 1_000 - SECONDS, Date.now() / 1_000] },
          y: { range: (_, __, max) => [0, Math.max(LEAST_MAX, (max ?? 0) * 1.15)] },
        },
        axes: [
          { show: false },
          {
            size: 40,
            font,
            gap: 4,
            stroke: colour('--chart-text'),
            grid: { stroke: colour('--chart-grid'), width: 1 },
            ticks: { show: false },
            space: 30,
            values: (_, values) => values.map((value) => duration(value)),
          },
        ],
        series: [
          {},
          line(t('age95'), colour('--chart-age'), colour('--chart-age-fill')),
          line(t('rtt'), colour('--chart-rtt')),
        ],
      },
      [this.#times, this.#ages, this.#rtts],
      this.#host,
    );
  }
}
