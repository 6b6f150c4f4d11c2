/**
 * How many endpoints of a service may be out at a time: `maxEjectionPercent` of them, but at least one if there are
 * two, because any percentage of few endpoints rounds down to none. The last endpoint is never taken out: a bad
 * endpoint is better than none. (Envoy's max_ejection_percent and always_eject_one_host.)
 *
 * @param known endpoints of the service
 * @param maxEjectionPercent 0 to 100; 0 = none
 */
export function ejectionsMax(known: number, maxEjectionPercent: number): number {
  if (known <= 1 || maxEjectionPercent === 0) return 0;
  const allowed = Math.floor((known * maxEjectionPercent) / 100);
  return Math.min(known - 1, Math.max(1, allowed));
}

/** Whether one more may be taken out. @param out endpoints that are out already */
export function mayEject(known: number, out: number, maxEjectionPercent: number): boolean {
  return out < ejectionsMax(known, maxEjectionPercent);
}
