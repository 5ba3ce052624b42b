// The event objects that listeners get.

type Owner = EventTarget;

const owners = new WeakMap<object, Owner>();
let stopped: Event | undefined;
let adopted: object | null = null;
const native = globalThis.MessageEvent?.prototype;

/** Lets adopted events of the native socket `socket` name `owner` as their target. */
export function own(socket: object, owner: Owner): void {
  owners.set(socket, owner);
}

/**
 * Makes a native message event ours: it keeps its identity, data and trust, and names the owner as its target. Replacing
 * the prototype costs a tenth of what a second event with its dispatch does (about 100 ns to 1.5 µs in Chromium).
 *
 * @returns false if the event is not one of the platform's message events, as those of the package `ws`
 */
export function adopt(event: MessageEvent): boolean {
  // `instanceof` would ask the class, which costs as much as all the rest.
  if (Object.getPrototypeOf(event) !== native) return false;
  Object.setPrototypeOf(event, (adopted ??= adoptedPrototype()));
  return true;
}

/** Whether a listener called `stopImmediatePropagation` on an adopted event. */
export const isStopped = (event: Event): boolean => stopped === event;

// Made late: a server need not have MessageEvent.
function adoptedPrototype(): object {
  const get = (name: "target" | "currentTarget") => {
    const native = Object.getOwnPropertyDescriptor(Event.prototype, name)?.get;
    return {
      configurable: true,
      enumerable: true,
      get(this: Event) {
        const socket: object | null = native?.call(this);
        return socket && (owners.get(socket) ?? socket);
      },
    };
  };
  const target = get("target");
  return Object.create(MessageEvent.prototype, {
    target,
    srcElement: target,
    currentTarget: get("currentTarget"),
    composedPath: {
      configurable: true,
      value(this: Event) {
        return this.currentTarget ? [this.currentTarget] : [];
      },
    },
    stopImmediatePropagation: {
      configurable: true,
      value(this: Event) {
        stopped = this;
        Event.prototype.stopImmediatePropagation.call(this);
      },
    },
  });
}

/** A message event of our own, for those that cannot be adopted. */
export function messageEvent({ data, origin, lastEventId }: MessageEvent): MessageEvent {
  return new MessageEvent("message", { data, origin: origin ?? "", lastEventId: lastEventId ?? "" });
}

/** A close event; where the platform has no class for it (Node 20), an `Event` with the same attributes. */
export function closeEvent(code: number, reason: string, wasClean: boolean): CloseEvent {
  const init = { code, reason, wasClean };
  return typeof CloseEvent === "function" ? new CloseEvent("close", init) : define("close", init);
}

/** An error event that says what failed. */
export function errorEvent(message: string, error?: unknown): ErrorEvent {
  const init = { message, error };
  return typeof ErrorEvent === "function" ? new ErrorEvent("error", init) : define("error", init);
}

function define<T>(type: string, attributes: object): T {
  return Object.assign(new Event(type), attributes) as T;
}

/** Calls what is not ours; an exception is reported, and the result is undefined then. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    report(error);
    return undefined;
  }
}

/** What the platform does with the exception of a listener. */
export function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else {
    queueMicrotask(() => {
      throw error;
    });
  }
}
