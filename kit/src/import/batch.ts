/** What one batch may weigh: so many aggregates of the usual size. */
export const batchWeight = 1_000;

/** How many usual aggregates the state of one takes as much memory as, told by its key. */
export type Weight = (key: string) => number;

/** The first keys that make one batch, at least one if there are any. Without a weight, each key weighs 1. */
export function oneBatch(keys: readonly string[], weight: Weight = () => 1): string[] {
  let weighed = 0;
  const end = keys.findIndex((key, n) => {
    weighed += weight(key);
    return n > 0 && weighed > batchWeight;
  });
  return keys.slice(0, end < 0 ? keys.length : end);
}
