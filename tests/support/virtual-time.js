// A clock that the test moves: `performance.now`, `setTimeout` and `clearTimeout` of this page or process. Only for code
// without a network, as with a socket double: whatever else waits goes on in real time.

// Far more than anything has to do at one instant.
const MOST_AT_ONCE = 10_000;

/** Replaces the clock, which shows `start` at first; `restore` gives the real one back. */
export function virtualTime(start = performance.now()) {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  const timers = new Map();
  let at = start;
  // No number that a real timer has: one that was set before may be cleared meanwhile.
  let last = 1e12;
  performance.now = () => at;
  globalThis.setTimeout = (run, ms = 0) => {
    timers.set(++last, { due: at + ms, run });
    return last;
  };
  globalThis.clearTimeout = (id) => {
    if (!timers.delete(id)) real.clearTimeout.call(globalThis, id);
  };
  return {
    /** Runs what is due within `ms`, in order. A timer that is set again and again without a delay is an error. */
    advance(ms) {
      const end = at + ms;
      for (let [since, count] = [at, 0]; ; count++) {
        const [next] = [...timers].filter(([, { due }]) => due <= end).sort(([, a], [, b]) => a.due - b.due);
        if (!next) break;
        timers.delete(next[0]);
        at = Math.max(at, next[1].due);
        next[1].run();
        if (at > since) [since, count] = [at, 0];
        if (count > MOST_AT_ONCE) throw new Error(`more than ${MOST_AT_ONCE} timers at ${at} ms`);
      }
      at = end;
    },
    restore() {
      delete performance.now;
      Object.assign(globalThis, real);
    },
  };
}
