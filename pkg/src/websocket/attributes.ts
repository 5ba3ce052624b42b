// Event handler attributes (`onmessage` and so on) as HTML defines them: the handler is one listener, whose place among the
// others is that of the first value since the attribute was last empty.

interface Attribute {
  handler: unknown;
  listener: (event: Event) => void;
}

/** Defines `on` + type as an attribute of all objects with this prototype. */
export function defineHandler(prototype: EventTarget, type: string): void {
  const attributes = new WeakMap<EventTarget, Attribute>();
  Object.defineProperty(prototype, `on${type}`, {
    configurable: true,
    enumerable: true,
    get(this: EventTarget): unknown {
      return attributes.get(this)?.handler ?? null;
    },
    set(this: EventTarget, value: unknown): void {
      const attribute = attributes.get(this);
      if (typeof value !== "function" && (typeof value !== "object" || value === null)) {
        if (attribute) this.removeEventListener(type, attribute.listener);
        attributes.delete(this);
      } else if (attribute) {
        attribute.handler = value;
      } else {
        const made: Attribute = {
          handler: value,
          listener: (event) => {
            if (typeof made.handler === "function") made.handler.call(this, event);
          },
        };
        attributes.set(this, made);
        this.addEventListener(type, made.listener);
      }
    },
  });
}
