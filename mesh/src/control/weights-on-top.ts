import type { BackendRef, MeshConfig } from '../config/model.ts';
import { keyOf, type Weights, weightGroupsOf } from './weight-groups.ts';
import { sameWeights, shared, type WeightChanges } from './weights.ts';

/**
 * `config` with the changes on top. A change is left out, and named in `dropped`, where its rules are gone or the
 * documents have changed their weights or services since.
 */
export function withWeights(config: MeshConfig, changes: WeightChanges): { config: MeshConfig; dropped: string[] } {
  const groups = new Map(config.routes.flatMap(weightGroupsOf).map((group) => [group.key, group]));
  const dropped = Object.entries(changes).flatMap(([key, { documented }]) => {
    const group = groups.get(key);
    return group !== undefined && sameWeights(group.weights, documented) ? [] : [key];
  });
  const routes = config.routes.map((route) => ({
    ...route,
    rules: route.rules.map((rule) => {
      const key = keyOf(route.name, rule);
      const change = Object.hasOwn(changes, key) && !dropped.includes(key) ? changes[key] : undefined;
      // A rule that sends everything to one service is not a split, and keeps what its document says.
      const services = new Set(rule.backendRefs.map(({ service }) => service));
      if (change === undefined || !Object.keys(change.weights).every((service) => services.has(service))) return rule;
      return { ...rule, backendRefs: reweighted(rule.backendRefs, change.weights) };
    }),
  }));
  return { config: { ...config, routes }, dropped };
}

/**
 * `changes` with each one that names only a route moved to the named rules of that route, if it has no others: so were
 * they written before rules had weights of their own.
 */
export function byRule({ routes }: MeshConfig, changes: WeightChanges): WeightChanges {
  const moved: WeightChanges = {};
  for (const [key, change] of Object.entries(changes)) {
    const groups = weightGroupsOf(routes.find(({ name }) => name === key) ?? { name: key, rules: [] });
    const own = groups.filter(({ weights }) => sameWeights(weights, change.documented));
    const known = groups.length === 0 || groups.some((group) => group.key === key) || own.length === 0;
    for (const target of known ? [key] : own.map((group) => group.key)) moved[target] = change;
  }
  return moved;
}

/** A service that is named several times divides its new weight by the weights that its references had. */
function reweighted(refs: readonly BackendRef[], weights: Weights): BackendRef[] {
  const places = new Map<string, number[]>();
  for (const [place, { service }] of refs.entries()) places.set(service, [...(places.get(service) ?? []), place]);
  const changed = refs.map((ref) => ({ ...ref }));
  for (const [service, own] of places) {
    const weight = weights[service];
    if (weight === undefined) continue;
    const present = Object.fromEntries(own.map((place) => [place, refs[place]?.weight ?? 0]));
    const shares = own.length === 1 ? { [own[0] as number]: weight } : shared(weight, own.map(String), present);
    for (const place of own) (changed[place] as BackendRef).weight = shares[place] ?? 0;
  }
  return changed;
}
