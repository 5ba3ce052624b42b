/** The little that the page needs to build elements. */

type Child = Node | string | false | null | undefined;
type Props = Readonly<Record<string, string | number | boolean | ((event: never) => void) | undefined>>;

/** Makes an element. `on…` functions become listeners, booleans bare attributes, `undefined` nothing. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else if (value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child instanceof Node || !!child));
  return element;
}

/** The element with this id, which `index.html` has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element with the id ${id}`);
  return element as T;
}

/** Sets a text only if it differs, so that screen readers are not told the same again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const icons = {
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Zm0 2.6V8l2.4 1.6',
  check: 'm3 8.5 3.3 3.3L13 5',
  question: 'M5.8 6a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.7M8 12.2v.1',
  alert: 'M8 4v5M8 11.8v.2',
  pause: 'M6 4.5v7M10 4.5v7',
  heart: 'M8 13.2S2.6 10 2.6 6.2A2.8 2.8 0 0 1 8 5a2.8 2.8 0 0 1 5.4 1.2C13.4 10 8 13.2 8 13.2Z',
  close: 'm4.5 4.5 7 7m0-7-7 7',
  pencil: 'm3.5 12.5.6-2.6 6.5-6.5 2 2-6.5 6.5-2.6.6Z',
} as const;

/** A small line icon in the colour of the text. */
export function icon(name: keyof typeof icons): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', icons[name]);
  svg.append(path);
  return svg;
}

/** A stable hue from 0 to 359 for a user. */
export function hue(user: string): number {
  let hash = 7;
  for (const letter of user) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 3_600;
  // Steps of the golden angle keep users that differ little apart.
  return Math.round(hash * 137.508) % 360;
}

/** The coloured disc with a letter that stands for a user. */
export function avatar(user: string, name: string, small = false): HTMLElement {
  const disc = h('span', { class: small ? 'avatar small' : 'avatar', 'aria-hidden': 'true' });
  disc.style.setProperty('--hue', String(hue(user)));
  disc.textContent = [...name.trim()][0]?.toUpperCase() ?? '?';
  return disc;
}
