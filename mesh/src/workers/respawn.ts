import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';

/** The first replacement comes at once; the next one after this, doubled each time, up to the maximum. */
const backoffMs = 100;
const backoffMsMax = 10_000;
/** A worker that has lived this long ends the count of failures. */
const stableMs = 30_000;

export interface Death {
  pid: number;
  reason: string;
}

export interface RespawnOptions {
  clock: Clock;
  log: Log;
  onDeath: (details: Death & { restartInMs: number }) => void;
  /** Forks a worker. Resolves when it listens. @throws Error where it cannot */
  spawn: () => Promise<void>;
}

/** Replaces workers that die, later with each failure in a row. */
export class Respawn {
  readonly #options: RespawnOptions;
  readonly #cancels = new Set<() => void>();
  #failures = 0;
  #stopped = false;

  constructor(options: RespawnOptions) {
    this.#options = options;
  }

  /** A worker that was ready has died, after it lived for `livedMs`. */
  died(death: Death, livedMs: number): void {
    if (livedMs >= stableMs) this.#failures = 0;
    this.#replace(death);
  }

  /** From now on, no worker is replaced. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
  }

  #replace(death: Death): void {
    if (this.#stopped) return;
    const { log, clock, onDeath, spawn } = this.#options;
    const restartInMs = this.#failures === 0 ? 0 : Math.min(backoffMsMax, backoffMs * 2 ** (this.#failures - 1));
    this.#failures += 1;
    log.error({ ...death, restartInMs }, 'worker died');
    onDeath({ ...death, restartInMs });
    const cancel = clock.after(restartInMs, () => {
      this.#cancels.delete(cancel);
      spawn().catch((thrown: Error) => this.#replace({ pid: 0, reason: thrown.message }));
    });
    this.#cancels.add(cancel);
  }
}
