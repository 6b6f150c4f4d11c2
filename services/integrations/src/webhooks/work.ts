import { microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { Logger } from '@banyan/kit/log';
import type { Outbound } from '../outbound/post.ts';
import type { Store } from '../store.ts';
import { cleanUp } from './clean-up.ts';
import { deliverDue } from './deliver.ts';
import { isMisdirected } from './hear.ts';
import { planLeftOver } from './plan.ts';
import { repeat } from './repeat.ts';

export interface WorkParts {
  store: Pick<Store, 'db' | 'write'>;
  out: Outbound;
  now: Clock;
  logger: Logger;
  /** Deliveries that are under way at once. */
  concurrency: number;
  /** How often deliveries that are due are looked for. */
  lookEveryMs: number;
}

export interface Working {
  /** There are new deliveries. */
  wake(): void;
  /** Ends the deliveries under way and gives them back. */
  stop(): Promise<void>;
}

const cleanUpEveryMs = 3_600_000;

/** Delivers webhooks while this service owns them, and cleans up. */
export function startWorking({ store, out, now, logger, concurrency, lookEveryMs }: WorkParts): Working {
  const stopping = new AbortController();
  const { signal } = stopping;
  const delivering = repeat(
    lookEveryMs,
    async () => {
      try {
        while ((await planLeftOver(store, microsOf(now()))) > 0 && !signal.aborted);
        await deliverDue({ store, out, now, concurrency, signal });
      } catch (error) {
        if (!isMisdirected(error)) throw error;
      }
    },
    (error) => logger.warn({ err: error }, 'webhooks were not delivered'),
  );
  const cleaning = repeat(
    cleanUpEveryMs,
    () => cleanUp(store, now),
    (error) => logger.warn({ err: error }, 'nothing was cleaned up'),
  );
  return {
    wake: delivering.wake,
    stop: async () => {
      stopping.abort();
      await Promise.all([delivering.stop(), cleaning.stop()]);
    },
  };
}
