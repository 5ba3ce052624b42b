/**
 * The posts of this tab that the feed does not show yet, with what is known about each.
 *
 * They are kept in the session storage until the feed has them, so that a reload in the middle of a fault sends
 * them again under their ids; the server takes each id once.
 */
import type { Handle } from 'everwire';

import { Emitter } from '../emitter.ts';
import { store, stored } from '../session.ts';

/** What the tick below a post tells. */
export type Tick = 'sending' | 'waiting' | 'unknown' | 'sent' | 'failed';

export interface Draft {
  readonly id: string;
  readonly room: string;
  readonly text: string;
  /** When it was written, by the page's clock. */
  readonly at: number;
}

interface Entry {
  readonly draft: Draft;
  handle: Handle | undefined;
  sentAt: number;
  failure: string | undefined;
}

/** How the outbox reaches the link. */
export interface Mail {
  readonly live: () => boolean;
  readonly send: (id: string, text: string) => Handle;
}

export interface OutboxEvents {
  change: void;
  /** The server had the post already: the first try had arrived. */
  duplicate: void;
}

const KEY = 'everwire.outbox';
/** Written and unanswered for longer than this, nobody can say whether it has arrived. */
const UNSURE_AFTER = 4_000;

export class Outbox extends Emitter<OutboxEvents> {
  readonly #room: string;
  readonly #mail: Mail;
  readonly #entries = new Map<string, Entry>();

  constructor(room: string, mail: Mail) {
    super();
    this.#room = room;
    this.#mail = mail;
    for (const draft of stored<Draft[]>(KEY) ?? []) if (draft.room === room) this.#send(draft);
  }

  /** What waits, newest first. */
  get drafts(): { draft: Draft; tick: Tick; failure: string | undefined }[] {
    return [...this.#entries.values()]
      .map((entry) => ({ draft: entry.draft, tick: this.#tick(entry), failure: entry.failure }))
      .reverse();
  }

  add(text: string): void {
    this.#send({ id: crypto.randomUUID(), room: this.#room, text, at: Date.now() });
    this.#keep();
  }

  /** Sends a failed post again, under the same id. */
  resend(id: string): void {
    const entry = this.#entries.get(id);
    if (entry) this.#send(entry.draft);
  }

  discard(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.handle?.cancel();
    this.#entries.delete(id);
    this.#keep();
    this.emit('change', undefined);
  }

  /** Drops what the feed shows by now. */
  settle(shown: (id: string) => boolean): void {
    let settled = false;
    for (const id of this.#entries.keys()) {
      if (!shown(id)) continue;
      this.#entries.delete(id);
      settled = true;
    }
    if (settled) this.#keep();
  }

  #send(draft: Draft): void {
    const entry: Entry = { draft, handle: undefined, sentAt: Date.now(), failure: undefined };
    this.#entries.set(draft.id, entry);
    try {
      entry.handle = this.#mail.send(draft.id, draft.text);
    } catch (error) {
      entry.failure = error instanceof Error ? error.message : String(error);
    }
    this.#follow(entry);
    this.emit('change', undefined);
  }

  #follow({ handle, draft }: Entry): void {
    void handle?.acked.then((result) => {
      const entry = this.#entries.get(draft.id);
      if (result.status === 'acked') {
        const { duplicate } = result.reply as { duplicate?: boolean };
        if (duplicate) this.emit('duplicate', undefined);
      } else if (result.status === 'dropped' && entry) {
        const reply = result.reply as { message?: string } | undefined;
        entry.failure = reply?.message ?? result.reason;
      }
      this.emit('change', undefined);
    });
  }

  #tick({ handle, failure, sentAt }: Entry): Tick {
    if (!handle || failure !== undefined) return 'failed';
    const live = this.#mail.live();
    switch (handle.status) {
      case 'acked':
        return 'sent';
      case 'unknown':
        return 'unknown';
      case 'written':
        return live && Date.now() - sentAt < UNSURE_AFTER ? 'sending' : 'unknown';
      case 'paced':
      case 'queued':
        return live ? 'sending' : 'waiting';
      default:
        return 'failed';
    }
  }

  /** Other rooms' posts stay where they are: they go out when their room is entered again. */
  #keep(): void {
    const others = (stored<Draft[]>(KEY) ?? []).filter(({ room }) => room !== this.#room);
    store(KEY, [...others, ...[...this.#entries.values()].map(({ draft }) => draft)]);
  }
}
