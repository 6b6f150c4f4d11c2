import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { storeError } from './errors.ts';
import type { DuckdbTransaction } from './transaction.ts';
import { bound } from './values.ts';

/** See `DuckdbTransaction`. */
export const appendOn =
  (connection: DuckDBConnection): DuckdbTransaction['append'] =>
  async (table, rows) => {
    const appender = await connection.createAppender(table);
    try {
      for (const row of rows) {
        for (const value of row) add(appender, value);
        appender.endRow();
      }
      appender.flushSync();
    } catch (error) {
      throw storeError(error);
    } finally {
      appender.closeSync();
    }
  };

/** The usual values by the driver's own calls: it would make an object for each value otherwise. */
function add(appender: DuckDBAppender, value: unknown): void {
  if (value === null) appender.appendNull();
  else if (typeof value === 'string') appender.appendVarchar(value);
  else if (typeof value === 'boolean') appender.appendBoolean(value);
  else if (Number.isSafeInteger(value)) appender.appendBigInt(BigInt(value as number));
  else appender.appendValue(bound(value));
}
