/** True for `numerator` of `denominator` requests, by `random` in [0, 1). */
export function sampled(numerator: number, denominator: number, random: () => number): boolean {
  if (numerator <= 0) return false;
  return numerator >= denominator || random() * denominator < numerator;
}
