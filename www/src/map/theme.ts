/** The colours of everything drawn on a canvas, which style sheets cannot reach. */
export interface MapTheme {
  readonly sea: string;
  readonly shelf: readonly string[];
  readonly land: string;
  readonly coast: string;
  readonly border: string;
  readonly grid: string;
  readonly halo: string;
  readonly kinds: Readonly<Record<Kind, string>>;
  readonly stale: string;
}

/** What the server says can move. */
export type Kind = 'bus' | 'ferry' | 'plane' | 'person';
export const KINDS: readonly Kind[] = ['bus', 'ferry', 'plane', 'person'];

const light: MapTheme = {
  sea: '#cbdfe9',
  shelf: ['rgba(255,255,255,.16)', 'rgba(255,255,255,.2)', 'rgba(255,255,255,.26)'],
  land: '#f6f3ec',
  coast: '#8fb0c0',
  border: '#b9ab96',
  grid: 'rgba(70,110,135,.14)',
  halo: 'rgba(255,255,255,.95)',
  kinds: { bus: '#c2570c', ferry: '#0b6fa4', plane: '#6d3fd4', person: '#0b8457' },
  stale: '#8b959d',
};

const dark: MapTheme = {
  sea: '#0a1725',
  shelf: ['rgba(72,140,180,.05)', 'rgba(72,140,180,.07)', 'rgba(72,140,180,.1)'],
  land: '#213343',
  coast: '#4d7389',
  border: '#5d7686',
  grid: 'rgba(130,170,195,.09)',
  halo: 'rgba(8,18,28,.92)',
  kinds: { bus: '#ffb454', ferry: '#4cc3ff', plane: '#c09bff', person: '#4ade9f' },
  stale: '#6f7f8b',
};

const query = matchMedia('(prefers-color-scheme: dark)');

/** The theme that the system asks for now. */
export const theme = (): MapTheme => (query.matches ? dark : light);

/** Calls `fn` whenever the system changes between light and dark. */
export function onTheme(fn: () => void): void {
  query.addEventListener('change', fn);
}
