/** When requests are due, in milliseconds from the start: the load does not depend on how fast replies come. */
export type Schedule = Generator<number, void>;

/** Evenly spaced: `perSecond` requests for `durationMs`. */
export function* constantRate(perSecond: number, durationMs: number): Schedule {
  // Of a rate that is itself a quotient, the product may miss a whole number by a hair.
  const count = Math.floor((perSecond * durationMs) / 1000 + 1e-6);
  for (let i = 0; i < count; i += 1) yield (i * 1000) / perSecond;
}

/** Independent arrivals: a Poisson process. `random` in [0, 1). */
export function* poisson(perSecond: number, durationMs: number, random: () => number): Schedule {
  for (let at = gap(); at < durationMs; at += gap()) yield at;
  function gap(): number {
    return (-Math.log(1 - random()) * 1000) / perSecond;
  }
}

/** Mulberry32: a small generator with a seed, for schedules that can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
