// The one timer of a connection. The core names the next deadline, this rings once it has come.

// The longest delay setTimeout keeps; above it, it fires at once. The core is asked again after each ring anyway.
const LONGEST_DELAY = 0x7fffffff;

/** Milliseconds on a monotonic clock. */
export const now = (): number => performance.now();

/** A timer with at most one deadline. */
export class Alarm {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = Infinity;
  readonly #ring: () => void;

  /** @param ring called when the deadline has come; the alarm is unset by then */
  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Replaces the deadline, a value of {@link now}; `Infinity` unsets it. */
  set(at: number): void {
    if (at === this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    if (at === Infinity) return;
    this.#timer = setTimeout(() => {
      this.#at = Infinity;
      this.#ring();
    }, Math.min(Math.max(Math.ceil(at - now()), 0), LONGEST_DELAY));
  }
}
