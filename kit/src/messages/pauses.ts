import { setTimeout as pause } from 'node:timers/promises';

export interface PauseOptions {
  backOffMs: number;
  maxBackOffMs: number;
  signal: AbortSignal;
}

/** Waits between attempts, which double and end early when the signal aborts. */
export class Pauses {
  readonly #options: PauseOptions;

  constructor(options: PauseOptions) {
    this.#options = options;
  }

  /** @param attempt the one that failed, from 1 */
  async before(attempt: number): Promise<void> {
    const { backOffMs, maxBackOffMs, signal } = this.#options;
    await pause(Math.min(maxBackOffMs, backOffMs * 2 ** (attempt - 1)), undefined, { signal }).catch(() => {});
  }

  /** Runs `step` until it succeeds or the signal aborts. */
  async untilDone(step: () => Promise<unknown>): Promise<void> {
    for (let attempt = 1; !this.#options.signal.aborted; attempt++) {
      try {
        await step();
        return;
      } catch {
        await this.before(attempt);
      }
    }
  }
}
