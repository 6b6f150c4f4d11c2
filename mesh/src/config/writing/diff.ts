import { shownValue } from '../fault.ts';
import type { HttpRoute, MeshConfig } from '../model.ts';
import type { Json } from '../shapes/shape.ts';
import { formatPath, type Step } from '../tree/tree.ts';

/** Changes listed per object; the rest is counted. */
const maxListed = 12;

/**
 * What changed from `before` to `after`, one line per object, for the journal:
 * `route token: weights monolith 100->0, auth 0->100`. Values of headers are never shown.
 */
export function diffConfigs(before: MeshConfig, after: MeshConfig): string[] {
  return [
    ...(before.namespace === after.namespace ? [] : [`namespace ${before.namespace}->${after.namespace}`]),
    ...diffNamed('gateway', before.gateways, after.gateways),
    ...diffNamed('service', before.services, after.services),
    ...diffNamed('route', before.routes, after.routes),
  ];
}

function diffNamed<T extends { name: string }>(kind: string, before: readonly T[], after: readonly T[]): string[] {
  const lines: string[] = [];
  const old = new Map(before.map((object) => [object.name, object]));
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort();
  const present = new Map(after.map((object) => [object.name, object]));
  for (const name of names) {
    const was = old.get(name);
    const is = present.get(name);
    if (was === undefined) lines.push(`${kind} ${name}: added`);
    else if (is === undefined) lines.push(`${kind} ${name}: removed`);
    else {
      const changes = changesBetween(was, is);
      const more = changes.length > maxListed ? `, and ${changes.length - maxListed} more` : '';
      if (changes.length > 0) lines.push(`${kind} ${name}: ${changes.slice(0, maxListed).join(', ')}${more}`);
    }
  }
  return lines;
}

function changesBetween(was: { name: string }, is: { name: string }): string[] {
  const weights = 'rules' in was && 'rules' in is ? weightChanges(was as HttpRoute, is as HttpRoute) : [];
  const rest: string[] = [];
  compare(was as unknown as Json, is as unknown as Json, [], rest, weights.length > 0);
  return [...weights, ...rest];
}

/** Weights of rules whose backends are the same before and after, by the names of the backends. */
function weightChanges(was: HttpRoute, is: HttpRoute): string[] {
  const lines: string[] = [];
  for (const [index, rule] of is.rules.entries()) {
    const old = was.rules[index]?.backendRefs ?? [];
    const same = old.length === rule.backendRefs.length;
    const changed = rule.backendRefs.flatMap(({ service, weight }, place) => {
      const before = old[place];
      return same && before?.service === service && before.weight !== weight
        ? [`${service} ${before.weight}->${weight}`]
        : [];
    });
    if (changed.length > 0) {
      const which = is.rules.length === 1 ? '' : `rule ${rule.name ?? index} `;
      lines.push(`${which}weights ${changed.join(', ')}`);
    }
  }
  return lines;
}

/** Adds a line for each leaf that differs. Lists are compared place by place. */
function compare(
  was: Json | undefined,
  is: Json | undefined,
  steps: Step[],
  lines: string[],
  weightsListed: boolean,
): void {
  if (was === is) return;
  const path = formatPath(steps);
  if (isBranch(was) && isBranch(is) && Array.isArray(was) === Array.isArray(is)) {
    const keys = Array.isArray(was) && Array.isArray(is) ? indexesOf(was, is) : keysOf(was, is);
    for (const key of keys) {
      compare(memberOf(was, key), memberOf(is, key), [...steps, key], lines, weightsListed);
    }
    return;
  }
  if (weightsListed && /^rules\[\d+\]\.backendRefs\[\d+\]\.weight$/.test(path)) return;
  if (was === undefined) lines.push(`${path} added`);
  else if (is === undefined) lines.push(`${path} removed`);
  else if (/\.modifier\.(set|add)/.test(path)) lines.push(`${path} changed`);
  else lines.push(`${path} ${shownValue(was)}->${shownValue(is)}`);
}

const isBranch = (value: Json | undefined): value is Json[] | { [key: string]: Json } =>
  typeof value === 'object' && value !== null;

const indexesOf = (was: Json[], is: Json[]): number[] => [...Array(Math.max(was.length, is.length)).keys()];

const keysOf = (was: object, is: object): string[] => [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();

function memberOf(branch: Json[] | { [key: string]: Json }, key: Step): Json | undefined {
  return Array.isArray(branch) ? branch[Number(key)] : branch[String(key)];
}
