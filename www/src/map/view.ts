/** The map on the page: land, names, everything that moves, and what the visitor looks at. */
import L from 'leaflet';
import layers from 'virtual:land';

import { duration, number, onLanguage, t } from '../i18n/index.ts';
import { byId, setText } from '../ui/dom.ts';
import type { OwnPosition, Viewport } from '../wire.ts';
import { Fleet, type Track } from './fleet.ts';
import { addLabels } from './labels.ts';
import { landBounds, landLayer } from './land.ts';
import { addMe } from './me.ts';
import { legendIcon } from './sprites.ts';
import { KINDS, onTheme } from './theme.ts';
import { VehicleLayer } from './vehicles.ts';

export interface MapOptions {
  /** The server's clock. */
  readonly serverNow: () => number;
  /** How long the link has been silent, ms; 0 while it is not. */
  readonly silence: () => number;
  readonly watch: (area: Viewport) => void;
  readonly moveTo: (own: OwnPosition) => void;
  /** Name of a visitor. */
  readonly name: (user: string) => string;
}

/** South Korea with its seas. */
const HOME = L.latLngBounds([33.05, 125.4], [38.7, 130.2]);
/** The area asked for is this much larger than the screen on each side, so that a short pan finds it filled. */
const MARGIN = 0.12;
/** Positions older than this are pointed out. */
const OLD = 4_000;

export class MapView {
  readonly fleet = new Fleet();
  readonly #options: MapOptions;
  readonly #map: L.Map;
  readonly #vehicles: VehicleLayer;
  /** Zoom that the buttons have asked for and the map has not reached. */
  #goal: number | undefined;

  constructor(options: MapOptions) {
    this.#options = options;
    this.#map = L.map(byId('map'), {
      zoomControl: false,
      attributionControl: false,
      minZoom: 4,
      maxZoom: 13,
      zoomSnap: 0.5,
      maxBounds: landBounds(layers),
      maxBoundsViscosity: 0.9,
      worldCopyJump: false,
    });
    this.#map.fitBounds(HOME);
    const land = landLayer(layers).addTo(this.#map);
    this.#vehicles = new VehicleLayer({
      fleet: this.fleet,
      age: (track) => this.#age(track),
      label: (track) => (track.kind === 'person' ? options.name(track.id) : undefined),
    }).addTo(this.#map);
    addLabels(this.#map);
    addMe(this.#map, options.moveTo);
    this.#map.on('move', () => this.#watch());
    this.#map.on('zoomend', () => this.#zoomed());
    this.#zoomed();
    this.#map.on('click', (event) => this.#select(this.#vehicles.at(event.containerPoint)));
    this.#buttons();
    this.#legend();
    onTheme(() => {
      land.redraw();
      this.#legend();
    });
    onLanguage(() => this.refresh());
    new ResizeObserver(() => this.#resized()).observe(byId('map'));
  }

  /** Tells the area once more, to a new connection. */
  tell(): void {
    this.#watch();
  }

  /** Brings the texts around the map up to date; call it a few times a second. */
  refresh(): void {
    const count = this.fleet.size;
    Object.assign(byId('map').dataset, { vehicles: count, visitors: this.fleet.visitors });
    const age = this.fleet.ageP95(this.#options.serverNow());
    const old = age !== undefined && age > OLD;
    const chip = byId('map-count');
    chip.classList.toggle('old', old);
    if (count > 0) setText(chip, old ? t('mapStale', { age: duration(age) }) : t('mapCount', { count: number(count) }));
    else setText(chip, this.fleet.updates > 0 ? t('mapEmpty') : t('mapLoading'));
    this.#showSelected();
  }

  /** A person may stand still, but when nothing at all arrives nobody knows. */
  #age(track: Track): number {
    return track.kind === 'person' ? this.#options.silence() : this.#options.serverNow() - track.at;
  }

  #resized(): void {
    const before = this.#map.getSize();
    this.#map.invalidateSize({ pan: false });
    // A map that was made while its tab was hidden has had no size to fit anything into.
    if (before.x === 0 && this.#map.getSize().x > 0) this.#map.fitBounds(HOME);
    this.#watch();
  }

  #watch(): void {
    const size = this.#map.getSize();
    if (size.x === 0 || size.y === 0) return;
    const bounds = this.#map.getBounds().pad(MARGIN);
    const edge = (value: number, limit: number) => Math.max(-limit, Math.min(limit, value));
    this.#options.watch({
      west: edge(bounds.getWest(), 180),
      south: edge(bounds.getSouth(), 90),
      east: edge(bounds.getEast(), 180),
      north: edge(bounds.getNorth(), 90),
    });
  }

  /** Leaflet ignores a step that is asked for while another is being animated; quick clicks should add up. */
  #zoomBy(step: number): void {
    const map = this.#map;
    const moving = this.#goal !== undefined;
    const wanted = (this.#goal ?? map.getZoom()) + step;
    const goal = Math.max(map.getMinZoom(), Math.min(map.getMaxZoom(), wanted));
    if (!moving && goal === map.getZoom()) return;
    this.#goal = goal;
    if (!moving) map.setZoom(goal);
  }

  #zoomed(): void {
    const zoom = this.#map.getZoom();
    byId('map').dataset['zoom'] = String(zoom);
    if (this.#goal === undefined || this.#goal === zoom) this.#goal = undefined;
    else this.#map.setZoom(this.#goal);
  }

  #buttons(): void {
    byId('map-in').addEventListener('click', () => this.#zoomBy(1));
    byId('map-out').addEventListener('click', () => this.#zoomBy(-1));
    byId('map-home').addEventListener('click', () => {
      this.#goal = undefined;
      this.#map.flyToBounds(HOME, { duration: 0.6 });
    });
    byId('map-info-close').addEventListener('click', () => this.#select(undefined));
    for (const corner of document.querySelectorAll<HTMLElement>('.map-over')) {
      L.DomEvent.disableClickPropagation(corner);
    }
  }

  #legend(): void {
    for (const kind of KINDS) byId(`legend-${kind}`).replaceChildren(legendIcon(kind));
  }

  #select(track: Track | undefined): void {
    this.#vehicles.selected = track?.id;
    this.#showSelected();
  }

  #showSelected(): void {
    const id = this.#vehicles.selected;
    const track = id === undefined ? undefined : this.fleet.tracks.get(id);
    byId('map-info').hidden = !track;
    if (!track) return;
    const person = track.kind === 'person';
    const digits = /\d+$/.exec(track.id)?.[0] ?? '';
    setText(byId('map-info-name'), person ? this.#options.name(track.id) : `${t(track.kind)} ${digits}`);
    byId('map-info-kind').replaceChildren(legendIcon(track.kind));
    const age = Math.max(0, this.#options.serverNow() - track.at);
    // No speed: the server's vehicles run in time lapse, and a bus at 1,600 km/h looks like a mistake.
    const heading = Math.round(track.heading);
    setText(byId('map-info-text'), person ? t('person') : t('mapHeading', { heading, age: duration(age) }));
  }
}
