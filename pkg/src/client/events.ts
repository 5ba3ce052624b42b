// Listeners of a connection, and the queue that calls them: user code runs only when everwire's own work is done, in the
// order in which things happened, and what it throws harms nothing else.

import { abortable, invalid } from "./check.js";
import type { ConnectionEvents } from "./types.js";

type Kind = keyof ConnectionEvents<unknown>;
type Listener = (event: any) => void;

/** Reports what user code threw as an uncaught error would be, without unwinding everwire. */
export function report(error: unknown): void {
  const scope = globalThis as { reportError?: (error: unknown) => void };
  if (scope.reportError) scope.reportError(error);
  // Node has no reportError, and an uncaught exception would end the process.
  else console.error(error);
}

/** Calls user code; reports what it throws and returns undefined then. */
export function guard<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    report(error);
    return undefined;
  }
}

/** Listeners by event, and what is yet to be told. */
export class Emitter {
  // Lists are replaced, never changed, so that one that is being called stays as it is.
  private readonly _listeners: Record<Kind, readonly { _call: Listener | undefined }[]> = {
    state: [], message: [], error: [], drop: [],
  };
  /** Pairs: an event and its payload, or undefined and a task. */
  private readonly _tasks: unknown[] = [];
  private _busy = false;

  _on(event: Kind, listener: Listener, options: { signal?: AbortSignal } | undefined): () => void {
    const listeners = this._listeners;
    if (!Object.hasOwn(listeners, event)) invalid("event", `one of ${Object.keys(listeners).join(", ")}`, event);
    if (typeof listener !== "function") invalid("listener", "a function", listener);
    const signal = abortable(options?.signal);
    if (signal?.aborted) return () => {};
    // An object of its own: the same function may listen twice and is then unsubscribed separately.
    const entry: { _call: Listener | undefined } = { _call: listener };
    listeners[event] = [...listeners[event], entry];
    const off = () => {
      // A list that is being called may still have it.
      entry._call = undefined;
      listeners[event] = listeners[event].filter((other) => other !== entry);
      signal?.removeEventListener("abort", off);
    };
    signal?.addEventListener("abort", off);
    return off;
  }

  /** Tells the listeners, when `_flush` is called. */
  _queue<K extends Kind>(event: K, payload: ConnectionEvents<any>[K]): void {
    this._tasks.push(event, payload);
  }

  /** Tells the listeners now if nothing is to be told before, else in its turn. Messages come here: a queue would cost more than they. */
  _emit<K extends Kind>(event: K, payload: ConnectionEvents<any>[K]): void {
    if (this._busy || this._tasks.length) {
      this._queue(event, payload);
    } else {
      this._busy = true;
      for (const listener of this._listeners[event]) this._call(listener._call, payload);
      this._busy = false;
    }
    this._flush();
  }

  /** Runs `task` in its turn between the events. */
  _defer(task: () => void): void {
    this._tasks.push(undefined, task);
  }

  /** Runs what is queued; called from within, it returns at once and the outer call goes on. */
  _flush(): void {
    const tasks = this._tasks;
    if (this._busy || !tasks.length) return;
    this._busy = true;
    // A task never throws: listeners are guarded one by one, and the others are everwire's own.
    for (let i = 0; i < tasks.length; i += 2) {
      const event = tasks[i] as Kind | undefined;
      if (event === undefined) (tasks[i + 1] as () => void)();
      else for (const listener of this._listeners[event]) this._call(listener._call, tasks[i + 1]);
    }
    tasks.length = 0;
    this._busy = false;
  }

  private _call(listener: Listener | undefined, payload: unknown): void {
    try {
      listener?.(payload);
    } catch (error) {
      report(error);
    }
  }
}
