import { storeFault } from '../store-faults.ts';

/**
 * Work that leaves rows to the program that owns them, without an error, and looks again after a while.
 *
 * @param leftOut how many runs are left out then: each would fail in the store
 */
export function leavingToOwner(work: () => Promise<unknown>, leftOut: number): () => Promise<void> {
  let toLeaveOut = 0;
  return async () => {
    if (toLeaveOut > 0) {
      toLeaveOut -= 1;
      return;
    }
    try {
      await work();
    } catch (error) {
      if (storeFault(error)?.code !== 'misdirected') throw error;
      toLeaveOut = leftOut;
    }
  };
}
