/** Outcome of the rank test: `u` of the first sample, its normal deviate, and the two-sided probability of chance. */
export interface RankTest {
  u: number;
  z: number;
  p: number;
  /** Share of pairs in which the first sample's value is the larger one: 0.5 where they do not differ. */
  larger: number;
}

/**
 * Mann-Whitney U test with the correction for ties, by the normal approximation (Mann and Whitney 1947): whether one of
 * two samples tends to be larger, without assuming any shape of their distributions. Latencies have long tails, so
 * a test on means would judge the tail alone.
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): RankTest {
  const n1 = first.length;
  const n2 = second.length;
  if (n1 === 0 || n2 === 0) return { u: Number.NaN, z: Number.NaN, p: Number.NaN, larger: Number.NaN };
  const all = [
    ...first.map((value) => ({ value, mine: true })),
    ...second.map((value) => ({ value, mine: false })),
  ].sort((a, b) => a.value - b.value);
  let rankSum = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const rank = (from + 1 + to) / 2;
    const tied = to - from;
    ties += tied ** 3 - tied;
    for (let i = from; i < to; i += 1) if (all[i]?.mine) rankSum += rank;
    from = to;
  }
  const n = n1 + n2;
  const u = rankSum - (n1 * (n1 + 1)) / 2;
  const deviation = Math.sqrt(((n1 * n2) / 12) * (n + 1 - ties / (n * (n - 1))));
  const z = deviation === 0 ? 0 : (u - (n1 * n2) / 2) / deviation;
  return { u, z, p: 2 * (1 - normalBelow(Math.abs(z))), larger: u / (n1 * n2) };
}

/** Standard normal distribution function (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
function normalBelow(x: number): number {
  const t = 1 / (1 + 0.231_641_9 * x);
  const tail =
    t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * tail;
}
