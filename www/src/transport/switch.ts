/** The switch between the transports. */
import { byId } from '../ui/dom.ts';
import { type Transport, transports } from './index.ts';

/** Wires it up; `changed` is told when the visitor has chosen another transport. */
export function transportSwitch(first: Transport, changed: (transport: Transport) => void): void {
  let current = first;
  const group = byId('transport');
  const mark = () => {
    for (const name of transports) {
      group.querySelector(`[data-value="${name}"]`)?.setAttribute('aria-pressed', String(name === current));
    }
  };
  for (const name of transports) {
    group.querySelector(`[data-value="${name}"]`)?.addEventListener('click', () => {
      if (name === current) return;
      current = name;
      mark();
      changed(name);
    });
  }
  mark();
}
