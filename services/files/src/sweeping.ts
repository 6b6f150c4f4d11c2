import type { Clock } from '@banyan/kit/clock';
import type { ContentFolder } from '@banyan/kit/content';
import type { Logger } from '@banyan/kit/log';
import type { Store } from './store.ts';

/** Content without a row stays for this long: its upload may be about to write the row. */
export const graceMs = 3_600_000;
/** How often content without a row is looked for. */
const everyMs = 3_600_000;

export interface Sweeping {
  /** Resolves when a run that is under way has ended. */
  stop(): Promise<void>;
}

export interface SweepParts {
  folder: ContentFolder;
  store: Pick<Store, 'namedAmong'>;
  now: Clock;
  logger: Logger;
}

/** Deletes content that no file has had for an hour: now, and every hour. The timer does not keep the process alive. */
export function startSweeping({ folder, store, now, logger }: SweepParts): Sweeping {
  const run = async () => {
    try {
      const swept = await folder.sweep(now() - graceMs, (hashes) => store.namedAmong(hashes));
      if (swept > 0) logger.info({ swept }, 'content without a file was deleted');
    } catch (err) {
      logger.warn({ err }, 'content without a file stays for an hour more');
    }
  };
  let last = run();
  const timer = setInterval(() => {
    last = last.then(run);
  }, everyMs).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await last;
    },
  };
}
