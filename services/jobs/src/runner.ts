import { ServiceError } from '@banyan/kit/errors';
import type { Logger } from '@banyan/kit/log';
import { csvHead } from './csv.ts';
import type { Job } from './jobs-store.ts';
import type { Orders } from './orders.ts';
import type { OrderPlace } from './orders-store.ts';
import type { Store } from './store.ts';

export interface RunnerOptions {
  store: Store;
  orders: Pick<Orders, 'settled' | 'ownerHadNone'>;
  logger: Logger;
  /** How often to look for jobs that came from elsewhere. */
  lookEveryMs: number;
  /**
   * How often the orders are brought to what their owner has, if no export has done so. While it has none, that happens
   * each time that this looks for jobs.
   */
  refreshEveryMs: number;
}

export interface Runner {
  /** Looks for jobs at once. */
  wake(): void;
  /** Ends what is under way: a job is left to be begun anew. */
  stop(): Promise<void>;
}

/** A piece ends with the order that exceeds this, in characters. */
const pieceLength = 262_144;
const expireEveryMs = 3_600_000;

/** Runs the jobs that wait, one after the other, while this service owns them. */
export function startRunner({ store, orders, logger, lookEveryMs, refreshEveryMs }: RunnerOptions): Runner {
  const stopping = new AbortController();
  let woken = Promise.withResolvers<void>();
  let refreshAtMs = Number.NEGATIVE_INFINITY;
  let expireAtMs = Number.NEGATIVE_INFINITY;
  let failing = false;

  const refreshLater = () => {
    if (!orders.ownerHadNone) refreshAtMs = performance.now() + refreshEveryMs;
  };
  const round = async () => {
    while (!stopping.signal.aborted && (await runNext(store, orders, stopping.signal, logger))) {
      refreshLater();
    }
    if (performance.now() >= refreshAtMs && !stopping.signal.aborted) {
      await orders.settled(async () => {});
      if (!orders.ownerHadNone) await store.db.checkpoint();
      refreshLater();
    }
    if (performance.now() < expireAtMs) return;
    expireAtMs = performance.now() + expireEveryMs;
    await store.expire();
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const wake = woken.promise;
      try {
        await round();
        if (failing) logger.info('jobs run again');
        failing = false;
      } catch (error) {
        // Another system owns the jobs, and runs them.
        const isElsewhere = error instanceof ServiceError && error.code === 'misdirected';
        if (!isElsewhere && !failing) logger.warn({ err: error }, 'jobs wait');
        failing = !isElsewhere;
      }
      await restOrWake(wake, lookEveryMs, stopping.signal);
    }
  })();

  return {
    wake: () => {
      woken.resolve();
      woken = Promise.withResolvers<void>();
    },
    stop: async () => {
      stopping.abort();
      woken.resolve();
      await running;
    },
  };
}

async function restOrWake(wake: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, wake]);
  clearTimeout(timer);
}

/** Runs the oldest job that waits. False if there is none, or a stop has ended it. */
async function runNext(
  store: Store,
  orders: Pick<Orders, 'settled'>,
  signal: AbortSignal,
  logger: Logger,
): Promise<boolean> {
  const waiting = await store.next();
  if (waiting === undefined) return false;
  const { ownership } = await store.moves.ownership('jobs');
  if (ownership.state !== 'owner') return false;
  // Before it begins: while the owner of the orders cannot be asked, the job waits.
  return orders.settled(async () => {
    const job = await store.begin(waiting.id);
    if (job === undefined) return true;
    try {
      const exported = await exportOrders(store, job, signal);
      if (exported === undefined) return !signal.aborted;
      await store.end(job, exported === 0 ? 'No orders match the filter' : null);
    } catch (error) {
      if (error instanceof ServiceError && error.code !== 'bad_request') throw error;
      logger.error({ err: error, job: job.id }, 'export failed');
      await store.end(job, 'The export failed');
    }
    return true;
  });
}

/** Writes the file of an export; returns the number of orders. Undefined if a stop or another claim has ended it. */
async function exportOrders(store: Store, job: Job, signal: AbortSignal): Promise<number | undefined> {
  let exported = 0;
  let position = 0;
  let piece = csvHead;
  const write = async () => {
    const isWritten = !signal.aborted && (await store.write(job, position, piece));
    position += 1;
    piece = '';
    return isWritten;
  };
  for (let after: OrderPlace | null = null; ; ) {
    const some = await store.orders.lines(job.filter, after);
    for (const { lines } of some) {
      piece += lines;
      if (piece.length >= pieceLength && !(await write())) return undefined;
    }
    exported += some.length;
    const last = some.at(-1);
    if (last === undefined) break;
    after = last;
  }
  if (exported > 0 && piece !== '' && !(await write())) return undefined;
  return exported;
}
