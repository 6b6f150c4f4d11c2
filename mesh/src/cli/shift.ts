import type { Weights } from '../control/weights.ts';
import type { AdminClient } from './admin-client.ts';
import { MeshCliError } from './error.ts';
import type { Output } from './output.ts';

export interface ShiftOptions {
  who: string;
  why: string;
  ifMatch?: string;
  json: boolean;
}

/**
 * `mesh shift token auth=100`: sets weights of a route. Services that are not named share the rest up to 100.
 *
 * @throws MeshCliError
 */
export async function shift(
  admin: AdminClient,
  route: string,
  assignments: readonly string[],
  options: ShiftOptions,
  { out }: Output,
): Promise<void> {
  const weights = parseWeights(assignments);
  const { who, why, ifMatch, json } = options;
  const path = `/routes/${encodeURIComponent(route)}/weights`;
  const result = await admin.post<{ route: string; weights: Weights; generation: number }>(
    path,
    { weights, who, why },
    ifMatch === undefined ? {} : { 'if-match': ifMatch },
  );
  if (json) {
    out(JSON.stringify(result));
    return;
  }
  const shown = Object.entries(result.weights).map(([service, weight]) => `${service}=${weight}`);
  out(`${result.route}: ${shown.join(' ')}`);
}

/** `['auth=100']` as `{ auth: 100 }`. @throws MeshCliError naming every malformed assignment */
export function parseWeights(assignments: readonly string[]): Weights {
  const weights: Weights = {};
  const bad: string[] = [];
  for (const assignment of assignments) {
    const match = /^([^=\s]+)=(\d{1,7})%?$/.exec(assignment);
    const [, service, weight] = match ?? [];
    if (service === undefined || weight === undefined || Object.hasOwn(weights, service)) bad.push(assignment);
    else weights[service] = Number(weight);
  }
  if (bad.length > 0) {
    throw new MeshCliError(
      `Not a weight: ${bad.join(', ')}`,
      'Write service=weight, each service once, as in: mesh shift token auth=100',
    );
  }
  return weights;
}
