// What a page goes through while it is connected: the network comes and goes, the page is hidden, left, and perhaps taken
// out of the back/forward cache again.
import { Signal, onSignal } from "../host/signals.js";
import type { Engine } from "./engine.js";
import type { XHR } from "./polling.js";

/** Watches over an engine; `lost` ends its connection with a description. The returned function ends it. */
export function watchPage(engine: Engine, lost: (description: string) => void): () => void {
  const release = [onSignal((signal) => {
    if (signal === Signal.offline) {
      if (engine.hostname !== "localhost") lost("network connection lost");
    } else if (signal === Signal.visible || signal === Signal.resumed) {
      // Timers may have slept longer than the heartbeat allows.
      engine._hasPingExpired();
    }
  })];
  const on = (type: string, listener: (event: any) => void) => {
    if (typeof addEventListener !== "function") return;
    addEventListener(type, listener);
    release.push(() => removeEventListener(type, listener));
  };
  const requests = () => engine.transport as Partial<XHR>;
  // Requests that leaving the page cuts off are no failures. If it comes back, nothing will answer them any more.
  on("pagehide", () => requests().abandon?.());
  on("pageshow", ({ persisted }: PageTransitionEvent) => {
    if (persisted && requests().abandon) lost("requests ended with the page");
  });
  if (engine.opts.closeOnBeforeunload) {
    on("beforeunload", () => {
      engine.transport.off();
      engine.transport.close();
    });
  }
  return () => {
    for (const each of release) each();
  };
}
