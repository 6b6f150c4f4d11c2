import type { Logger } from '../observe/log.ts';
import type { Clock } from '../service/clock.ts';

interface ParkedType {
  /** Since when no queue takes it. */
  sinceMs: number;
  /** When to try it again. */
  retryAtMs: number;
  letsGo: boolean;
}

/**
 * Types of events that no queue takes. They wait for a queue, and the rest need not wait behind them. A queue outlives
 * its consumer, so a type without one for long has no consumer: its events are let go, because an outbox must not grow
 * for ever. A consumer that comes later begins with what the owner shows, as every new consumer does.
 */
export class Parked {
  readonly #types = new Map<string, ParkedType>();
  readonly #options: { parkMs: number; unclaimedMs: number; logger: Logger; now: Clock };

  constructor(options: { parkMs: number; unclaimedMs: number; logger: Logger; now: Clock }) {
    this.#options = options;
  }

  /** Types that no queue takes. */
  all(): string[] {
    return [...this.#types.keys()];
  }

  /** Types that are not tried now. */
  waiting(): string[] {
    const nowMs = this.#options.now();
    return [...this.#types].filter(([, { retryAtMs }]) => retryAtMs > nowMs).map(([type]) => type);
  }

  /** A queue took an event of this type. */
  taken(type: string): void {
    this.#types.delete(type);
  }

  /** No queue took an event of this type. Says what becomes of the event. */
  refused(type: string): 'wait' | 'let go' {
    const { parkMs, unclaimedMs, logger, now } = this.#options;
    const nowMs = now();
    const known = this.#types.get(type);
    if (known === undefined) logger.warn({ type }, 'no queue takes events of this type: they wait in the outbox');
    const { sinceMs, letsGo } = known ?? { sinceMs: nowMs, letsGo: false };
    if (nowMs - sinceMs < unclaimedMs) {
      this.#types.set(type, { sinceMs, retryAtMs: nowMs + parkMs, letsGo });
      return 'wait';
    }
    if (!letsGo) logger.warn({ type, unclaimedMs }, 'no queue has taken events of this type: they are let go');
    // The next one is tried at once: a queue may have come.
    this.#types.set(type, { sinceMs, retryAtMs: nowMs, letsGo: true });
    return 'let go';
  }
}
