// A test script's own bookkeeping: named checks one after the other, one line each, an exit status.

const failures = [];
let passed = 0;

/** Runs one check; a thrown error is a failure, and the next check runs all the same. */
export async function check(name, body) {
  const began = performance.now();
  try {
    await body();
    passed++;
    console.log(`ok   ${name} (${Math.round(performance.now() - began)} ms)`);
  } catch (error) {
    failures.push(name);
    console.log(`FAIL ${name}\n${String(error?.stack ?? error).replace(/^/gm, "     ")}`);
  }
}

/** Prints the count and sets the exit status. */
export function finish() {
  console.log(`${passed} passed, ${failures.length} failed`);
  if (failures.length || !passed) process.exitCode = 1;
}

/** Resolves once `condition()` is truthy; rejects with `what` after `limit` milliseconds. */
export async function until(condition, what, limit = 10_000) {
  const end = performance.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`waited ${limit} ms for ${what}`);
    await new Promise((next) => setTimeout(next, 5));
  }
}
