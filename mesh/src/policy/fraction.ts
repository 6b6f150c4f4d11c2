/** Whether one in so many is taken: `numerator` of `denominator`, by `random` in [0, 1). */
export function sampled(numerator: number, denominator: number, random: () => number): boolean {
  if (numerator <= 0) return false;
  return numerator >= denominator || random() * denominator < numerator;
}
