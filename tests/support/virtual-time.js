// A clock that the test moves: `performance.now`, `setTimeout` and `clearTimeout` of this page or process. Only for code
// without a network, as with a socket double: whatever else waits goes on in real time.

/** Replaces the clock; `restore` gives the real one back. */
export function virtualTime() {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  const timers = new Map();
  let at = performance.now();
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
    /** Runs what is due within `ms`, in order. */
    advance(ms) {
      const end = at + ms;
      for (;;) {
        const [next] = [...timers].filter(([, { due }]) => due <= end).sort(([, a], [, b]) => a.due - b.due);
        if (!next) break;
        timers.delete(next[0]);
        at = Math.max(at, next[1].due);
        next[1].run();
      }
      at = end;
    },
    restore() {
      delete performance.now;
      Object.assign(globalThis, real);
    },
  };
}
