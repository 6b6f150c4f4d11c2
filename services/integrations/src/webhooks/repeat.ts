/** Work that is repeated until it is stopped. */
export interface Repeating {
  /** Has the work run now, or once more if it is running. */
  wake(): void;
  /** Resolves when the current run has ended. */
  stop(): Promise<void>;
}

/**
 * Runs `work` again and again, `everyMs` after the end of the last run, and at each `wake`. One run at a time. `onError`
 * gets the errors of failed runs. The timer does not keep the process alive.
 */
export function repeat(everyMs: number, work: () => Promise<unknown>, onError: (error: unknown) => void): Repeating {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const run = () => {
    clearTimeout(timer);
    if (running !== undefined) {
      again = true;
      return;
    }
    running = work()
      .then(() => {}, onError)
      .then(() => {
        running = undefined;
        if (stopped) return;
        if (again) {
          again = false;
          run();
        } else timer = setTimeout(run, everyMs).unref();
      });
  };
  run();
  return {
    wake: () => {
      if (!stopped) run();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
