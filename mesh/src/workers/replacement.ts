import type { Member } from './member.ts';

/** The replacement of all workers that goes on, or the last one that there was. */
export interface ReplacementShown {
  underWay: boolean;
  /** Why the old workers have stayed; null where they have not, or not yet. */
  failure: string | null;
}

export interface ReplacementOptions {
  /** The workers that are ready. */
  ready: () => Member[];
  /** Forks a worker. Resolves when it listens. @throws Error where it cannot */
  spawn: () => Promise<void>;
  /** Resolves when the worker has exited. */
  drain: (member: Member) => Promise<void>;
}

/** Replaces the workers one after the other: the new one listens before the old one drains. */
export class Replacement {
  readonly #options: ReplacementOptions;
  #underWay: Promise<void> | null = null;
  #failure: string | null = null;
  #stopped = false;

  constructor(options: ReplacementOptions) {
    this.#options = options;
  }

  get shown(): ReplacementShown {
    return { underWay: this.#underWay !== null, failure: this.#failure };
  }

  /**
   * Replaces all workers. A second call while one goes on waits for that one.
   *
   * @throws Error where a new worker cannot start: then the old ones stay
   */
  run(): Promise<void> {
    this.#underWay ??= this.#replaceAll().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  /** Replaces no further worker. */
  stop(): void {
    this.#stopped = true;
  }

  async #replaceAll(): Promise<void> {
    const { ready, spawn, drain } = this.#options;
    this.#failure = null;
    try {
      for (const old of ready()) {
        if (this.#stopped) return;
        await spawn();
        await drain(old);
      }
    } catch (thrown) {
      this.#failure = (thrown as Error).message;
      throw thrown;
    }
  }
}
