import pg, { type Pool, type PoolClient, type QueryResult, type QueryResultRow } from 'pg';

export type { Pool, PoolClient } from 'pg';

/** The pool, or the connection of one transaction. */
export interface Queryable {
  query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<R>>;
}

/** The longest duration of a statement in a request. */
export const defaultStatementTimeoutMs = 30_000;

/**
 * Opens a pool. `onIdleError` receives the errors of idle connections. With `statementTimeoutMs` 0, statements have no
 * time limit.
 */
export function openPool(
  databaseUrl: string,
  onIdleError: (error: Error) => void,
  statementTimeoutMs = defaultStatementTimeoutMs,
): Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'monolith',
    max: 10,
    // Long, because it includes the wait for a busy pool: a store that is down refuses at once.
    connectionTimeoutMillis: 20_000,
    ...(statementTimeoutMs > 0 && {
      statement_timeout: statementTimeoutMs,
      // If the server vanishes without closing the connection, only this timeout ends the wait.
      query_timeout: statementTimeoutMs + 5_000,
    }),
  });
  pool.on('error', onIdleError);
  return pool;
}

/** Runs `work` in one transaction: all of it or nothing. If even the rollback fails, the connection is discarded. */
export async function inTransaction<T>(pool: Pool, work: (db: PoolClient) => Promise<T>): Promise<T> {
  const db = await pool.connect();
  let broken: Error | undefined;
  // A connection that dies between two statements emits an error event, which would end the process without a listener.
  const onError = (error: Error) => {
    broken = error;
  };
  db.on('error', onError);
  try {
    await db.query('begin');
    const result = await work(db);
    await db.query('commit');
    return result;
  } catch (error) {
    await db.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    db.off('error', onError);
    db.release(broken);
  }
}

/**
 * The same connection for code that sends several queries at once, as a pool allows: here each waits for the one before
 * it. After a failed query, none is sent.
 */
export function inSequence(db: Queryable): Queryable {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query<R extends QueryResultRow>(text: string, values?: unknown[]) {
      const next = last.then(() => db.query<R>(text, values));
      last = next;
      return next;
    },
  };
}

const connectionErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
// Shutting down, crashed, starting up, too many connections, no such database.
const serverStates = new Set(['57P01', '57P02', '57P03', '53300', '3D000']);
const driverMessages =
  /connection terminated|timeout exceeded when trying to connect|connection ended|not queryable|query read timeout/i;

/** Whether an error means that the store is currently unreachable, and not that a statement was wrong. */
export function isStoreUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isStoreUnavailable);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return (
    connectionErrors.has(code) ||
    serverStates.has(code) ||
    // Class 08 of SQLSTATE: connection exceptions.
    code.startsWith('08') ||
    driverMessages.test(error.message)
  );
}

/** Whether a statement violated a unique constraint (SQLSTATE 23505); `constraint` limits the check to that name. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === '23505' &&
    (constraint === undefined || error.constraint === constraint)
  );
}

/** Whether a statement waited for a lock longer than `lock_timeout` (SQLSTATE 55P03). */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '55P03';
}
