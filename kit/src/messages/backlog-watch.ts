import type { Logger } from '../observe/log.ts';
import type { Clock } from '../service/clock.ts';
import type { OutboxClaim } from '../store/store.ts';
import { emptyBacklog, type RelayMeters } from './meters.ts';

export interface WatchOptions {
  meters: RelayMeters;
  logger: Logger;
  now: Clock;
  /** Between two looks, because counting reads the whole backlog. */
  everyMs: number;
  /** The log says so when the oldest fact has waited for this long. */
  alarmMs: number;
}

/** Looks at what waits in an outbox, for the metrics, and raises an alarm when it waits for long. */
export class BacklogWatch {
  readonly #options: WatchOptions;
  #nextMs = 0;
  /** When to raise it again. Null: there is none. */
  #alarmAtMs: number | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Looks if it is time. @param parked types that no queue takes: they are no backlog */
  async look(claim: OutboxClaim, parked: readonly string[]): Promise<void> {
    const { meters, logger, now, everyMs, alarmMs } = this.#options;
    if (now() < this.#nextMs) return;
    this.#nextMs = now() + everyMs;
    meters.backlog = await claim.backlog(parked);
    meters.parked = parked.length === 0 ? 0 : (await claim.backlog([])).waiting - meters.backlog.waiting;
    const { waiting, oldestAtUs } = meters.backlog;
    const ageMs = oldestAtUs === null ? 0 : now() - oldestAtUs / 1_000;
    if (ageMs < alarmMs) this.#end();
    else if (this.#alarmAtMs === null || now() >= this.#alarmAtMs) {
      // Again after a while, for as long as it lasts.
      this.#alarmAtMs = now() + alarmMs;
      logger.error(
        { waiting, oldestAgeS: Math.round(ageMs / 1_000) },
        'facts have waited for long: is the broker away?',
      );
    }
  }

  /** All that waited for the broker was published. */
  drained(): void {
    this.#options.meters.backlog = emptyBacklog;
    this.#end();
  }

  #end(): void {
    if (this.#alarmAtMs !== null) this.#options.logger.info('facts travel again');
    this.#alarmAtMs = null;
  }
}
