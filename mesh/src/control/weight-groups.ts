import type { HttpRoute, HttpRouteRule } from '../config/model.ts';
import { ControlError } from './control-error.ts';

/** Weights by service name. */
export type Weights = Record<string, number>;

/** The rules of a route that share their weights: one rule with a name, or all rules without one. */
export interface WeightGroup {
  /** `route/rule`, or `route` for the rules without a name. */
  key: string;
  /** The name of the rule; null for the rules without one. */
  rule: string | null;
  rules: readonly HttpRouteRule[];
  /**
   * Those of the first of the rules that names more than one service (such rules must agree), otherwise those of the
   * first. A service that a rule names several times has the sum.
   */
  weights: Weights;
}

/** The weight groups of a route, in the order of its rules. Rules without backends have none. */
export function weightGroupsOf({ name, rules }: Pick<HttpRoute, 'name' | 'rules'>): WeightGroup[] {
  const byKey = new Map<string, HttpRouteRule[]>();
  for (const rule of rules) {
    if (rule.backendRefs.length === 0) continue;
    const key = keyOf(name, rule);
    byKey.set(key, [...(byKey.get(key) ?? []), rule]);
  }
  return [...byKey].map(([key, own]) => {
    const weights: Weights = {};
    const split = own.find(({ backendRefs }) => backendRefs.length > 1) ?? own[0];
    for (const { service, weight } of split?.backendRefs ?? []) weights[service] = (weights[service] ?? 0) + weight;
    return { key, rule: own[0]?.name ?? null, rules: own, weights };
  });
}

export function keyOf(route: string, { name }: HttpRouteRule): string {
  return name === undefined ? route : `${route}/${name}`;
}

/** The weights of a route whose rules agree: those of its first rule that names more than one service. */
export function weightsOf(route: HttpRoute): Weights {
  const groups = weightGroupsOf(route);
  return (groups.find(({ weights }) => Object.keys(weights).length > 1) ?? groups[0])?.weights ?? {};
}

/**
 * The weight groups that a change of `services` is about: that of the rule named `rule`; or, if that is null, all
 * groups that have these services. A group that sends everything to one service counts only if no other one does.
 *
 * @throws ControlError unknown_route where there is no such rule; invalid where no group has all the services
 */
export function targetsOf(route: HttpRoute, rule: string | null, services: readonly string[]): WeightGroup[] {
  const groups = weightGroupsOf(route);
  const named = groups.flatMap(({ rule: name }) => name ?? []);
  if (rule !== null) {
    const found = groups.filter((group) => group.rule === rule);
    if (found.length > 0) return found;
    const are = named.length === 0 ? 'none of its rules with a backend has a name' : `they are ${named.join(', ')}`;
    throw new ControlError('unknown_route', [`route "${route.name}" has no rule "${rule}": ${are}`]);
  }
  const known = [...new Set(groups.flatMap(({ weights }) => Object.keys(weights)))];
  const unknown = services.filter((service) => !known.includes(service));
  if (unknown.length > 0) {
    const has = known.join(', ') || 'none';
    throw new ControlError(
      'invalid',
      unknown.map((service) => `route "${route.name}" has no backend "${service}": it has ${has}`),
    );
  }
  const having = groups.filter(({ weights }) => services.every((service) => Object.hasOwn(weights, service)));
  if (having.length === 0) {
    const each = groups.map(({ key, weights }) => `${key} has ${Object.keys(weights).join(', ')}`);
    throw new ControlError('invalid', [`no rule has all of ${services.join(', ')}: ${each.join('; ')}`]);
  }
  const splits = having.filter(({ weights }) => Object.keys(weights).length > 1);
  return splits.length > 0 ? splits : having;
}
