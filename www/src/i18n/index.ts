/** The language of the page: from the switch, else from the browser. */
import { en } from './en.ts';
import { ko } from './ko.ts';

export type Language = 'en' | 'ko';
export type Key = keyof typeof en;

const texts: Record<Language, Record<string, string>> = { en: { ...en }, ko: { ...ko } };
const KEY = 'everwire.language';
const listeners = new Set<() => void>();

function initial(): Language {
  const asked = new URLSearchParams(location.search).get('lang');
  if (asked === 'en' || asked === 'ko') return asked;
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === 'en' || kept === 'ko') return kept;
  } catch {
    // Without storage the browser's language decides.
  }
  return navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en';
}

let current = initial();

export const language = (): Language => current;

/** Adds the texts of another page; a key that is there already gets the new text. */
export function addTexts(more: Readonly<Record<Language, Readonly<Record<string, string>>>>): void {
  Object.assign(texts.en, more.en);
  Object.assign(texts.ko, more.ko);
}

/** The text of a key, with `{name}` replaced by values. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return (texts[current][key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Calls `fn` after each change of language. */
export function onLanguage(fn: () => void): void {
  listeners.add(fn);
}

export function setLanguage(next: Language): void {
  current = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // The choice then holds until the page is left.
  }
  applyTexts();
  for (const fn of listeners) fn();
}

/** Fills in every element that names its text: `data-t` the content, `data-t-label` and so on an attribute. */
export function applyTexts(root: ParentNode = document): void {
  if (root === document) {
    document.documentElement.lang = current;
    document.title = t('title');
  }
  const attributes = { tLabel: 'aria-label', tTitle: 'title', tPlaceholder: 'placeholder' } as const;
  const marked = root.querySelectorAll<HTMLElement>('[data-t],[data-t-label],[data-t-title],[data-t-placeholder]');
  for (const element of marked) {
    const { dataset } = element;
    if (dataset['t']) element.textContent = t(dataset['t'] as Key);
    for (const [name, attribute] of Object.entries(attributes)) {
      const key = dataset[name];
      if (key) element.setAttribute(attribute, t(key as Key));
    }
  }
}

/** A whole number as the reader of this language writes it. */
export const number = (value: number): string => new Intl.NumberFormat(current).format(value);

const units = {
  en: { ms: '\u00a0ms', s: '\u00a0s', min: '\u00a0min' },
  ko: { ms: 'ms', s: '초', min: '분' },
} as const;

/** A duration in ms in a short form: `85 ms`, `1.2 s`, `12 s`, `2 min`. */
export function duration(ms: number): string {
  const unit = units[current];
  if (ms < 1_000) return `${Math.round(ms)}${unit.ms}`;
  if (ms < 10_000) return `${Math.round(ms / 100) / 10}${unit.s}`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)}${unit.s}`;
  return `${Math.floor(ms / 60_000)}${unit.min}`;
}

/** An amount of bytes in a short form. */
export function bytes(amount: number): string {
  if (amount < 1_000) return `${amount} B`;
  if (amount < 1_000_000) return `${(amount / 1_000).toFixed(amount < 10_000 ? 1 : 0)} kB`;
  return `${(amount / 1_000_000).toFixed(1)} MB`;
}

/** The time of day of a post. */
export function clock(at: number): string {
  return new Intl.DateTimeFormat(current, { hour: '2-digit', minute: '2-digit' }).format(at);
}
