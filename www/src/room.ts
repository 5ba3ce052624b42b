/** One visit to a room: its connection, its feed, its people, and what this tab has still to send. */
import { FeedModel } from './feed/model.ts';
import { Outbox } from './feed/outbox.ts';
import { People } from './feed/people.ts';
import { PendingLikes } from './feed/likes.ts';
import { Net } from './net.ts';
import { identity } from './session.ts';
import type { Transport } from './transport/index.ts';

export interface RoomOptions {
  /** Something that the page shows has changed. */
  readonly changed: () => void;
  readonly gapFound: (since: number) => void;
  readonly gapClosed: () => void;
  /** Posts from between two visits are beyond recovery. */
  readonly lost: () => void;
}

export class Room {
  readonly name: string;
  readonly model = new FeedModel();
  readonly people = new People(identity.user);
  readonly net: Net;
  readonly outbox: Outbox;
  readonly likes: PendingLikes;

  constructor(name: string, transport: Transport, options: RoomOptions) {
    this.name = name;
    this.net = new Net(name, transport, () => this.model.resume());
    this.outbox = new Outbox(name, {
      live: () => this.net.live,
      send: (id, text) => this.net.post(id, text),
    });
    this.likes = new PendingLikes(options.changed);
    this.outbox.on('change', options.changed);
    this.outbox.on('duplicate', () => this.model.countDuplicate());
    this.model.on('change', options.changed);
    this.model.on('closed', options.gapClosed);
    this.model.on('lost', options.lost);
    this.model.on('gap', (since) => {
      if (this.model.loaded) options.gapFound(since);
      this.net.replay(since);
    });
    this.people.on('change', options.changed);
    this.net.on('message', (message) => {
      const now = performance.now();
      this.model.apply(message, now);
      this.people.apply(message, now);
    });
    this.net.on('seq', (seq) => this.model.seen(seq, performance.now()));
    this.net.on('state', ({ to }) => {
      if (to !== 'open') this.model.pause();
      options.changed();
    });
    this.net.on('live', options.changed);
  }

  /** Looks after what only time changes; call it a few times a second. */
  tick(): void {
    const now = performance.now();
    if (this.net.live) this.model.check(now);
    this.people.sweep(now);
  }

  like(post: string): void {
    if (this.likes.room(post)) this.likes.add(post, this.net.like(post));
  }

  /** Sends what waits and leaves; what does not get out in time is sent on the next visit. */
  leave(): void {
    void this.net.close();
  }
}
