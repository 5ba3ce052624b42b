/** Likes of this tab that the room's totals do not hold yet, so that a tap shows at once and never jumps back. */
import type { Handle } from 'everwire';

interface Pending {
  readonly post: string;
  weight: number;
  /** The event that has it in its total; known from the ack. */
  seq: number | undefined;
}

/** The server takes at most this many in one message. */
const MAX_WAITING = 100;

export class PendingLikes {
  readonly #pending = new Map<Handle, Pending>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Likes to show on top of the total. */
  extra(post: string): number {
    let extra = 0;
    for (const entry of this.#pending.values()) if (entry.post === post) extra += entry.weight;
    return extra;
  }

  /** Whether one more can be added to what waits. */
  room(post: string): boolean {
    return this.extra(post) < MAX_WAITING;
  }

  add(post: string, handle: Handle): void {
    this.#pending.set(handle, { post, weight: 1, seq: undefined });
    void handle.acked.then((result) => {
      const entry = this.#pending.get(handle);
      if (!entry) return;
      if (result.status === 'acked') {
        entry.seq = (result.reply as { seq: number }).seq;
      } else {
        this.#pending.delete(handle);
        const heir = result.status === 'superseded' && result.merged && result.by;
        const target = heir ? this.#pending.get(heir) : undefined;
        if (target) target.weight += entry.weight;
      }
      this.#changed();
    });
  }

  /** Drops what the totals hold by now. */
  settle(taken: (seq: number) => boolean): void {
    for (const [handle, { seq }] of this.#pending) {
      if (seq !== undefined && taken(seq)) this.#pending.delete(handle);
    }
  }
}
