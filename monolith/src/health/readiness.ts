import type { Pool } from '../db.ts';

export type ReadyState = { ready: true } | { ready: false; reason: string };

/** Whether the process can serve: the schema is in place and the store responds. */
export class Readiness {
  readonly #db: Pool;
  #prepared = false;
  #reason = 'The store has not responded yet';

  constructor(db: Pool) {
    this.#db = db;
  }

  /** Records that the schema is in place. */
  prepared(): void {
    this.#prepared = true;
  }

  /** Records that an attempt to apply the schema failed. */
  notPrepared(reason: string): void {
    this.#reason = reason;
  }

  get isPrepared(): boolean {
    return this.#prepared;
  }

  async check(): Promise<ReadyState> {
    if (!this.#prepared) return { ready: false, reason: this.#reason };
    try {
      await this.#db.query('select 1');
      return { ready: true };
    } catch {
      return { ready: false, reason: 'The store does not respond' };
    }
  }
}
