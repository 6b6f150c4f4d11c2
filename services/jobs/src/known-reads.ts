import { BoundedMap } from '@banyan/kit/bounded-map';
import type { Duckdb } from '@banyan/kit/duckdb';

/** At most this many answers are kept. A page of jobs is the largest: about 50 KB. */
const answersMax = 200;

/**
 * What was read of the jobs, kept until something is written. DuckDB is made for long reads, and each short one costs it
 * milliseconds of CPU. One process has the file open, so only its own writes change what is in it.
 */
export class KnownReads {
  readonly #answers = new BoundedMap<string, { value: unknown }>(answersMax);
  #writes = 0;

  /** The same store. After each of its transactions, whatever came of it, nothing that was read before is known. */
  forgetting(db: Duckdb): Duckdb {
    return {
      ...db,
      transaction: async (work) => {
        try {
          return await db.transaction(work);
        } finally {
          this.#writes += 1;
          this.#answers.clear();
        }
      },
    };
  }

  /** The answer to a question, from `read` if it is not known. */
  async answer<Value>(question: string, read: () => Promise<Value>): Promise<Value> {
    const known = this.#answers.get(question);
    if (known) return known.value as Value;
    const before = this.#writes;
    const value = await read();
    // A write that was committed meanwhile may be missing in it.
    if (this.#writes === before) this.#answers.set(question, { value });
    return value;
  }
}
