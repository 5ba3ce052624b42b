// Leaving a socket without waiting for its closing handshake, which takes up to a minute on a dead link.
import type { IStompSocket } from "./types.js";

/** Ends `socket`: by its own `terminate`, else by one that it is given, as the peer does. */
export function discard(socket: IStompSocket, debug: (text: string) => void): void {
  if (typeof socket.terminate !== "function") {
    socket.terminate = function (this: IStompSocket): void {
      const begun = Date.now();
      const id = Math.random().toString().substring(2, 8);
      const told = this.onclose;
      this.onerror = this.onmessage = this.onopen = () => {};
      this.onclose = ({ code, reason }: { code?: number; reason?: string } = {}) => {
        debug(`Discarded socket (#${id})  closed after ${Date.now() - begun}ms, with code/reason: ${code}/${reason}`);
      };
      this.close();
      told?.call(socket, {
        code: 4001,
        reason: `Quick discarding socket (#${id}) without waiting for the shutdown sequence.`,
        wasClean: false,
      });
    };
  }
  socket.terminate!();
}
