import type { BackendRef, HttpRoute, MeshConfig } from '../config/model.ts';
import { ControlError } from './control-error.ts';

/** Weights by service name. */
export type Weights = Record<string, number>;

/** Weights of a route that were set by hand. They override those of the documents. */
export interface WeightChange {
  weights: Weights;
  /** The weights in the documents at that time. Documents that change them later win. */
  documented: Weights;
  at: string;
  who: string;
  why: string;
}

/** By route name. */
export type WeightChanges = Record<string, WeightChange>;

const weightMax = 1_000_000;

/**
 * The weights of a route: those of its rules that name more than one service, which must agree; otherwise those of its
 * first rule. A service that a rule names several times has the sum.
 */
export function weightsOf(route: HttpRoute): Weights {
  const weights: Weights = {};
  for (const { service, weight } of splitRule(route)?.backendRefs ?? []) {
    weights[service] = (weights[service] ?? 0) + weight;
  }
  return weights;
}

/** A service that gets copies of a route's requests, and their share in percent: the greatest where rules differ. */
export interface MirrorShare {
  service: string;
  percent: number;
}

/** The mirrors of a route, each service once. */
export function mirrorsOf(route: HttpRoute): MirrorShare[] {
  const shares = new Map<string, number>();
  const filters = route.rules.flatMap((rule) => [rule, ...rule.backendRefs].flatMap((part) => part.filters));
  for (const filter of filters) {
    if (filter.type !== 'RequestMirror') continue;
    const { service, numerator, denominator } = filter.mirror;
    shares.set(service, Math.max(shares.get(service) ?? 0, (numerator / denominator) * 100));
  }
  return [...shares].map(([service, percent]) => ({ service, percent }));
}

function splitRule(route: HttpRoute): HttpRoute['rules'][number] | undefined {
  return route.rules.find(({ backendRefs }) => backendRefs.length > 1) ?? route.rules[0];
}

/**
 * What a route's weights become when `asked` is asked for: services that are not named share what is left to
 * 100, by their present weights.
 *
 * @throws ControlError invalid: an unknown service, a malformed weight, a sum that leaves no service anything
 */
export function plannedWeights(route: HttpRoute, asked: Weights): Weights {
  const present = weightsOf(route);
  const names = Object.keys(present);
  const faults: string[] = [];
  if (Object.keys(asked).length === 0) faults.push('no weight is given: name at least one service, as in auth=100');
  for (const [service, weight] of Object.entries(asked)) {
    if (!names.includes(service)) {
      faults.push(`route "${route.name}" has no backend "${service}": it has ${names.join(', ') || 'none'}`);
    }
    if (!Number.isInteger(weight) || weight < 0 || weight > weightMax) {
      faults.push(`the weight of "${service}" must be a whole number from 0 to ${weightMax}`);
    }
  }
  if (faults.length > 0) throw new ControlError('invalid', faults);

  const others = names.filter((name) => !(name in asked));
  const taken = Object.values(asked).reduce((sum, weight) => sum + weight, 0);
  if (others.length > 0 && taken > 100) {
    throw new ControlError('invalid', [
      `the weights given add up to ${taken}; ${others.join(', ')} can only get the rest up to 100`,
    ]);
  }
  const planned: Weights = {};
  const shares = shared(Math.max(0, 100 - taken), others, present);
  for (const name of names) planned[name] = asked[name] ?? shares[name] ?? 0;
  if (Object.values(planned).every((weight) => weight === 0)) {
    throw new ControlError('invalid', ['every weight would be 0, and every request would fail: give one of them more']);
  }
  return planned;
}

/** Divides `rest` among `names` by their present weights, in whole numbers; evenly where those are all 0. */
function shared(rest: number, names: readonly string[], present: Weights): Weights {
  const sum = names.reduce((total, name) => total + (present[name] ?? 0), 0);
  const shares: Weights = {};
  let left = rest;
  for (const [index, name] of names.entries()) {
    const last = index === names.length - 1;
    const share = sum === 0 ? Math.floor(rest / names.length) : Math.floor((rest * (present[name] ?? 0)) / sum);
    shares[name] = last ? left : share;
    left -= share;
  }
  return shares;
}

/**
 * `config` with the changes on top. A change is left out, and named in `dropped`, where its route is gone or the
 * documents have changed the route's weights or services since.
 */
export function withWeights(config: MeshConfig, changes: WeightChanges): { config: MeshConfig; dropped: string[] } {
  const dropped: string[] = [];
  for (const [name, change] of Object.entries(changes)) {
    const route = config.routes.find((candidate) => candidate.name === name);
    if (route === undefined || !sameWeights(weightsOf(route), change.documented)) dropped.push(name);
  }
  const routes = config.routes.map((route) => {
    const change =
      Object.hasOwn(changes, route.name) && !dropped.includes(route.name) ? changes[route.name] : undefined;
    if (change === undefined) return route;
    return {
      ...route,
      rules: route.rules.map((rule) => {
        // A rule that sends everything to one service is not a split, and keeps what its document says.
        const services = new Set(rule.backendRefs.map(({ service }) => service));
        if (!Object.keys(change.weights).every((service) => services.has(service))) return rule;
        return { ...rule, backendRefs: reweighted(rule.backendRefs, change.weights) };
      }),
    };
  });
  return { config: { ...config, routes }, dropped };
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

export function sameWeights(a: Weights, b: Weights): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
