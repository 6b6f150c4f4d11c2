import type { HttpRoute } from '../config/model.ts';
import { ControlError } from './control-error.ts';
import type { WeightGroup, Weights } from './weight-groups.ts';

/** Weights of one weight group that were set by hand. They override those of the documents. */
export interface WeightChange {
  weights: Weights;
  /** The weights in the documents at that time. Documents that change them later win. */
  documented: Weights;
  at: string;
  who: string;
  why: string;
}

/** By the key of the weight group. */
export type WeightChanges = Record<string, WeightChange>;

const weightMax = 1_000_000;

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

/**
 * What the weights of a group become when `asked` is asked for: services that are not named share what is left to
 * 100, by their present weights.
 *
 * @throws ControlError invalid: an unknown service, a malformed weight, a sum that leaves no service anything
 */
export function plannedWeights({ key, weights: present }: WeightGroup, asked: Weights): Weights {
  const names = Object.keys(present);
  const faults: string[] = [];
  if (Object.keys(asked).length === 0) faults.push('no weight is given: name at least one service, as in auth=100');
  for (const [service, weight] of Object.entries(asked)) {
    if (!names.includes(service)) {
      faults.push(`"${key}" has no backend "${service}": it has ${names.join(', ') || 'none'}`);
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
export function shared(rest: number, names: readonly string[], present: Weights): Weights {
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

export function sameWeights(a: Weights, b: Weights): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
