// The message event for a lone `onmessage`. The platform's own costs as much as all the rest of receiving, and keeps a long
// text alive until the next major collection; without other listeners there is nothing to dispatch either.
import type { Source } from "./connection.js";

class Message {
  readonly target: EventTarget;
  readonly data: string;
  readonly _from: Source;

  constructor(target: EventTarget, data: string, from: Source) {
    this.target = target;
    this.data = data;
    this._from = from;
  }

  get timeStamp(): number {
    return this._from.timeStamp;
  }

  get currentTarget(): EventTarget {
    return this.target;
  }

  get srcElement(): EventTarget {
    return this.target;
  }

  get eventPhase(): number {
    return 2;
  }

  composedPath(): EventTarget[] {
    return [this.target];
  }
}

let prepared = false;

/** An event whose target is `target`. It is an instance of the platform's class and has all that the platform's events have. */
export function message(target: EventTarget, data: string, from: Source): MessageEvent {
  // Late: importing must not need the class.
  if (!prepared) {
    prepared = true;
    const prototype: Record<string, unknown> = Object.setPrototypeOf(Message.prototype, null);
    const model: Record<string, any> = new MessageEvent("message");
    for (const name in model) {
      if (!(name in prototype)) prototype[name] = typeof model[name] === "function" ? nothing : model[name];
    }
    Object.setPrototypeOf(prototype, MessageEvent.prototype);
  }
  return new Message(target, data, from) as unknown as MessageEvent;
}

/** It cannot be cancelled, and there is nowhere to go on to. */
function nothing(): void {}
