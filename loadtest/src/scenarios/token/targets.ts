import type { Target } from '../../drivers/request.ts';
import { type ApiClient, tokenRequest } from '../../platform/clients.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Watched } from '../../proof/stage.ts';

export type StageName = 'legacy' | 'tuned' | 'extracted' | 'extracted-direct';

/** In the order of the story. */
export const stageNames: readonly StageName[] = ['legacy', 'tuned', 'extracted', 'extracted-direct'];

export interface TokenTarget {
  name: StageName;
  target: Target;
  watched: Watched;
  /** Names of our processes on the path. */
  ours: string[];
}

/** The four ways to a token, in the order of the story. Looked up again after a restart: process ids change. */
export function tokenTargets(stack: Platform, clients: readonly ApiClient[]): Record<StageName, TokenTarget> {
  const requests = clients.map(tokenRequest);
  const stores = { postgres: stack.status.stores.postgres?.pid ?? null };
  const target = (name: StageName, url: string, processes: string[]): TokenTarget => ({
    name,
    target: { url, requests },
    ours: processes,
    watched: { ours: Object.fromEntries(processes.map((one) => [one, stack.process(one).pid])), stores },
  });
  const edge = stack.process('mesh').urls.edge;
  if (edge === undefined) throw new Error('the mesh names no URL of its edge');
  return {
    legacy: target('legacy', stack.process('monolith').url, ['monolith']),
    tuned: target('tuned', stack.process('monolith-tuned').url, ['monolith-tuned']),
    extracted: target('extracted', edge, ['mesh', 'auth']),
    'extracted-direct': target('extracted-direct', stack.process('auth').url, ['auth']),
  };
}
