import type { Weights } from '../control/weight-groups.ts';
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
 * `mesh shift token auth=100`: sets weights of a route's rules that have these services; `mesh shift brands/writes
 * brands=100`: of one rule. Services that are not named share the rest up to 100.
 *
 * @param target the name of a route, or `route/rule`
 * @throws MeshCliError
 */
export async function shift(
  admin: AdminClient,
  target: string,
  assignments: readonly string[],
  options: ShiftOptions,
  { out }: Output,
): Promise<void> {
  const weights = parseWeights(assignments);
  const { who, why, ifMatch, json } = options;
  const result = await admin.post<ShiftReply>(
    `${rulePath(target)}/weights`,
    { weights, who, why },
    ifMatch === undefined ? {} : { 'if-match': ifMatch },
  );
  if (json) {
    out(JSON.stringify(result));
    return;
  }
  for (const { rule, weights: set } of result.rules) {
    const shown = Object.entries(set).map(([service, weight]) => `${service}=${weight}`);
    // The rule matters where the command has named it, or where there are several.
    const name =
      rule === null || (result.rules.length === 1 && target === result.route)
        ? result.route
        : `${result.route}/${rule}`;
    out(`${name}: ${shown.join(' ')}`);
  }
}

interface ShiftReply {
  route: string;
  rules: { rule: string | null; weights: Weights }[];
  generation: number;
}

/** The path of a route, or of `route/rule`, at the admin port. */
export function rulePath(target: string): string {
  const [route = '', rule] = target.split(/\/(.*)/s);
  const path = `/routes/${encodeURIComponent(route)}`;
  return rule === undefined ? path : `${path}/rules/${encodeURIComponent(rule)}`;
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
