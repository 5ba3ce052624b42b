/** Who is in the room, who types, and how far each has read. */
import { Emitter } from '../emitter.ts';
import type { Presence, ReadMark, ServerMessage } from '../wire.ts';

/** After a reconnect the others come back too; nobody is shown as gone before this time. */
const GRACE = 4_000;
/** A notice of typing that is not renewed ends by itself. */
const TYPING_FOR = 5_000;

export class People extends Emitter<{ change: void }> {
  readonly #names = new Map<string, string>();
  readonly #present = new Set<string>();
  readonly #leaving = new Map<string, number>();
  readonly #typing = new Map<string, number>();
  readonly #reads = new Map<string, number>();
  readonly #self: string;

  constructor(self: string) {
    super();
    this.#self = self;
  }

  /** Everyone present, this user first. */
  get present(): { user: string; name: string }[] {
    return [...this.#present]
      .map((user) => ({ user, name: this.name(user) }))
      .sort((a, b) => Number(b.user === this.#self) - Number(a.user === this.#self) || a.name.localeCompare(b.name));
  }

  /** Names of the others who are typing. */
  get typing(): string[] {
    return [...this.#typing.keys()].map((user) => this.name(user));
  }

  name(user: string): string {
    return this.#names.get(user) ?? user;
  }

  /** The others who have read up to one of the given numbers (newest first) and no newer one. */
  readers(seqs: readonly number[]): Map<number, string[]> {
    const readers = new Map<number, string[]>();
    for (const [user, mark] of this.#reads) {
      const seq = seqs.find((candidate) => candidate <= mark);
      if (user === this.#self || seq === undefined || !this.#names.has(user)) continue;
      readers.set(seq, [...(readers.get(seq) ?? []), user]);
    }
    return readers;
  }

  apply(message: ServerMessage, now: number): void {
    switch (message.type) {
      case 'welcome':
        this.#welcome(message.present, message.reads, now);
        break;
      case 'presence':
        this.#presence(message);
        break;
      case 'typing':
        this.#names.set(message.user, message.name);
        if (message.active) this.#typing.set(message.user, now + TYPING_FOR);
        else this.#typing.delete(message.user);
        break;
      case 'posted':
        this.#names.set(message.user, message.name);
        this.#typing.delete(message.user);
        break;
      case 'read':
        this.#read(message);
        break;
      case 'history':
        for (const post of message.posts) if (!this.#names.has(post.user)) this.#names.set(post.user, post.name);
        break;
      default:
        return;
    }
    this.emit('change', undefined);
  }

  /** Lets go of what has run out; call it about once a second. */
  sweep(now: number): void {
    let changed = false;
    for (const [user, until] of this.#typing) changed = (until <= now && this.#typing.delete(user)) || changed;
    for (const [user, until] of this.#leaving) {
      if (until > now) continue;
      this.#leaving.delete(user);
      changed = this.#present.delete(user) || changed;
    }
    if (changed) this.emit('change', undefined);
  }

  #welcome(present: readonly Presence[], reads: readonly ReadMark[], now: number): void {
    const online = new Set(present.filter((one) => one.online).map(({ user }) => user));
    for (const user of this.#present) if (!online.has(user)) this.#leaving.set(user, now + GRACE);
    for (const one of present) this.#presence(one);
    for (const mark of reads) this.#read(mark);
    this.#typing.clear();
  }

  #presence({ user, name, online }: Presence): void {
    this.#names.set(user, name);
    if (online) {
      this.#present.add(user);
      this.#leaving.delete(user);
    } else {
      this.#present.delete(user);
      this.#typing.delete(user);
    }
  }

  #read({ user, seq }: ReadMark): void {
    this.#reads.set(user, Math.max(seq, this.#reads.get(user) ?? 0));
  }
}
