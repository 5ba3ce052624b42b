/** One post on the page: built once, then only what has changed is touched. */
import { clock, duration, number, t } from '../i18n/index.ts';
import { avatar, h, icon, setText } from '../ui/dom.ts';
import type { Tick } from './outbox.ts';

/** A post as it is shown, whether the server has it or not. */
export interface Shown {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly text: string;
  readonly at: number;
  readonly mine: boolean;
  /** Undefined for others' posts. */
  readonly tick: Tick | undefined;
  readonly failure: string | undefined;
  readonly likes: number;
  readonly liked: boolean;
  readonly likable: boolean;
  readonly readers: readonly { user: string; name: string }[];
}

export interface PostActions {
  readonly like: (id: string) => void;
  readonly resend: (id: string) => void;
  readonly discard: (id: string) => void;
}

const ticks = {
  sending: 'clock',
  waiting: 'pause',
  unknown: 'question',
  sent: 'check',
  failed: 'alert',
} as const;

const texts = {
  sending: 'sending',
  waiting: 'waitingLink',
  unknown: 'unknown',
  sent: 'sent',
  failed: 'failed',
} as const;

/** How long ago, coarse enough not to tick every second. */
function ago(at: number, now: number): string {
  const age = now - at;
  if (age < 20_000) return t('justNow');
  if (age < 60_000) return duration(Math.floor(age / 20_000) * 20_000);
  return age < 3_600_000 ? duration(age) : clock(at);
}

export class PostView {
  readonly element: HTMLLIElement;
  readonly #face = h('span', { class: 'post-face' });
  readonly #name = h('strong', { class: 'post-name' });
  readonly #time = h('time', { class: 'post-time' });
  readonly #text = h('p', { class: 'post-text' });
  readonly #tick = h('span', { class: 'tick' });
  readonly #like: HTMLButtonElement;
  readonly #count = h('span', { class: 'like-count' });
  readonly #readers = h('span', { class: 'readers' });
  readonly #resend = h('button', { class: 'link', type: 'button' });
  readonly #discard = h('button', { class: 'link', type: 'button' });
  readonly #retry: HTMLElement;
  #shownTick: Tick | undefined;
  #shownReaders = '';
  #shownName = '';

  constructor(id: string, actions: PostActions) {
    this.#like = h('button', { class: 'like', type: 'button', onclick: () => this.#tap(id, actions) });
    this.#like.append(icon('heart'), this.#count);
    this.#resend.addEventListener('click', () => actions.resend(id));
    this.#discard.addEventListener('click', () => actions.discard(id));
    this.#retry = h(
      'span',
      { class: 'retry', hidden: true },
      this.#resend,
      this.#discard,
    );
    this.element = h(
      'li',
      { class: 'post', 'data-id': id },
      this.#face,
      h(
        'div',
        { class: 'post-body' },
        h('div', { class: 'post-head' }, this.#name, this.#time),
        this.#text,
        h('div', { class: 'post-foot' }, this.#like, this.#tick, this.#retry, this.#readers),
      ),
    );
  }

  update(post: Shown, now: number): void {
    const { element } = this;
    element.classList.toggle('mine', post.mine);
    element.dataset['tick'] = post.tick ?? '';
    element.dataset['likes'] = String(post.likes);
    if (post.name !== this.#shownName) {
      this.#shownName = post.name;
      this.#face.replaceChildren(avatar(post.user, post.name));
    }
    setText(this.#name, post.name);
    setText(this.#time, ago(post.at, now));
    this.#time.dateTime = new Date(post.at).toISOString();
    setText(this.#text, post.text);
    this.#like.hidden = !post.likable;
    this.#like.setAttribute('aria-label', t('like', { count: post.likes }));
    this.#like.classList.toggle('liked', post.liked);
    this.#like.classList.toggle('any', post.likes > 0);
    setText(this.#count, post.likes > 0 ? number(post.likes) : '');
    this.#showTick(post);
    this.#showReaders(post);
  }

  #tap(id: string, actions: PostActions): void {
    actions.like(id);
    this.#like.classList.remove('beat');
    // Reading the layout restarts the animation for each of several quick taps.
    void this.#like.offsetWidth;
    this.#like.classList.add('beat');
  }

  #showTick({ tick, failure }: Shown): void {
    this.#retry.hidden = tick !== 'failed';
    if (!this.#retry.hidden) {
      setText(this.#resend, t('resend'));
      setText(this.#discard, t('discard'));
    }
    const text = tick === 'failed' && failure ? t('failedRefused', { reason: failure }) : tick && t(texts[tick]);
    this.#tick.title = text ?? '';
    if (tick !== this.#shownTick) {
      this.#shownTick = tick;
      this.#tick.className = tick ? `tick tick-${tick}` : 'tick';
      this.#tick.replaceChildren(...(tick ? [icon(ticks[tick]), h('span', { class: 'tick-text' })] : []));
    }
    const label = this.#tick.querySelector('.tick-text');
    if (label && text) setText(label, text);
  }

  #showReaders({ readers }: Shown): void {
    const names = readers.map(({ name }) => name).join(', ');
    if (names === this.#shownReaders) return;
    this.#shownReaders = names;
    this.#readers.title = names ? t('readBy', { names }) : '';
    this.#readers.replaceChildren(
      ...readers.slice(0, 5).map(({ user, name }) => avatar(user, name, true)),
      ...(names ? [h('span', { class: 'visually-hidden' }, t('readBy', { names }))] : []),
    );
  }
}
