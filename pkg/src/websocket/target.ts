// Listeners. The class is an EventTarget like any other, with one shortcut: message listeners are also kept in a list of
// our own, so that the socket's own event can be handed to them without making and dispatching a second one.
//
// What the shortcut does not cover takes the platform's way, with a new event: listeners for the capture phase, and
// events that are not the platform's. A listener registered by calling EventTarget.prototype.addEventListener on the
// object, past its own method, hears no messages.
import { adopt, isStopped, messageEvent, report } from "./events.js";

type Callback = EventListenerOrEventListenerObject;

interface Entry {
  callback: Callback;
  once: boolean;
  /** Asked when needed: a listener of ours on a long-lived signal would keep this object alive. */
  signal: AbortSignal | undefined;
}

const isAborted = (entry: Entry): boolean => !!entry.signal?.aborted;

/** Hands a message of the native socket to the listeners. */
export let deliver: (target: MessageTarget, event: MessageEvent) => void;

/** An EventTarget with a fast path for messages. */
export class MessageTarget extends EventTarget {
  // Replaced, never changed, so that a running delivery keeps its own view.
  #listeners: readonly Entry[] = [];
  #captures = false;
  /** The listener, if there is only one and it is a plain function: the usual case, and the hot one. */
  #only: ((event: MessageEvent) => void) | undefined;

  static {
    // Small, so that the browser's compiler takes it whole. What the listener throws reaches the platform, which reports it.
    deliver = (target, event) => {
      const only = target.#only;
      if (only && adopt(event)) only.call(target, event);
      else target.#deliver(event);
    };
  }

  override addEventListener(type: string, callback: Callback | null, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, callback, options);
    if (String(type) !== "message" || !callback) return;
    const { capture, once, signal } = typeof options === "object" && options ? options : { capture: options };
    if (capture) {
      this.#captures = true;
      this.#only = undefined;
    } else if (!signal?.aborted) {
      const listeners = this.#listeners.filter((entry) => !isAborted(entry));
      if (!listeners.some((entry) => entry.callback === callback)) listeners.push({ callback, once: !!once, signal });
      this.#replace(listeners);
    }
  }

  override removeEventListener(type: string, callback: Callback | null, options?: boolean | EventListenerOptions): void {
    super.removeEventListener(type, callback, options);
    const capture = typeof options === "object" && options ? options.capture : options;
    if (String(type) === "message" && !capture) this.#forget(callback);
  }

  override dispatchEvent(event: Event): boolean {
    const before = this.#listeners;
    const result = super.dispatchEvent(event);
    // The platform has removed the one-time listeners that just ran.
    if (event.type === "message") {
      this.#replace(this.#listeners.filter((entry) => !entry.once || !before.includes(entry)));
    }
    return result;
  }

  #forget(callback: Callback | null): void {
    this.#replace(this.#listeners.filter((entry) => entry.callback !== callback));
  }

  #replace(listeners: readonly Entry[]): void {
    this.#listeners = listeners;
    const [first] = listeners;
    const plain = listeners.length === 1 && first && !this.#captures && !first.once && !first.signal;
    this.#only = plain && typeof first.callback === "function" ? first.callback : undefined;
  }

  #deliver(event: MessageEvent): void {
    const listeners = this.#listeners;
    if (this.#captures || !adopt(event)) {
      this.dispatchEvent(messageEvent(event));
      return;
    }
    for (let i = 0; i < listeners.length; i++) {
      const entry = listeners[i] as Entry;
      if (isAborted(entry) || (listeners !== this.#listeners && !this.#listeners.includes(entry))) continue;
      const callback = entry.callback;
      if (entry.once) this.removeEventListener("message", callback);
      try {
        if (typeof callback === "function") callback.call(this, event);
        else callback.handleEvent(event);
      } catch (error) {
        report(error);
      }
      if (isStopped(event)) return;
    }
  }
}
