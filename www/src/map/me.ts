/** The visitor's own marker: drag it, or move it with the arrow keys. */
import L from 'leaflet';

import { onLanguage, t } from '../i18n/index.ts';
import { store, stored } from '../session.ts';
import { h, setText } from '../ui/dom.ts';
import type { OwnPosition } from '../wire.ts';

const KEY = 'everwire.me';
/** An arrow key moves this many pixels. */
const STEP = 12;
const METRES_PER_DEGREE = 111_320;

const arrows: Readonly<Record<string, L.PointTuple>> = {
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
};

/** Somewhere on the mainland, so that visitors do not stand on each other. */
const somewhere = (): L.LatLng => L.latLng(35.4 + Math.random() * 2, 127.2 + Math.random() * 1.6);

/** Degrees clockwise from north and metres per second between two moments. */
function motion(from: L.LatLng, to: L.LatLng, ms: number): Pick<OwnPosition, 'heading' | 'speed'> {
  const north = (to.lat - from.lat) * METRES_PER_DEGREE;
  const east = (to.lng - from.lng) * METRES_PER_DEGREE * Math.cos((to.lat * Math.PI) / 180);
  const distance = Math.hypot(north, east);
  if (distance < 1 || ms <= 0) return { heading: null, speed: null };
  const heading = (Math.atan2(east, north) * 180) / Math.PI;
  return { heading: (heading + 360) % 360, speed: Math.min(100_000, (distance * 1_000) / ms) };
}

/** Puts the marker on the map; `moved` is told of each move, and of the place where it starts. */
export function addMe(map: L.Map, moved: (own: OwnPosition) => void): void {
  const kept = stored<[number, number]>(KEY);
  const label = h('span', { class: 'me-label' });
  const dot = h('span', { class: 'me' }, h('span', { class: 'me-pulse' }), h('span', { class: 'me-dot' }), label);
  const marker = L.marker(kept ? L.latLng(kept) : somewhere(), {
    icon: L.divIcon({ className: 'me-anchor', html: dot, iconSize: [44, 44], iconAnchor: [22, 22] }),
    draggable: true,
    autoPan: true,
    zIndexOffset: 1_000,
  }).addTo(map);
  let last = { at: marker.getLatLng(), time: performance.now() };
  const tell = () => {
    const at = marker.getLatLng();
    const time = performance.now();
    moved({ lat: at.lat, lon: at.lng, ...motion(last.at, at, time - last.time) });
    last = { at, time };
    store(KEY, [at.lat, at.lng]);
  };
  marker.on('drag', tell);
  const element = marker.getElement();
  element?.addEventListener('keydown', (event) => {
    const arrow = arrows[event.key];
    if (!arrow) return;
    event.preventDefault();
    event.stopPropagation();
    marker.setLatLng(map.layerPointToLatLng(map.latLngToLayerPoint(marker.getLatLng()).add(arrow)));
    tell();
  });
  const write = () => {
    setText(label, t('mapYou'));
    element?.setAttribute('aria-label', t('mapMe'));
    element?.setAttribute('title', t('mapHint'));
  };
  onLanguage(write);
  write();
  moved({ lat: last.at.lat, lon: last.at.lng, heading: null, speed: null });
}
