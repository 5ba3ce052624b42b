// Promises that do not wait for ever.

import { MAX_MS, abortable, number, object } from "../client/check.js";
import { EverwireError } from "../client/error.js";
import type { WaitOptions } from "./types.js";

/** Follows `promise`, at most for the timeout and until the signal is aborted; `giveUp` is told if it was in vain. */
export async function bounded<T>(
  promise: Promise<T>,
  options: WaitOptions | undefined,
  what: string,
  giveUp: () => void = () => {},
  known = "timeout signal",
): Promise<T> {
  const given = object("options", options, known);
  const timeout = given.timeout === Infinity ? Infinity : number("timeout", given.timeout, Infinity, 0, MAX_MS, "open");
  const signal = abortable(given.signal);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort: (() => void) | undefined;
  try {
    signal?.throwIfAborted();
    return await new Promise<T>((resolve, reject) => {
      promise.then(resolve, reject);
      if (timeout !== Infinity) {
        timer = setTimeout(() => reject(new EverwireError("timeout", `${what} within ${timeout} ms`)), timeout);
      }
      abort = () => reject(signal!.reason);
      signal?.addEventListener("abort", abort);
    });
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    clearTimeout(timer);
    if (abort) signal?.removeEventListener("abort", abort);
  }
}
