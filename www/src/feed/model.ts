/**
 * The feed as this tab knows it: each post once, in the room's order, and proof that none is missing.
 *
 * Every event has the next whole number. What lies up to `contiguous` is complete; numbers seen beyond it mean a
 * gap, which is asked for until it is closed. No DOM and no connection in here.
 */
import { Emitter } from '../emitter.ts';
import type { History, Liked, Post, ServerMessage } from '../wire.ts';

export interface ModelEvents {
  /** Posts or likes have changed. */
  change: void;
  /** Events after this number are missing: ask for them. */
  gap: number;
  /** Nothing is missing any more. */
  closed: void;
  /** What lies between the last visit and now could not be recovered. */
  lost: void;
}

/** A number that is ahead may still be on its way; only after this time it counts as a gap. */
const PATIENCE = 900;
const ASK_AGAIN = 2_500;
/** Posts kept in the page; older ones are forgotten from the far end. */
const MAX_POSTS = 400;

export class FeedModel extends Emitter<ModelEvents> {
  readonly #posts = new Map<string, Post>();
  readonly #ahead = new Set<number>();
  #epoch: string | null = null;
  #contiguous: number | null = null;
  #newest = 0;
  #behindSince: number | undefined;
  #askedAt: number | undefined;
  #counted = false;
  #duplicates = 0;
  #gaps = 0;

  /** Every post, newest first. */
  get posts(): Post[] {
    return [...this.#posts.values()].sort((a, b) => b.seq - a.seq);
  }

  has(id: string): boolean {
    return this.#posts.has(id);
  }

  /** Whether the first history has come. */
  get loaded(): boolean {
    return this.#contiguous !== null;
  }

  /** Last number up to which nothing is missing; 0 before the first history. */
  get contiguous(): number {
    return this.#contiguous ?? 0;
  }

  /** Whether the event with this number has been taken. */
  taken(seq: number): boolean {
    return seq <= this.contiguous || this.#ahead.has(seq);
  }

  /** Events that came again and were dropped. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Gaps that were found and closed. */
  get gaps(): number {
    return this.#gaps;
  }

  /** What to tell the server on the next hello. */
  resume(): { epoch: string | null; lastSeq: number | null } {
    return { epoch: this.#epoch, lastSeq: this.#contiguous };
  }

  /** The server had a message of ours already. */
  countDuplicate(): void {
    this.#duplicates += 1;
    this.emit('change', undefined);
  }

  apply(message: ServerMessage, now: number): void {
    switch (message.type) {
      case 'welcome':
        if (message.epoch !== this.#epoch && this.#epoch !== null) this.#restart();
        this.#epoch = message.epoch;
        this.seen(message.seq, now);
        return;
      case 'history':
        this.#history(message);
        return;
      case 'posted':
        this.#event(message, now, () => this.#posts.set(message.id, message));
        return;
      case 'liked':
        this.#event(message, now, () => this.#like(message));
        return;
      default:
        return;
    }
  }

  /** The server has events up to this number. */
  seen(seq: number, now: number): void {
    this.#newest = Math.max(this.#newest, seq);
    if (this.#newest > this.contiguous || !this.loaded) this.#behindSince ??= now;
  }

  /** Asks for what is missing when it is due; call it about once a second while the link is live. */
  check(now: number): void {
    if (this.#behindSince === undefined || now - this.#behindSince < PATIENCE) return;
    if (this.#askedAt !== undefined && now - this.#askedAt < ASK_AGAIN) return;
    this.#askedAt = now;
    // Without any history yet this is a slow or lost first answer, not a gap.
    if (this.loaded) this.#counted = true;
    this.emit('gap', this.contiguous);
  }

  /** The link is gone: numbers promised by it are promised again by the next. */
  pause(): void {
    this.#behindSince = undefined;
    this.#askedAt = undefined;
  }

  #restart(): void {
    this.#ahead.clear();
    this.#contiguous = null;
    this.#newest = 0;
  }

  #event(event: { seq: number }, now: number, take: () => void): void {
    if (this.loaded && this.taken(event.seq)) {
      this.#duplicates += 1;
    } else {
      take();
      this.#ahead.add(event.seq);
      this.seen(event.seq, now);
      this.#absorb();
    }
    this.emit('change', undefined);
  }

  #like({ post, likes }: Liked): void {
    const known = this.#posts.get(post);
    if (known) this.#posts.set(post, { ...known, likes: Math.max(known.likes, likes) });
  }

  #history(history: History): void {
    if (history.snapshot) {
      this.#posts.clear();
      this.#ahead.clear();
      if (!history.recovered) this.emit('lost', undefined);
    }
    for (const post of history.posts) {
      if (this.#posts.has(post.id)) this.#duplicates += 1;
      this.#posts.set(post.id, post);
    }
    for (const liked of history.likes) this.#like(liked);
    this.#contiguous = Math.max(history.seq, history.snapshot ? 0 : this.contiguous);
    this.#newest = Math.max(this.#newest, history.seq);
    this.#absorb();
    this.#trim();
    this.emit('change', undefined);
  }

  /** Moves the complete part over what has been seen ahead of it. */
  #absorb(): void {
    if (this.#contiguous === null) return;
    while (this.#ahead.delete(this.#contiguous + 1)) this.#contiguous += 1;
    for (const seq of this.#ahead) if (seq <= this.#contiguous) this.#ahead.delete(seq);
    if (this.#newest > this.#contiguous) return;
    this.#behindSince = undefined;
    this.#askedAt = undefined;
    if (!this.#counted) return;
    this.#counted = false;
    this.#gaps += 1;
    this.emit('closed', undefined);
  }

  #trim(): void {
    const surplus = this.#posts.size - MAX_POSTS;
    if (surplus <= 0) return;
    for (const { id } of this.posts.slice(-surplus)) this.#posts.delete(id);
  }
}
