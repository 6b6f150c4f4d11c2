import type { Connection, UpsertResult } from 'mariadb';
import type { Queryable, Statement } from '../statement.ts';
import { storeError, unavailableBecause } from './errors.ts';

/** What MariaDB offers beside single statements. */
export interface MariadbQueryable extends Queryable {
  /** Runs a statement for each row, in one message. Several times faster than rows as JSON. */
  runMany<Values extends readonly unknown[]>(
    statement: Statement<object, Values>,
    rows: readonly Values[],
  ): Promise<void>;
}

/**
 * Runs statements on one connection, prepared, with `?` for each value.
 *
 * @param limitMs for each statement. Longer than the server's own limit: a working server reports it itself and the
 *   connection stays usable. A silent one loses its connection.
 */
export function queryable(connection: Connection, limitMs: number): MariadbQueryable {
  return {
    query: ({ text }, values) => execute(connection, text, values, limitMs),
    run: async ({ text }: Statement<object, readonly unknown[]>, values: readonly unknown[]) =>
      (await execute<UpsertResult>(connection, text, values, limitMs)).affectedRows,
    runMany: async ({ text }, rows) => {
      if (rows.length > 0)
        await withLimit(
          connection,
          connection.batch(
            text,
            rows.map((row) => [...row]),
          ),
          limitMs,
        );
    },
  };
}

export function execute<Result>(
  connection: Connection,
  text: string,
  values: readonly unknown[],
  limitMs: number,
): Promise<Result> {
  return withLimit(connection, connection.execute<Result>(text, values as unknown[]), limitMs);
}

/** Waits for a command. Past the limit it throws the connection away and rejects. */
export async function withLimit<Result>(
  connection: Connection,
  command: Promise<Result>,
  limitMs: number,
): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(unavailableBecause(new Error(`no response within ${limitMs} ms`)));
    connection.destroy();
  }, limitMs);
  try {
    return await Promise.race([command, late]);
  } catch (error) {
    throw storeError(error);
  } finally {
    clearTimeout(timer);
    // The command of a connection that was thrown away rejects later.
    command.catch(() => {});
  }
}
