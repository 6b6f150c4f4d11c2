import type { Clock } from './clock.ts';
import type { MeshError } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** Resolves after `waitMs`; rejects as soon as the exchange is aborted. */
export function pause(clock: Clock, exchange: Exchange, waitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (error: MeshError) => {
      cancel();
      reject(error);
    };
    const cancel = clock.after(waitMs, () => {
      exchange.offAbort(stop);
      resolve();
    });
    exchange.onAbort(stop);
  });
}
