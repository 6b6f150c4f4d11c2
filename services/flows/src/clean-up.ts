import type { Logger } from '@banyan/kit/log';
import type { Store } from './store.ts';

const everyMs = 3_600_000;

export interface CleaningUp {
  /** Resolves when a run that is under way has ended. */
  stop(): Promise<void>;
}

/** Deletes replies to keyed requests that are a day old: now, and every hour. The timer does not keep the process alive. */
export function startCleanUp(store: Pick<Store, 'forgetReplies'>, logger: Logger): CleaningUp {
  const run = () => store.forgetReplies().catch((err) => logger.warn({ err }, 'old replies stay for an hour more'));
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
