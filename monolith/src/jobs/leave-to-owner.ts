import { storeFault } from '../store-faults.ts';

/** How many runs are left out after one that found that another program owns the rows: each would fail in the store. */
const leftOut = 4;

/** Work that leaves rows to the program that owns them, without an error, and looks again after a while. */
export function leavingToOwner(work: () => Promise<unknown>): () => Promise<void> {
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
