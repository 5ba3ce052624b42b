// Values that may come from a function, and that may take time. What is there at once is handed on in the same turn, so
// that a plain string behaves as in the native class.

/** A value, or a function that gives it, now or later. Functions are called anew for every attempt. */
export type Provider<T> = T | (() => T | PromiseLike<T>);

/** Calls `done` with the value, in this turn unless a promise is involved; `failed` with what was thrown or rejected. */
export function provide<T>(provider: Provider<T>, done: (value: T) => void, failed: (error: unknown) => void): void {
  let value: T | PromiseLike<T>;
  try {
    value = typeof provider === "function" ? (provider as () => T | PromiseLike<T>)() : provider;
  } catch (error) {
    failed(error);
    return;
  }
  if (isThenable(value)) value.then(done, failed);
  else done(value);
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === "function";
}
