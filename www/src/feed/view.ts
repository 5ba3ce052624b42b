/** The feed on the page: posts newest first, the people above them, and who is typing. */
import { number, onLanguage, t } from '../i18n/index.ts';
import { identity } from '../session.ts';
import { avatar, byId, h, setText } from '../ui/dom.ts';
import type { PendingLikes } from './likes.ts';
import type { FeedModel } from './model.ts';
import type { Outbox } from './outbox.ts';
import type { People } from './people.ts';
import { type PostActions, PostView, type Shown } from './post-view.ts';

/** What a room's feed is made of. */
export interface FeedParts {
  readonly model: FeedModel;
  readonly people: People;
  readonly outbox: Outbox;
  readonly likes: PendingLikes;
  readonly serverNow: () => number;
}

const MAX_FACES = 6;

export class FeedView {
  readonly #list = byId<HTMLOListElement>('posts');
  readonly #empty = byId('feed-empty');
  readonly #loading = byId('feed-loading');
  readonly #fresh = byId<HTMLButtonElement>('feed-fresh');
  readonly #scroller = byId('feed-scroll');
  readonly #actions: PostActions;
  #parts: FeedParts | undefined;
  #views = new Map<string, PostView>();
  #liked = new Set<string>();
  #top = '';
  #frame = 0;

  constructor(actions: PostActions) {
    this.#actions = {
      ...actions,
      like: (id) => {
        this.#liked.add(id);
        actions.like(id);
      },
    };
    this.#fresh.addEventListener('click', () => this.#scroller.scrollTo({ top: 0, behavior: 'smooth' }));
    this.#scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    onLanguage(() => this.refresh());
  }

  /** Shows another room. */
  show(parts: FeedParts): void {
    this.#parts = parts;
    this.#views.clear();
    this.#list.replaceChildren();
    this.#scroller.scrollTop = 0;
    this.#top = '';
    this.refresh();
  }

  /** Brings the page up to date before the next frame, however often it is called. */
  refresh(): void {
    // A hidden page has no frames, but its texts should be right when it is shown again.
    if (document.hidden) this.#render();
    else this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  #render(): void {
    this.#frame = 0;
    const parts = this.#parts;
    if (!parts) return;
    const shown = this.#shown(parts);
    const now = parts.serverNow();
    const kept = new Set(shown.map(({ id }) => id));
    for (const [id, view] of this.#views) {
      if (kept.has(id)) continue;
      view.element.remove();
      this.#views.delete(id);
    }
    shown.forEach((post, index) => {
      let view = this.#views.get(post.id);
      if (!view) {
        view = new PostView(post.id, this.#actions);
        this.#views.set(post.id, view);
      }
      view.update(post, now);
      const there = this.#list.children[index];
      if (there !== view.element) this.#list.insertBefore(view.element, there ?? null);
    });
    this.#empty.hidden = shown.length > 0 || !parts.model.loaded;
    this.#loading.hidden = shown.length > 0 || parts.model.loaded;
    this.#noticeFresh(shown[0]);
    this.#showPeople(parts.people);
    setText(byId('feed-duplicates'), number(parts.model.duplicates));
    setText(byId('feed-gaps'), number(parts.model.gaps));
  }

  /** What waits stands above what the server has. */
  #shown({ model, outbox, likes, people }: FeedParts): Shown[] {
    outbox.settle((id) => model.has(id));
    likes.settle((seq) => model.taken(seq));
    const posts = model.posts;
    const readers = people.readers(posts.map(({ seq }) => seq));
    const drafts = outbox.drafts.map(
      ({ draft, tick, failure }): Shown => ({
        id: draft.id,
        user: identity.user,
        name: identity.name,
        text: draft.text,
        at: draft.at,
        mine: true,
        tick,
        failure,
        likes: 0,
        liked: false,
        likable: false,
        readers: [],
      }),
    );
    return [
      ...drafts,
      ...posts.map((post): Shown => ({
        ...post,
        mine: post.user === identity.user,
        tick: post.user === identity.user ? 'sent' : undefined,
        failure: undefined,
        likes: post.likes + likes.extra(post.id),
        liked: this.#liked.has(post.id),
        likable: true,
        readers: (readers.get(post.seq) ?? [])
          .filter((user) => user !== post.user)
          .map((user) => ({ user, name: people.name(user) })),
      })),
    ];
  }

  #noticeFresh(newest: Shown | undefined): void {
    if (!newest || newest.id === this.#top) return;
    const away = this.#scroller.scrollTop > 80;
    if (this.#top !== '' && away && !newest.mine) this.#fresh.hidden = false;
    if (newest.mine && away && this.#top !== '') this.#scroller.scrollTop = 0;
    this.#top = newest.id;
  }

  #scrolled(): void {
    if (this.#scroller.scrollTop < 40) this.#fresh.hidden = true;
  }

  #showPeople(people: People): void {
    const present = people.present;
    const names = present.map(({ user, name }) => (user === identity.user ? `${name} (${t('you')})` : name));
    const faces = byId('people-faces');
    const key = names.join('|');
    if (faces.dataset['key'] !== key) {
      faces.dataset['key'] = key;
      faces.replaceChildren(
        ...present.slice(0, MAX_FACES).map(({ user, name }) => avatar(user, name)),
        ...(present.length > MAX_FACES ? [h('span', { class: 'avatar more' }, `+${present.length - MAX_FACES}`)] : []),
      );
      faces.title = names.join(', ');
    }
    const count = byId('people-count');
    count.dataset['count'] = String(present.length);
    setText(count, t('present', { count: number(present.length) }));
    setText(byId('people-names'), t('presentNames', { names: names.join(', ') }));
    const [name = '', other = ''] = people.typing;
    const line = byId('typing');
    line.classList.toggle('on', people.typing.length > 0);
    if (people.typing.length === 0) setText(line, '');
    else if (people.typing.length === 1) setText(line, t('typingOne', { name }));
    else if (people.typing.length === 2) setText(line, t('typingTwo', { name, other }));
    else setText(line, t('typingMany', { count: people.typing.length }));
  }
}
