import type { SqlReplies } from '../../once/sql.ts';
import type { Queryable, Statement } from '../../store/statement.ts';

/** The words of one engine. Values are `?` in the texts. */
export interface Words<Tx extends Queryable> {
  /** A list of ids as a table with the column `id`. The value is JSON. */
  idsAs(name: string): string;
  /** A join that reads its left side first. */
  join: string;
  /** Ends a select: its rows stay as they are until the transaction ends. */
  forUpdate: string;
  /** Ends an insert: on a row with the id, takes the new values of these columns. */
  orReplace(columns: readonly string[]): string;
  /** Deletes the rows whose column holds one of the ids. The value is JSON. */
  deleteOf(table: string, column: string): string;
  /**
   * Takes slugs from the groups that hold them, but for those that are to hold them: (id, slug_held in hex, because JSON has
   * only text). The value is JSON.
   */
  setAside(table: string): string;
  /** A condition: what `field_values` has at a path is this JSON. Values: the path, the JSON. */
  holdsValue: string;
  /** Transactions that take a lock of one name queue, until each ends. */
  lock(tx: Queryable, name: 'family_lock' | 'field_lock'): Promise<void>;
  runMany<Values extends readonly unknown[]>(
    tx: Tx,
    one: Statement<object, Values>,
    rows: readonly Values[],
  ): Promise<void>;
  /** Whether the write would have given a group of the table a slug that another one holds. */
  isSlugTaken(error: unknown, table: string): boolean;
  replies: SqlReplies;
}
