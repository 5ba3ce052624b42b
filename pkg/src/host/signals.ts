// Page lifecycle and network events, as the numbers the core's exports take. Window, dedicated and shared workers and
// Node each have some of them; what is missing never fires. There is no `unload` listener: it would keep the page out of
// the back/forward cache.

/** The numbers of `signal` in src/js: page visible, hidden, frozen, resumed; network online, offline. */
export const enum Signal { visible = 0, hidden = 1, frozen = 2, resumed = 3, online = 4, offline = 5 }

type Listener = (signal: number) => void;

const listeners = new Set<Listener>();
let stop: (() => void) | undefined;

/** Starts to listen; the returned function ends it. Native listeners exist only while somebody listens. */
export function onSignal(listener: Listener): () => void {
  listeners.add(listener);
  stop ??= listen();
  return () => {
    if (listeners.delete(listener) && !listeners.size) {
      stop?.();
      stop = undefined;
    }
  };
}

function listen(): () => void {
  const scope: Partial<EventTarget> = globalThis;
  const page: Partial<Document> | undefined = globalThis.document;
  const added: [Partial<EventTarget>, string, (event: Event) => void][] = [];
  const on = (target: Partial<EventTarget> | undefined, type: string, signal: (event: Event) => Signal | undefined) => {
    if (!target?.addEventListener) return;
    const listener = (event: Event) => {
      const number = signal(event);
      if (number !== undefined) for (const each of [...listeners]) each(number);
    };
    target.addEventListener(type, listener);
    added.push([target, type, listener]);
  };
  const persisted = (signal: Signal) => (event: Event) => ((event as PageTransitionEvent).persisted ? signal : undefined);

  on(scope, "online", () => Signal.online);
  on(scope, "offline", () => Signal.offline);
  if (page) {
    // visibilitychange alone is not reliable after a resume, so focus, resume and pageshow count as well.
    on(page, "visibilitychange", () => (page.visibilityState === "hidden" ? Signal.hidden : Signal.visible));
    on(scope, "focus", () => Signal.visible);
    on(page, "freeze", () => Signal.frozen);
    on(page, "resume", () => Signal.resumed);
    on(scope, "pagehide", persisted(Signal.frozen));
    on(scope, "pageshow", persisted(Signal.resumed));
  }
  return () => {
    for (const [target, type, listener] of added) target.removeEventListener?.(type, listener);
  };
}
