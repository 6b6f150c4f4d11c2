import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@banyan/kit/log';
import { messageOf } from '../errors.ts';
import { lookAt, type Sight } from '../monolith/look.ts';
import type { Mover } from '../mover/mover.ts';
import type { Queryable } from '../resources/queryable.ts';
import { Pace, shortMs } from './pace.ts';

/** One resource that is followed. */
interface Follower {
  mover: Mover;
  pace: Pace;
  /** Its round, while one runs. A slow service keeps only its own resources waiting. */
  round: Promise<void> | null;
  /** What the last round failed with. */
  failing: string | null;
}

/** Keeps the followers of all attached resources in step with their owners. */
export class Following {
  readonly #monolith: Queryable;
  readonly #logger: Logger;
  readonly #followers = new Map<string, Follower>();
  readonly #stop = new AbortController();
  #looking: Promise<void> | null = null;

  constructor(monolith: Queryable, logger: Logger) {
    this.#monolith = monolith;
    this.#logger = logger;
  }

  has(name: string): boolean {
    return this.#followers.has(name);
  }

  movers(): Mover[] {
    return [...this.#followers.values()].map(({ mover }) => mover);
  }

  add(mover: Mover): void {
    const { name } = mover.resource;
    if (this.has(name)) return;
    this.#followers.set(name, { mover, pace: new Pace(), round: null, failing: null });
    this.#looking ??= this.#lookOn();
  }

  /** Resolves when no round of the resource runs any more. */
  async remove(name: string): Promise<void> {
    const follower = this.#followers.get(name);
    this.#followers.delete(name);
    await follower?.round;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    await Promise.all([...this.#followers.values()].map(({ round }) => round));
  }

  async #lookOn(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // Without a reply every resource's own round says what is wrong.
      const seen = this.#followers.size === 0 ? null : await this.#look().catch(() => null);
      for (const follower of this.#followers.values()) this.#begin(follower, seen);
      await pause(shortMs, undefined, { signal }).catch(() => {});
    }
  }

  #look(): Promise<Map<string, Sight>> {
    return lookAt(
      this.#monolith,
      this.movers().map(({ resource }) => resource),
    );
  }

  #begin(follower: Follower, seen: Map<string, Sight> | null): void {
    const { mover, pace } = follower;
    if (follower.round !== null || this.#stop.signal.aborted) return;
    const sight = seen?.get(mover.resource.name);
    const isMonoliths = sight?.state === 'owner' || sight?.state === 'fenced';
    if (!pace.isDue(performance.now(), isMonoliths ? sight.noted : null, mover.brought)) return;
    follower.round = this.#round(follower).finally(() => {
      follower.round = null;
    });
  }

  /** Logs a failure once, and its end. */
  async #round(follower: Follower): Promise<void> {
    const { mover, pace, failing } = follower;
    const resource = mover.resource.name;
    try {
      await mover.settle();
      pace.ended(performance.now());
      if (failing !== null) this.#logger.info({ resource }, 'the follower is in step again');
      follower.failing = null;
    } catch (error) {
      pace.failed(performance.now());
      const reason = messageOf(error);
      if (reason !== failing) this.#logger.warn({ resource, reason }, 'the follower is not in step');
      follower.failing = reason;
    }
  }
}
