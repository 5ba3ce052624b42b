// A test script's own bookkeeping: named checks one after the other, one line each, an exit status.

// Several times what the longest one takes on a busy machine. A promise of a page may stay open for ever.
const CHECK_LIMIT = 180_000;
// A connection that was left open would keep this process.
const END_LIMIT = 30_000;

const failures = [];
let passed = 0;

/** Runs one check; a thrown error and one that does not end are failures, and the next check runs all the same. */
export async function check(name, body) {
  const began = performance.now();
  let timer;
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new Error(`did not end within ${CHECK_LIMIT} ms`)), CHECK_LIMIT);
  });
  try {
    await Promise.race([body(), late]);
    passed++;
    console.log(`ok   ${name} (${Math.round(performance.now() - began)} ms)`);
  } catch (error) {
    failures.push(name);
    console.log(`FAIL ${name}\n${String(error?.stack ?? error).replace(/^/gm, "     ")}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Prints the count and sets the exit status; a process that something keeps from ending says by what, and fails. */
export function finish() {
  console.log(`${passed} passed, ${failures.length} failed`);
  if (failures.length || !passed) process.exitCode = 1;
  setTimeout(() => {
    console.log(`FAIL something is still open: ${process.getActiveResourcesInfo().join(" ")}`);
    process.exit(1);
  }, END_LIMIT).unref();
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
