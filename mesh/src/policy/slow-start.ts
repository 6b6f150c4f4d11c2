import type { SlowStart } from '../config/policy-model.ts';

/**
 * Weight of an endpoint that is `ageMs` old. The weight grows to its full value over the window, so that a cold
 * instance does not get its whole share at once (Envoy's formula: weight * max(min, (age / window) ^ (1 /
 * aggression))).
 */
export function slowStartWeight(
  weight: number,
  ageMs: number,
  { windowMs, aggression, minWeightPercent }: SlowStart,
): number {
  if (windowMs === 0 || ageMs >= windowMs) return weight;
  return weight * Math.max(minWeightPercent / 100, (Math.max(0, ageMs) / windowMs) ** (1 / aggression));
}
