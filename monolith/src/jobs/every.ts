/** Stops the repetition; resolves when the current run has ended. */
export type Stop = () => Promise<void>;

/**
 * Runs `work` repeatedly, `intervalMs` after the end of the last run. The first run starts after one interval.
 * `onError` receives the errors of failed runs. The timer does not keep the process alive.
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
