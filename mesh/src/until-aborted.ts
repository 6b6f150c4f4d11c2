import type { MeshError } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** What `work` comes to; rejects as soon as the exchange is aborted, and leaves `work` to itself. */
export function untilAborted<T>(exchange: Exchange, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (error: MeshError) => reject(error);
    work.then(resolve, reject).finally(() => exchange.offAbort(stop));
    exchange.onAbort(stop);
  });
}
