/** The two ways of drawing: every tick as it comes, and the newest per symbol once a frame. */
import type { Board } from './board.ts';
import type { Tick } from './market.ts';

/** What a view has cost since the last frame. */
export class Cost {
  /** Time on the main thread, ms. */
  work = 0;
  /** Tiles written. */
  drawn = 0;

  /** Runs `draw` and counts it. */
  count(tiles: number, draw: () => void): void {
    const began = performance.now();
    draw();
    this.work += performance.now() - began;
    this.drawn += tiles;
  }

  /** What was counted since the last call. */
  take(): { work: number; drawn: number } {
    const { work, drawn } = this;
    this.work = 0;
    this.drawn = 0;
    return { work, drawn };
  }
}

export interface View {
  readonly cost: Cost;
  /** Whether it draws. Switched on again it shows what it missed. */
  on: boolean;
  tick(tick: Tick): void;
  /** Called once per animation frame. */
  frame(): void;
}

/** Behind by more than this the raw view stops drawing, and goes on once it is behind by less than the second number, ms. */
const TOO_LATE = 2_000;
const IN_TIME = 200;

/** Draws every tick, until it is so far behind that the page would stop to answer: then it leaves some out, and says so. */
export class RawView implements View {
  readonly cost = new Cost();
  on = true;
  /** Ticks left out. */
  leftOut = 0;
  readonly #board: Board;
  #late = false;

  constructor(board: Board) {
    this.#board = board;
  }

  tick(tick: Tick): void {
    if (!this.on) return;
    this.#late = tick.age > (this.#late ? IN_TIME : TOO_LATE);
    if (this.#late) this.leftOut++;
    else this.cost.count(1, () => this.#board.show([tick]));
  }

  frame(): void {
    // All has been drawn by then.
  }
}

export class ConflatedView implements View {
  readonly cost = new Cost();
  on = true;
  readonly #board: Board;
  readonly #newest = new Map<number, Tick>();

  constructor(board: Board) {
    this.#board = board;
  }

  tick(tick: Tick): void {
    this.#newest.set(tick.symbol, tick);
  }

  frame(): void {
    if (!this.on || this.#newest.size === 0) return;
    this.cost.count(this.#newest.size, () => this.#board.show(this.#newest.values()));
    this.#newest.clear();
  }
}
