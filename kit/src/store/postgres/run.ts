import type pg from 'pg';
import type { Queryable, Statement } from '../statement.ts';
import { storeError } from './errors.ts';

/** Runs statements, named ones parsed and planned once per connection, with `$1` for each value. */
export function queryable(connection: pg.Pool | pg.ClientBase): Queryable {
  const run = async ({ name, text }: Statement<object, readonly unknown[]>, values: readonly unknown[]) => {
    const named = name === '' ? { text } : { name, text };
    try {
      return await connection.query({ ...named, values: [...values] });
    } catch (error) {
      throw storeError(error);
    }
  };
  return {
    query: async <Row extends object, Values extends readonly unknown[]>(
      one: Statement<Row, Values>,
      values: Values,
    ): Promise<Row[]> => (await run(one, values)).rows as Row[],
    run: async (one, values) => (await run(one, values)).rowCount ?? 0,
  };
}
