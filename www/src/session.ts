/**
 * Who this tab is. Kept in the session storage: a reload is the same visitor, a second tab is another one, so
 * that two tabs beside each other show what two people would see.
 */
import { language } from './i18n/index.ts';

export interface Identity {
  /** Id of the user, shown to nobody. */
  readonly user: string;
  /** Name of this tab for the server's fault injection. */
  readonly client: string;
  name: string;
  room: string | undefined;
}

const KEY = 'everwire.identity';

const names = {
  en: [
    ['Swift', 'Quiet', 'Bright', 'Brave', 'Gentle', 'Clever', 'Sunny', 'Lucky'],
    ['Otter', 'Heron', 'Tiger', 'Magpie', 'Crane', 'Fox', 'Seal', 'Squirrel'],
  ],
  ko: [
    ['날쌘', '조용한', '빛나는', '용감한', '다정한', '영리한', '햇살', '행운의'],
    ['수달', '왜가리', '호랑이', '까치', '두루미', '여우', '물범', '다람쥐'],
  ],
} as const;

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

const fresh = (): Identity => ({
  user: `u-${crypto.randomUUID().slice(0, 8)}`,
  client: `c-${crypto.randomUUID().slice(0, 8)}`,
  name: names[language()].map((words) => pick<string>(words)).join(' '),
  room: undefined,
});

function read(): Identity | undefined {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Partial<Identity> | null;
    return stored?.user && stored.client && stored.name ? (stored as Identity) : undefined;
  } catch {
    // Storage may be switched off or hold something else; the visitor is then new on every load.
    return undefined;
  }
}

/** The visitor of this tab. */
export const identity: Identity = read() ?? fresh();

/** Keeps changes of `identity` over a reload. */
export function saveIdentity(): void {
  store(KEY, identity);
}

/** Writes to the session storage; a full or missing storage only costs what a reload would have kept. */
export function store(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    return;
  }
}

/** Reads what `store` wrote. */
export function stored<T>(key: string): T | undefined {
  try {
    return (JSON.parse(sessionStorage.getItem(key) ?? 'null') as T | null) ?? undefined;
  } catch {
    return undefined;
  }
}

saveIdentity();
