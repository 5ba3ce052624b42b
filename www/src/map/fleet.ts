/**
 * What is known about everything that moves: targets from the server, and where to draw each thing now.
 *
 * Positions arrive about twice a second and are drawn sixty times a second, so each thing glides from where it
 * was drawn to where it was last seen, in the time that lies between two of its reports.
 */
import type { Position } from '../wire.ts';
import type { Kind } from './theme.ts';

/** One moving thing. `x` and `y` are in the unit square of the Mercator projection. */
export interface Track {
  readonly id: string;
  readonly kind: Kind;
  lat: number;
  lon: number;
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
  fromHeading: number;
  heading: number;
  speed: number;
  /** When it was there, by the server's clock. */
  at: number;
  /** When the glide began, and how long it takes; by the page's clock. */
  start: number;
  duration: number;
  /** When it appeared or, if `gone`, left; for the fade. */
  changed: number;
  gone: boolean;
}

/** Where and how to draw a track at one moment. Reused between calls. */
export interface Pose {
  x: number;
  y: number;
  heading: number;
  alpha: number;
  stale: boolean;
}

/** Age in ms from which a moving thing begins to fade, and at which it is faintest. */
const FADE_FROM = 3_000;
const FADE_TO = 12_000;
const APPEAR = 350;
/** A glide is never shorter or longer than this, whatever the link does to the spacing of reports. */
const [MIN_GLIDE, MAX_GLIDE] = [120, 2_500];

const unitX = (lon: number) => (lon + 180) / 360;
const unitY = (lat: number) => {
  const sine = Math.sin((lat * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
};

const between = (from: number, to: number, share: number) => from + (to - from) * share;
const turn = (from: number, to: number, share: number) =>
  from + ((((to - from) % 360) + 540) % 360 - 180) * share;
const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value));

export class Fleet {
  readonly #tracks = new Map<string, Track>();
  #updates = 0;

  /** Everything known, things that are fading away included. */
  get tracks(): ReadonlyMap<string, Track> {
    return this.#tracks;
  }

  /** How many are there. */
  get size(): number {
    let size = 0;
    for (const track of this.#tracks.values()) if (!track.gone) size += 1;
    return size;
  }

  /** How many of them are people. */
  get visitors(): number {
    let visitors = 0;
    for (const track of this.#tracks.values()) if (!track.gone && track.kind === 'person') visitors += 1;
    return visitors;
  }

  /** Reports taken since the page was opened. */
  get updates(): number {
    return this.#updates;
  }

  /** Replaces everything: what a snapshot does not name fades away. */
  replace(positions: readonly Position[], now: number): void {
    const named = new Set(positions.map(({ id }) => id));
    this.leave([...this.#tracks.keys()].filter((id) => !named.has(id)), now);
    this.update(positions, now);
  }

  /** Takes newer positions; older ones than known are ignored. */
  update(positions: readonly Position[], now: number): void {
    for (const position of positions) {
      const known = this.#tracks.get(position.id);
      if (known && position.at < known.at) continue;
      this.#updates += 1;
      const [toX, toY] = [unitX(position.lon), unitY(position.lat)];
      if (!known || known.gone) {
        this.#tracks.set(position.id, {
          ...position,
          fromX: toX,
          fromY: toY,
          toX,
          toY,
          fromHeading: position.heading,
          start: now,
          duration: MIN_GLIDE,
          changed: known ? now - APPEAR : now,
          gone: false,
        });
        continue;
      }
      const pose = this.pose(known, now, 0);
      known.fromX = pose.x;
      known.fromY = pose.y;
      known.fromHeading = pose.heading;
      known.duration = clamp(position.at - known.at, MIN_GLIDE, MAX_GLIDE);
      known.start = now;
      [known.toX, known.toY] = [toX, toY];
      known.lat = position.lat;
      known.lon = position.lon;
      known.heading = position.heading;
      known.speed = position.speed;
      known.at = position.at;
    }
  }

  /** Lets things fade away. */
  leave(ids: readonly string[], now: number): void {
    for (const id of ids) {
      const track = this.#tracks.get(id);
      if (!track || track.gone) continue;
      track.gone = true;
      track.changed = now;
    }
  }

  /** Forgets what has faded away. */
  sweep(now: number): void {
    for (const [id, track] of this.#tracks) {
      if (track.gone && now - track.changed > APPEAR) this.#tracks.delete(id);
    }
  }

  readonly #pose: Pose = { x: 0, y: 0, heading: 0, alpha: 1, stale: false };

  /**
   * Where to draw a track at `now`. `age` is how old its position is in ms. The answer is overwritten by the
   * next call.
   */
  pose(track: Track, now: number, age: number): Pose {
    const share = clamp((now - track.start) / track.duration, 0, 1);
    const pose = this.#pose;
    pose.x = between(track.fromX, track.toX, share);
    pose.y = between(track.fromY, track.toY, share);
    pose.heading = turn(track.fromHeading, track.heading, share);
    const shown = clamp((now - track.changed) / APPEAR, 0, 1);
    const fresh = 1 - 0.65 * clamp((age - FADE_FROM) / (FADE_TO - FADE_FROM), 0, 1);
    pose.alpha = (track.gone ? 1 - shown : shown) * fresh;
    pose.stale = age > (FADE_FROM + FADE_TO) / 2;
    return pose;
  }

  /**
   * Age in ms that 95 % of the moving things do not exceed, people aside, who may well stand still.
   * `serverNow` is the server's clock as far as this page can tell. Undefined without any.
   */
  ageP95(serverNow: number): number | undefined {
    const ages: number[] = [];
    for (const track of this.#tracks.values()) {
      if (!track.gone && track.kind !== 'person') ages.push(Math.max(0, serverNow - track.at));
    }
    ages.sort((a, b) => a - b);
    return ages[Math.ceil(ages.length * 0.95) - 1];
  }
}
