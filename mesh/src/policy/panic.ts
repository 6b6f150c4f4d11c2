/**
 * Whether so few endpoints may be used that all should be: below the threshold it is likelier that health is judged wrongly, or that
 * the few would drown, than that so many are broken (Envoy's panic threshold).
 */
export function panics(usable: number, all: number, thresholdPercent: number): boolean {
  return all > 0 && usable * 100 < thresholdPercent * all;
}
