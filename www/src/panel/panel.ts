/** The numbers of the link, renewed four times a second. */
import { bytes, duration, number, t } from '../i18n/index.ts';
import type { Net } from '../net.ts';
import { byId, setText } from '../ui/dom.ts';
import { carrierText, stateText } from '../ui/status.ts';
import { Chart } from './chart.ts';

export interface PanelSources {
  readonly net: Net;
  /** Age of positions in ms that 95 % do not exceed. */
  readonly ageP95: () => number | undefined;
  readonly duplicates: () => number;
  readonly gaps: () => number;
}

/** Ages from which a number is shown as doubtful and as bad. */
const [DOUBTFUL, BAD] = [2_500, 8_000];
/** The chart takes every second reading. */
const CHART_EVERY = 2;

export class Panel {
  readonly #chart = new Chart();
  #round = 0;

  /** Shows the present numbers. The raw ones are in `data-value`. */
  show({ net, ageP95, duplicates, gaps }: PanelSources): void {
    const stats = net.stats();
    const age = ageP95();
    const { rtt } = net.clock;
    const next = stats.nextDialIn;
    this.#set('state', net.state, stateText(net));
    this.#set('carrier', net.carrier, carrierText(net) || t('none'));
    this.#set('attempt', stats.attempt, number(stats.attempt));
    this.#set('next', next, next === undefined ? t('none') : duration(next));
    this.#set('rtt', rtt, rtt === undefined ? t('none') : duration(rtt));
    this.#set('age', age, age === undefined ? t('none') : duration(age));
    this.#set('queued', stats.queued, number(stats.queued));
    this.#set('superseded', stats.superseded, number(stats.superseded));
    this.#set('resent', stats.resent, number(stats.resent));
    this.#set('in', stats.bytesReceived, bytes(stats.bytesReceived));
    this.#set('out', stats.bytesSent, bytes(stats.bytesSent));
    this.#set('reconnects', stats.reconnects, number(stats.reconnects));
    this.#set('duplicates', duplicates(), number(duplicates()));
    this.#set('gaps', gaps(), number(gaps()));
    const tone = age === undefined || age < DOUBTFUL ? '' : age < BAD ? 'doubtful' : 'bad';
    byId('stat-age').dataset['tone'] = tone;
    byId('stat-state').dataset['tone'] = net.live ? 'good' : net.joining ? 'doubtful' : 'bad';
    this.#round += 1;
    if (this.#round % CHART_EVERY === 0) this.#chart.add(age, rtt);
  }

  #set(name: string, value: number | string | undefined, text: string): void {
    const element = byId(`stat-${name}`);
    element.dataset['value'] = value === undefined ? '' : String(typeof value === 'number' ? Math.round(value) : value);
    setText(element, text);
  }
}
