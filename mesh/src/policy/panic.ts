/**
 * Whether so few endpoints are usable that all should be used: below the threshold it is likelier that health is judged
 * wrongly, or that the few would be overloaded, than that so many are broken (Envoy's panic threshold).
 */
export function panics(usable: number, all: number, thresholdPercent: number): boolean {
  return all > 0 && usable * 100 < thresholdPercent * all;
}
