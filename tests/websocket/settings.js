// What the tests of options and of the lifecycle share.
import { Fake } from "./page.js";

export const QUICK = { minReconnectionDelay: 20, maxReconnectionDelay: 40 };
export const FAKE = { ...QUICK, WebSocket: Fake };
// Only for what must not happen: there is no condition to wait for.
export const quiet = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** Collects the messages of reported errors; the returned function stops that and gives them. */
export function caught() {
  const messages = [];
  const note = (event) => {
    event.preventDefault();
    messages.push(event.error.message);
  };
  addEventListener("error", note);
  return () => {
    removeEventListener("error", note);
    return messages;
  };
}
