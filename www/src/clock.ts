/** The server's clock and the round trip, estimated from pings. */

/** A sample older than this may be replaced by a worse one: clocks drift. */
const MAX_AGE = 60_000;

export class Clock {
  #offset = 0;
  #bestRtt = Number.POSITIVE_INFINITY;
  #bestAt = 0;
  #rtt: number | undefined;

  /** Last round trip in ms. */
  get rtt(): number | undefined {
    return this.#rtt;
  }

  /** The server's clock now, ms since the Unix epoch. */
  now(): number {
    return Date.now() + this.#offset;
  }

  /** First guess, from a message of unknown travel time. */
  guess(serverTime: number): void {
    if (this.#bestRtt === Number.POSITIVE_INFINITY) this.#offset = serverTime - Date.now();
  }

  /** Takes a sample; the one with the shortest round trip tells the offset best. */
  sample(rtt: number, serverTime: number): void {
    this.#rtt = rtt;
    const now = performance.now();
    if (rtt > this.#bestRtt && now - this.#bestAt < MAX_AGE) return;
    this.#bestRtt = rtt;
    this.#bestAt = now;
    this.#offset = serverTime + rtt / 2 - Date.now();
  }

  /** Forgets the round trip of a link that is gone. */
  lost(): void {
    this.#rtt = undefined;
  }
}
