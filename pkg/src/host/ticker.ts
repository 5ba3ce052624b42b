// A second clock for hidden pages, where a page's own timers ring once per second and, after five minutes, once per
// minute. Timers of a worker are exempt (https://developer.chrome.com/blog/timer-throttling-in-chrome-88).
//
// The page's timer stays set as well and the first of the two rings: without workers, with a Content-Security-Policy that
// lacks `worker-src blob:`, or while the worker still starts, everything is as late as it would have been, and no later.

import { Alarm, now } from "./clock.js";

const SOURCE = "let t={};onmessage=({data:[i,d]})=>{clearTimeout(t[i]);d<0?delete t[i]:t[i]=setTimeout(()=>{delete t[i];postMessage(i)},d)}";

/** Who is to be rung, by number; the worker lives as long as there is somebody. */
const rings = new Map<number, () => void>();
let numbers = 0;
let worker: Worker | undefined;

/** An {@link Alarm} that is on time in a hidden page, too. */
export class WorkerAlarm {
  readonly #page: Alarm;
  readonly #id = numbers++;
  readonly #ring: () => void;
  #at = Infinity;

  /** @param ring called when the deadline has come, perhaps twice; the alarm is unset by then */
  constructor(ring: () => void) {
    this.#ring = () => {
      this.#at = Infinity;
      ring();
    };
    this.#page = new Alarm(this.#ring);
  }

  /** Replaces the deadline, a value of {@link now}; `Infinity` unsets it. */
  set(at: number): void {
    this.#page.set(at);
    if (at === this.#at) return;
    this.#at = at;
    if (!rings.has(this.#id)) {
      if (at === Infinity) return;
      rings.set(this.#id, this.#ring);
      worker ??= start();
    }
    // A delay above what setTimeout keeps would ring at once.
    worker?.postMessage([this.#id, at === Infinity ? -1 : Math.min(Math.max(Math.ceil(at - now()), 0), 0x7fffffff)]);
  }

  /** Lets go of the worker; the next deadline starts it anew. */
  release(): void {
    this.set(Infinity);
    if (!rings.delete(this.#id) || rings.size) return;
    worker?.terminate();
    worker = undefined;
  }
}

function start(): Worker | undefined {
  let url: string | undefined;
  try {
    url = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
    const started = new Worker(url);
    started.onmessage = ({ data }) => rings.get(data as number)?.();
    return started;
  } catch {
    // There is no Worker, or the browser throws what the policy refuses; others make one that never answers.
    return undefined;
  } finally {
    if (url) URL.revokeObjectURL(url);
  }
}
