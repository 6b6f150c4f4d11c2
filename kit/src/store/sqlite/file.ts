import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Queryable } from '../statement.ts';
import { storeError } from './errors.ts';

/** One open file. Everything in it is synchronous, and blocks the process while it runs. */
export class OpenFile {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  /** @param busyMs how long to wait, with the process blocked, while another process has the file */
  constructor(path: string, busyMs: number) {
    this.#database = new DatabaseSync(path, { timeout: busyMs });
    try {
      // One process per file: another one that opens it is told so at once, and would block both otherwise.
      this.exec('pragma locking_mode = exclusive');
      this.exec('pragma journal_mode = wal');
      // NORMAL loses commits when the power fails.
      this.exec('pragma synchronous = full');
      // Takes the lock now, not at the first write.
      this.exec('begin immediate');
      this.exec('commit');
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  exec(text: string): void {
    this.#database.exec(text);
  }

  all(text: string, values: readonly unknown[]): object[] {
    return this.#prepare(text).all(...values.map(checked));
  }

  /** Returns the number of changed rows. */
  run(text: string, values: readonly unknown[]): number {
    return Number(this.#prepare(text).run(...values.map(checked)).changes);
  }

  /** Runs `work` in a transaction that holds the only write lock from its beginning. */
  async transaction<Result>(work: () => Promise<Result> | Result): Promise<Result> {
    this.exec('begin immediate');
    try {
      const result = await work();
      this.exec('commit');
      return result;
    } catch (error) {
      // Some errors, such as a full disk, have already ended the transaction.
      if (this.#database.isTransaction) this.exec('rollback');
      throw error;
    }
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #prepare(text: string): StatementSync {
    let prepared = this.#prepared.get(text);
    if (prepared === undefined) {
      prepared = this.#database.prepare(text);
      this.#prepared.set(text, prepared);
    }
    return prepared;
  }
}

/** The driver takes an object in the first place, also a Date, for named values, and binds NULL. */
function checked(value: unknown): SQLInputValue {
  const sound =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof Uint8Array;
  if (sound) return value;
  throw new TypeError(`SQLite stores null, text, numbers and bytes, and not ${Object.prototype.toString.call(value)}`);
}

/** Statements on an open file, with `?` for each value. */
export function queryable(file: () => OpenFile): Queryable {
  const wrapped = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw storeError(error);
    }
  };
  return {
    query: async <Row extends object>({ text }: { text: string }, values: readonly unknown[]) =>
      // The driver's rows have no prototype.
      wrapped(() => file().all(text, values)).map((row) => ({ ...row }) as Row),
    run: async ({ text }: { text: string }, values: readonly unknown[]) => wrapped(() => file().run(text, values)),
  };
}
