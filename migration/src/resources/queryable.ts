import type { QueryResultRow } from 'pg';

/** The pool, or the connection of one transaction. */
export interface Queryable {
  query<Row extends QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }>;
}
