/** On a narrow screen one view at a time; on a wide one all of them, and the tabs are not there. */
import { byId } from './dom.ts';

export type ViewName = 'map' | 'feed' | 'link';
const names: readonly ViewName[] = ['map', 'feed', 'link'];

export interface Tabs {
  /** Whether a view can be seen. */
  readonly visible: (name: ViewName) => boolean;
  /** Shows how much is new in the feed while another view is open. */
  readonly badge: (count: number) => void;
}

/** Wires up the tabs; `changed` is told when another view is shown. */
export function tabs(changed: () => void): Tabs {
  const mark = (name: ViewName) => {
    document.body.dataset['view'] = name;
    for (const other of names) byId(`tab-${other}`).setAttribute('aria-pressed', String(other === name));
  };
  const show = (name: ViewName) => {
    mark(name);
    changed();
  };
  for (const name of names) byId(`tab-${name}`).addEventListener('click', () => show(name));
  byId('skip').addEventListener('click', () => show('feed'));
  byId('pill').addEventListener('click', () => show('link'));
  mark('map');
  return {
    visible: (name) => byId(`view-${name}`).offsetParent !== null,
    badge: (count) => {
      const badge = byId('tab-badge');
      badge.hidden = count === 0;
      badge.textContent = count > 99 ? '99+' : String(count);
    },
  };
}
