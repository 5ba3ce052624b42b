/** Place names as elements of the map: crisp at any density, in the language of the page. */
import L from 'leaflet';

import { language, onLanguage } from '../i18n/index.ts';
import { h } from '../ui/dom.ts';
import { places } from './cities.ts';

/** Puts the names on the map and shows those that fit the zoom. */
export function addLabels(map: L.Map): void {
  const pane = map.createPane('labels');
  pane.style.zIndex = '460';
  pane.style.pointerEvents = 'none';
  const markers = places.map((place) => {
    const text = h('span', { class: 'place-name' });
    const element = h('span', { class: `place place-${place.kind}`, 'aria-hidden': 'true' }, text);
    const icon = L.divIcon({ className: 'place-anchor', html: element, iconSize: [0, 0] });
    const at: L.LatLngTuple = [place.lat, place.lon];
    return { place, text, marker: L.marker(at, { icon, pane: 'labels', interactive: false, keyboard: false }) };
  });
  const write = () => {
    for (const { place, text } of markers) text.textContent = place[language()];
  };
  const choose = () => {
    const zoom = map.getZoom();
    for (const { place, marker } of markers) {
      if (zoom >= place.from) marker.addTo(map);
      else marker.remove();
    }
  };
  map.on('zoomend', choose);
  onLanguage(write);
  write();
  choose();
}
