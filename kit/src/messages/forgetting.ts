import type { Clock } from '../service/clock.ts';
import type { Store } from '../store/store.ts';

/** How long published events stay for a replay, and records of messages for their repetitions. */
export const keepMs = 7 * 86_400_000;

const periodMs = 600_000;

/** Deletes what is old, a batch at a time, between other work. */
export class Forgetting {
  readonly #store: Pick<Store, 'forget'>;
  readonly #now: Clock;
  #nextMs: number;

  constructor(store: Pick<Store, 'forget'>, now: Clock) {
    this.#store = store;
    this.#now = now;
    this.#nextMs = now();
  }

  /** Deletes at most one batch, if it is time. */
  async step(): Promise<void> {
    const nowMs = this.#now();
    if (nowMs < this.#nextMs) return;
    // Set before the wait, so that calls at the same time do not delete together.
    this.#nextMs = nowMs + periodMs;
    if (await this.#store.forget(nowMs - keepMs)) this.#nextMs = nowMs;
  }
}
