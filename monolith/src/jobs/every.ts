/** Stops what repeats; resolves when a run that is under way has ended. */
export type Stop = () => Promise<void>;

/**
 * Runs `work` again and again, `intervalMs` after the last run ended; `onError` hears of runs that fail. The first run
 * starts after one interval. The timer does not keep the process alive.
 */
export function every(intervalMs: number, work: () => Promise<void>, onError: (error: unknown) => void): Stop {
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const schedule = () => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = work().catch(onError).finally(schedule);
    }, intervalMs).unref();
  };
  schedule();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
