/**
 * The pill and the banner that tell how the link is.
 *
 * The pill follows at once. The banner has a grace period: a loss that is over in a moment is nobody's business,
 * and a banner that comes and goes is worse than none.
 */
import { duration, onLanguage, t } from '../i18n/index.ts';
import type { Net } from '../net.ts';
import { byId, setText } from '../ui/dom.ts';

/** A blip shorter than this is not worth a banner. */
const GRACE = 1_500;
/** How long the banner says that all is well again. */
const GOOD_NEWS = 2_200;

/** The state in words. */
export function stateText(net: Net): string {
  switch (net.state) {
    case 'open':
      return t(net.stats().suspect ? 'stateSuspect' : 'stateOpen');
    case 'connecting':
      return t(net.joining ? 'stateHello' : 'stateConnecting');
    case 'waiting':
      return t('stateWaiting');
    case 'closing':
      return t('stateClosing');
    case 'closed':
      return t('stateClosed');
    default:
      return t('stateIdle');
  }
}

/** How messages travel, as it is called in its protocol. */
export function carrierText(net: Net): string {
  return net.carrier === 'websocket' ? 'WebSocket' : (net.carrier ?? '');
}

export class Status {
  readonly #net: () => Net;
  readonly #banner = byId('banner');
  readonly #text = byId('banner-text');
  readonly #next = byId('banner-next');
  readonly #detail = byId('banner-detail');
  readonly #retry = byId<HTMLButtonElement>('banner-retry');
  #downSince: number | undefined = performance.now();
  #shown = false;
  #goodUntil = 0;
  #first = true;

  constructor(net: () => Net) {
    this.#net = net;
    this.#retry.addEventListener('click', () => this.#net().reconnect());
    onLanguage(() => this.refresh());
  }

  /** Another room begins: its first connection is no loss. */
  restart(): void {
    this.#first = true;
    this.#downSince = performance.now();
  }

  /** Brings pill and banner up to date; call it a few times a second and on every change. */
  refresh(): void {
    const net = this.#net();
    const now = performance.now();
    const pill = byId('pill');
    const tone = net.live ? (net.stats().suspect ? 'busy' : 'good') : net.state === 'closed' ? 'bad' : 'busy';
    pill.dataset['tone'] = tone;
    setText(byId('pill-text'), stateText(net));
    setText(byId('pill-carrier'), carrierText(net));
    pill.dataset['carrier'] = net.carrier ?? '';
    if (net.live) {
      if (this.#shown && !this.#first) this.#goodUntil = now + GOOD_NEWS;
      this.#downSince = undefined;
      this.#shown = false;
      this.#first = false;
    } else {
      this.#downSince ??= now;
      this.#shown ||= now - this.#downSince >= GRACE;
    }
    const good = net.live && now < this.#goodUntil;
    const visible = this.#shown || good;
    this.#banner.classList.toggle('on', visible);
    this.#banner.dataset['tone'] = good ? 'good' : 'bad';
    this.#banner.inert = !visible;
    document.body.classList.toggle('down', this.#shown);
    if (visible) this.#say(net, good);
  }

  #say(net: Net, good: boolean): void {
    const waiting = !good && net.state === 'waiting' && navigator.onLine;
    // Apart from the text, and hidden from screen readers: they would read out every second of it.
    const left = Math.ceil((net.stats().nextDialIn ?? 0) / 1_000) * 1_000;
    setText(this.#next, waiting ? t('bannerNext', { time: duration(left) }) : '');
    this.#retry.hidden = !waiting;
    setText(this.#detail, good || this.#first ? '' : t('bannerKept'));
    if (good) setText(this.#text, t('bannerBack'));
    else if (!navigator.onLine) setText(this.#text, t('bannerOffline'));
    else if (net.state === 'closed') setText(this.#text, t('bannerClosed'));
    else if (net.state === 'waiting') setText(this.#text, t('bannerWaiting'));
    else setText(this.#text, t(this.#first ? 'bannerConnecting' : 'bannerReconnecting'));
  }
}
