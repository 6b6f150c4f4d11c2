/**
 * The version of an aggregate: epoch x 2^40 + counter, as one safe integer. The epoch rises with every switch of the
 * owner, so whatever the new owner writes is newer than everything that the old one wrote. The counter belongs to the
 * owner's store and only rises.
 */
export type Version = number;

const counters = 2 ** 40;

/** The largest epoch whose versions are safe integers. */
export const maxEpoch = 2 ** 13 - 1;

/** @throws RangeError when the epoch or the counter does not fit */
export function versionOf(epoch: number, counter: number): Version {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > maxEpoch) throw new RangeError(`epoch ${epoch} does not fit`);
  if (!Number.isInteger(counter) || counter < 0 || counter >= counters) {
    throw new RangeError(`counter ${counter} does not fit`);
  }
  return epoch * counters + counter;
}

export const epochOf = (version: Version): number => Math.floor(version / counters);

export const counterOf = (version: Version): number => version % counters;
