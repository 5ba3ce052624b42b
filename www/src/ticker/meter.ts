/** Frames that were dropped, and on whose account. */
import type { View } from './views.ts';

/** One frame at 60 Hz, ms. A display that is faster has more time to lose before a frame counts here. */
export const FRAME = 1_000 / 60;
/** Frames further apart than this are those of a hidden tab or a sleeping machine. */
const PAUSE = 3_000;

export interface Reading {
  /** Frames dropped since the page was opened. */
  readonly dropped: number;
  /** Of them in the last second. */
  readonly dropping: number;
  /** Mean work per frame, ms. */
  readonly work: number;
  /** Tiles written in the last second. */
  readonly drawn: number;
}

class Account {
  dropped = 0;
  #dropping = 0;
  #work = 0;
  #drawn = 0;

  add(work: number, drawn: number, dropped: number): void {
    this.dropped += dropped;
    this.#dropping += dropped;
    this.#work += work;
    this.#drawn += drawn;
  }

  read(frames: number, seconds: number): Reading {
    const reading = {
      dropped: this.dropped,
      dropping: Math.round(this.#dropping / seconds),
      work: frames > 0 ? this.#work / frames : 0,
      drawn: Math.round(this.#drawn / seconds),
    };
    this.#dropping = 0;
    this.#work = 0;
    this.#drawn = 0;
    return reading;
  }
}

/**
 * Watches the page's frames. A frame that comes late has others in front of it that were dropped. A view is charged with as
 * many of them as would have fitted into the time that it took alone: what fits into one frame costs none.
 */
export class Meter {
  readonly #views: readonly View[];
  readonly #accounts: readonly Account[];
  #last: number | undefined;
  #frames = 0;
  #since = performance.now();

  constructor(views: readonly View[]) {
    this.#views = views;
    this.#accounts = views.map(() => new Account());
    document.addEventListener('visibilitychange', () => {
      this.#last = undefined;
    });
  }

  /** To be called once per frame, before the views draw. */
  frame(now: number): void {
    const interval = this.#last === undefined ? 0 : now - this.#last;
    this.#last = now;
    this.#frames++;
    const late = interval < PAUSE ? Math.max(0, Math.round(interval / FRAME) - 1) : 0;
    for (const [index, view] of this.#views.entries()) {
      const { work, drawn } = view.cost.take();
      this.#accounts[index]?.add(work, drawn, Math.min(late, Math.floor(work / FRAME)));
    }
  }

  /** Numbers since the last reading, one per view, and the page's frames per second. */
  read(): { frames: number; seconds: number; views: Reading[] } {
    const now = performance.now();
    const seconds = Math.max((now - this.#since) / 1_000, 0.001);
    const frames = this.#frames;
    this.#since = now;
    this.#frames = 0;
    return { frames: frames / seconds, seconds, views: this.#accounts.map((account) => account.read(frames, seconds)) };
  }
}
