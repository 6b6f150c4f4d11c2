import type { Pool } from '../db.ts';

export type ReadyState = { ready: true } | { ready: false; reason: string };

/** Whether the program can serve: its schema is in place and its store answers. */
export class Readiness {
  readonly #db: Pool;
  #prepared = false;
  #reason = 'The store has not answered yet';

  constructor(db: Pool) {
    this.#db = db;
  }

  /** The schema is in place. */
  prepared(): void {
    this.#prepared = true;
  }

  /** An attempt to put the schema in place failed. */
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
      return { ready: false, reason: 'The store does not answer' };
    }
  }
}
