/** The controls that hurt the link for real, and what is in force. */
import { duration, onLanguage, t } from '../i18n/index.ts';
import { byId, h, setText } from '../ui/dom.ts';
import { type ChaosState, type Faults, type Settings, type Target, applyChaos, felt, readChaos } from './api.ts';

export interface ChaosOptions {
  /** Told what was done, in words. */
  readonly log: (what: string) => void;
}

interface Choice {
  readonly id: string;
  readonly values: readonly number[];
  /** On the button, beside the row's unit. */
  readonly short: (value: number) => string;
  /** For the log and for screen readers. */
  readonly text: (value: number) => string;
  readonly faults: (value: number) => Faults;
  readonly current: (settings: Settings) => number;
}

/** Others may change the faults too, and a killed server comes back by itself. */
const POLL = 2_000;

const choices: readonly Choice[] = [
  {
    id: 'latency',
    values: [0, 200, 800, 2_000],
    short: (value) => (value === 0 ? t('latencyNone') : String(value)),
    text: (value) => (value === 0 ? t('latencyNone') : duration(value)),
    faults: (latencyMs) => ({ latencyMs, jitterMs: Math.round(latencyMs / 4) }),
    current: ({ latencyMs }) => latencyMs,
  },
  {
    id: 'bandwidth',
    values: [0, 64_000, 16_000, 4_000],
    short: (value) => (value === 0 ? t('bandwidthFull') : String(value / 1_000)),
    text: (value) => (value === 0 ? t('bandwidthNone') : `${value / 1_000} kB/s`),
    faults: (value) => ({ downBytesPerS: value, upBytesPerS: value }),
    current: ({ downBytesPerS }) => downBytesPerS,
  },
  {
    id: 'drops',
    values: [0, 10, 4, 2],
    short: (count) => (count === 0 ? t('dropsNone') : `1/${count}`),
    text: (count) => (count === 0 ? t('dropsNone') : t('dropsOne', { count })),
    faults: (value) => ({ dropInbound: value, dropOutbound: value }),
    current: ({ dropInbound }) => dropInbound,
  },
  {
    id: 'upgrades',
    values: [0, 1],
    short: (value) => t(value === 0 ? 'upgradesPass' : 'upgradesBlocked'),
    text: (value) => t(value === 0 ? 'upgradesPass' : 'upgradesBlocked'),
    // With a reset, so that a socket from before does not hide what the block does.
    faults: (value) => (value === 0 ? { webSocketBlocked: false } : { webSocketBlocked: true, reset: true }),
    current: ({ webSocketBlocked }) => Number(webSocketBlocked),
  },
];

/** Wires up the bar. */
export function chaosBar({ log }: ChaosOptions): void {
  const problem = byId('chaos-problem');
  const notice = byId('chaos-state');
  let target: Target = 'me';
  let state: ChaosState | undefined;
  let downUntil = 0;

  const take = (next: ChaosState) => {
    state = next;
    downUntil = next.down && next.downForMs !== null ? Date.now() + next.downForMs : 0;
    show();
  };

  const apply = async (faults: Faults, what: string, whom: Target = target) => {
    log(what);
    try {
      take(await applyChaos(faults, whom));
      setText(problem, '');
    } catch (error) {
      setText(problem, t('chaosFailed', { reason: error instanceof Error ? error.message : String(error) }));
    }
  };

  const segments = choices.map((choice) => {
    const group = byId(`chaos-${choice.id}`);
    const buttons = choice.values.map((value) => {
      const button = h('button', { type: 'button', class: 'segment', 'data-value': value, 'aria-pressed': 'false' });
      button.addEventListener('click', () => {
        const name = group.getAttribute('aria-label') ?? '';
        void apply(choice.faults(value), `${name} ${choice.text(value)}`);
      });
      return { value, button };
    });
    group.append(...buttons.map(({ button }) => button));
    return { choice, buttons };
  });

  const targets = [...byId('chaos-target').querySelectorAll<HTMLButtonElement>('button')];
  for (const button of targets) {
    button.addEventListener('click', () => {
      target = button.dataset['value'] as Target;
      show();
    });
  }

  byId('chaos-half-open').addEventListener('click', () => void apply({ halfOpen: { seconds: 10 } }, t('halfOpen')));
  byId('chaos-reset').addEventListener('click', () => void apply({ reset: true }, t('reset')));
  byId('chaos-kill').addEventListener('click', () => void apply({ kill: { seconds: 3 } }, t('kill'), 'all'));
  byId('chaos-clear').addEventListener('click', async () => {
    await apply({ clear: true }, t('clear'), 'all');
    await applyChaos({ clear: true }, 'me').then(take, () => undefined);
  });

  const show = () => {
    for (const button of targets) button.setAttribute('aria-pressed', String(button.dataset['value'] === target));
    const now = state && felt(state);
    const shown = target === 'all' ? state?.settings : now;
    for (const { choice, buttons } of segments) {
      for (const { value, button } of buttons) {
        setText(button, choice.short(value));
        button.setAttribute('aria-label', choice.text(value));
        button.setAttribute('aria-pressed', String(shown !== undefined && choice.current(shown) === value));
      }
    }
    const hurt = !!now && (now.halfOpen || choices.some((choice) => choice.current(now) > 0));
    const down = state?.down ?? false;
    byId('chaos').classList.toggle('active', hurt || down);
    document.body.classList.toggle('hurt', hurt || down);
    const left = Math.ceil((downUntil - Date.now()) / 1_000) * 1_000;
    if (down) setText(notice, left > 0 ? t('chaosDownFor', { time: duration(left) }) : t('chaosDown'));
    else if (now?.halfOpen) setText(notice, t('chaosHalfOpen'));
    else setText(notice, hurt ? t('chaosActive') : t('chaosNote'));
  };

  const poll = async () => {
    if (document.hidden) return;
    // The server may be gone altogether; the bar then keeps what it knew.
    await readChaos().then(take, () => undefined);
  };

  onLanguage(show);
  setInterval(() => void poll(), POLL);
  show();
  void poll();
}
