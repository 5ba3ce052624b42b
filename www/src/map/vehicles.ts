/** Draws the fleet above the land, once per frame of the screen, on one canvas of the map's size. */
import L from 'leaflet';

import type { Fleet, Track } from './fleet.ts';
import { Sprites } from './sprites.ts';
import { onTheme, theme } from './theme.ts';

/** A tap within this many CSS pixels of a symbol means the symbol. */
const REACH = 18;
/** For a reader who asked for less motion things do not glide: they are drawn anew after this time, ms. */
const CALM_FRAME = 500;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

export interface VehicleOptions {
  readonly fleet: Fleet;
  /** Age of a track's position in ms. */
  readonly age: (track: Track) => number;
  /** Text below a track, if any. */
  readonly label: (track: Track) => string | undefined;
}

export class VehicleLayer extends L.Layer {
  readonly #options: VehicleOptions;
  readonly #canvas = document.createElement('canvas');
  #context: CanvasRenderingContext2D | null = null;
  #chart: L.Map | undefined;
  #sprites = new Sprites(1);
  #ratio = 1;
  #frame = 0;
  #zooming = false;
  #drawnAt = 0;
  /** Id of the track with a ring around it. */
  selected: string | undefined;

  constructor(options: VehicleOptions) {
    super();
    this.#options = options;
    this.#canvas.className = 'vehicles leaflet-zoom-animated';
    this.#canvas.setAttribute('aria-hidden', 'true');
    onTheme(() => {
      this.#sprites = new Sprites(this.#ratio);
    });
  }

  override onAdd(map: L.Map): this {
    this.#chart = map;
    this.#context = this.#canvas.getContext('2d');
    map.createPane('vehicles').style.zIndex = '450';
    map.getPane('vehicles')?.append(this.#canvas);
    this.#resize();
    this.#frame = requestAnimationFrame(this.#draw);
    return this;
  }

  override onRemove(): this {
    cancelAnimationFrame(this.#frame);
    this.#canvas.remove();
    this.#chart = undefined;
    return this;
  }

  override getEvents() {
    return {
      resize: () => this.#resize(),
      move: () => {
        this.#drawnAt = 0;
      },
      zoomanim: (event: L.LeafletEvent) => this.#zoom(event as L.ZoomAnimEvent),
      zoomend: () => {
        this.#zooming = false;
      },
    };
  }

  /** The track at a point of the map's container, the nearest if several are within reach. */
  at(point: L.Point): Track | undefined {
    const map = this.#chart;
    if (!map) return undefined;
    const now = performance.now();
    const { min, scale } = this.#projection(map);
    let best: Track | undefined;
    let nearest = REACH;
    for (const track of this.#options.fleet.tracks.values()) {
      if (track.gone) continue;
      const pose = this.#options.fleet.pose(track, now, 0);
      const distance = Math.hypot(pose.x * scale - min.x - point.x, pose.y * scale - min.y - point.y);
      if (distance < nearest) [best, nearest] = [track, distance];
    }
    return best;
  }

  #projection(map: L.Map) {
    return { min: map.project(map.containerPointToLatLng([0, 0])), scale: 256 * 2 ** map.getZoom() };
  }

  #resize(): void {
    const size = this.#chart?.getSize();
    if (!size) return;
    this.#ratio = Math.min(devicePixelRatio || 1, 2);
    this.#canvas.width = Math.max(1, size.x * this.#ratio);
    this.#canvas.height = Math.max(1, size.y * this.#ratio);
    this.#canvas.style.width = `${size.x}px`;
    this.#canvas.style.height = `${size.y}px`;
    this.#sprites = new Sprites(this.#ratio);
  }

  /** While Leaflet animates a zoom, the last frame is scaled along with the land. */
  #zoom({ center, zoom }: L.ZoomAnimEvent): void {
    const map = this.#chart;
    const mapPane = map?.getPane('mapPane');
    if (!map || !mapPane) return;
    this.#zooming = true;
    const corner = map.containerPointToLatLng([0, 0]);
    const origin = map
      .project(center, zoom)
      .subtract(map.getSize().divideBy(2))
      .add(L.DomUtil.getPosition(mapPane))
      .round();
    const offset = map.project(corner, zoom).subtract(origin);
    L.DomUtil.setTransform(this.#canvas, offset, map.getZoomScale(zoom, map.getZoom()));
  }

  readonly #draw = (now: number): void => {
    const map = this.#chart;
    const context = this.#context;
    if (!map || !context) return;
    this.#frame = requestAnimationFrame(this.#draw);
    if (this.#zooming || this.#canvas.offsetParent === null) return;
    if (calm.matches && now - this.#drawnAt < CALM_FRAME) return;
    this.#drawnAt = now;
    L.DomUtil.setPosition(this.#canvas, map.containerPointToLayerPoint([0, 0]));
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const { fleet } = this.#options;
    fleet.sweep(now);
    const { min, scale } = this.#projection(map);
    const size = map.getSize();
    const close = Math.min(1.1, Math.max(0.6, (map.getZoom() - 3) / 6));
    for (const track of fleet.tracks.values()) {
      const pose = fleet.pose(track, now, this.#options.age(track));
      const [x, y] = [pose.x * scale - min.x, pose.y * scale - min.y];
      if (x < -40 || y < -40 || x > size.x + 40 || y > size.y + 40) continue;
      context.globalAlpha = pose.alpha;
      context.setTransform(this.#ratio, 0, 0, this.#ratio, x * this.#ratio, y * this.#ratio);
      if (track.id === this.selected) this.#ring(context, now);
      const label = this.#options.label(track);
      if (label) this.#label(context, label);
      context.scale(close, close);
      if (track.kind !== 'person') context.rotate((pose.heading * Math.PI) / 180);
      this.#sprites.stamp(context, track.kind, pose.stale);
    }
    context.globalAlpha = 1;
  };

  #ring(context: CanvasRenderingContext2D, now: number): void {
    context.strokeStyle = theme().kinds.person;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(0, 0, 17 + Math.sin(now / 250) * 1.5, 0, Math.PI * 2);
    context.stroke();
  }

  #label(context: CanvasRenderingContext2D, text: string): void {
    context.font = '600 11px system-ui, "Noto Sans CJK KR", sans-serif';
    context.textAlign = 'center';
    context.lineWidth = 3;
    context.strokeStyle = theme().halo;
    context.strokeText(text, 0, 21);
    context.fillStyle = theme().kinds.person;
    context.fillText(text, 0, 21);
  }
}
