import type { Target } from '../../drivers/request.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Watched } from '../../proof/stage.ts';
import { getRequests, type ResourceReads } from './reads.ts';

/** The same reads, four ways; the monolith is what the service is measured against. */
export const stageNames = ['monolith', 'service', 'monolith-mesh', 'service-mesh'] as const;
export type StageName = (typeof stageNames)[number];

export interface ResourceTarget {
  name: StageName;
  target: Target;
  watched: Watched;
  /** Names of our processes on the path. */
  ours: string[];
}

/** @param token the credential of the reads: one that both sides verify by themselves */
export function resourceTargets(
  stack: Platform,
  { service, store }: ResourceReads,
  paths: readonly string[],
  token: string,
): ResourceTarget[] {
  const edge = stack.process('mesh').urls.edge;
  if (edge === undefined) throw new Error('the mesh names no URL of its edge');
  const authorization = { authorization: `Bearer ${token}` };
  const target = (name: StageName, url: string, ours: string[], behind: string | null, headers = {}) => ({
    name,
    target: { url, requests: getRequests(paths, { ...authorization, ...headers }) },
    ours,
    watched: {
      ours: Object.fromEntries(ours.map((one) => [one, stack.process(one).pid])),
      stores: behind === null ? {} : { [behind]: stack.status.stores[behind]?.pid ?? null },
    },
  });
  // Single requests go to the side that the header names, so no weight changes and both sides are measured in turn.
  const to = (side: string) => ({ 'x-mesh-override': `${service}=${side}, monolith=${side}` });
  return [
    target('monolith', stack.process('monolith').url, ['monolith'], 'postgres'),
    target('service', stack.process(service).url, [service], store),
    target('monolith-mesh', edge, ['mesh', 'monolith'], 'postgres', to('monolith')),
    target('service-mesh', edge, ['mesh', service], store, to(service)),
  ];
}
