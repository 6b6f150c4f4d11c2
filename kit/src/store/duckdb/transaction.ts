import type { Queryable } from '../statement.ts';

/** A transaction, in which rows can be added in bulk. */
export interface DuckdbTransaction extends Queryable {
  /** Appends rows with a value for each column: a hundred times as fast as an INSERT each. */
  append(table: string, rows: Iterable<readonly unknown[]>): Promise<void>;
}
