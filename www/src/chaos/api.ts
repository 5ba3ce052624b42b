/** The server's fault injection, over plain HTTP on the page's own origin, which no fault reaches. */
import { identity } from '../session.ts';

export interface Settings {
  latencyMs: number;
  jitterMs: number;
  downBytesPerS: number;
  upBytesPerS: number;
  dropInbound: number;
  dropOutbound: number;
  webSocketBlocked: boolean;
}

export interface ChaosState {
  settings: Settings;
  clients: Record<string, { [K in keyof Settings]: Settings[K] | null } | undefined>;
  down: boolean;
  downForMs: number | null;
  links: { link: number; client: string; halfOpen: boolean }[];
}

export type Faults = Partial<Settings> & {
  halfOpen?: { seconds: number | null } | false;
  reset?: true;
  kill?: { seconds: number | null } | false;
  clear?: true;
};

/** Who is hit: this tab or everyone. */
export type Target = 'me' | 'all';

async function call(path: string, init: RequestInit): Promise<ChaosState> {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout(5_000) });
  const body = (await response.json()) as ChaosState | { error: string };
  if ('error' in body) throw new Error(body.error);
  return body;
}

export const readChaos = (): Promise<ChaosState> => call('/chaos', {});

/** Applies faults; answers what is in force afterwards. */
export function applyChaos(faults: Faults, target: Target): Promise<ChaosState> {
  const path = target === 'me' ? `/chaos?client=${encodeURIComponent(identity.client)}` : '/chaos';
  const headers = { 'content-type': 'application/json' };
  return call(path, { method: 'POST', headers, body: JSON.stringify(faults) });
}

/** What this tab feels: its own settings where it has any, else the server's. */
export function felt(state: ChaosState): Settings & { halfOpen: boolean } {
  const own = state.clients[identity.client];
  const set = Object.entries(own ?? {}).filter(([, value]) => value !== null);
  const settings = { ...state.settings, ...(Object.fromEntries(set) as Partial<Settings>) };
  const halfOpen = state.links.some((link) => link.client === identity.client && link.halfOpen);
  return { ...settings, halfOpen };
}
