import type { Logger } from '../observe/log.ts';

const everyMs = 3_600_000;

export interface CleaningUp {
  /** Resolves when a run that is under way has ended. */
  stop(): Promise<void>;
}

/** Deletes replies to keyed requests that are a day old: now, and every hour. The timer does not keep the process alive. */
export function startCleanUp(store: { forgetReplies(): Promise<void> }, logger: Logger): CleaningUp {
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
