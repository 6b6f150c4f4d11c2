import pg from 'pg';
import { ServiceError } from '../../service/errors.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  maxConnections?: number;
  /** How long a caller waits for a connection, whether new or from the pool. */
  connectTimeoutMs?: number;
  /** How long a statement may take. The server cancels it, and so does the client if the server hangs. */
  queryTimeoutMs?: number;
  /** Called when an idle connection dies. Without a listener, that would end the process. */
  onIdleError?: (error: Error) => void;
}

/** A statement that the server parses and plans once per connection. The name must be unique within the process. */
export interface Statement<Row extends object, Values extends readonly unknown[]> {
  readonly name: string;
  readonly text: string;
  /** Never set: carries the type for `query`. */
  readonly row?: Row;
  readonly values?: Values;
}

export function statement<Row extends object, Values extends readonly unknown[] = []>(
  name: string,
  text: string,
): Statement<Row, Values> {
  return { name, text };
}

/** Runs statements: the pool, or one connection inside a transaction. */
export interface Queryable {
  /** @throws ServiceError `store_unavailable` when the store cannot be reached or does not respond in time */
  query<Row extends object, Values extends readonly unknown[]>(
    statement: Statement<Row, Values>,
    values: Values,
  ): Promise<Row[]>;
}

export interface Postgres extends Queryable {
  /** Runs `work` in one transaction. Commits when it resolves, rolls back when it rejects. */
  transaction<Result>(work: (connection: Queryable) => Promise<Result>): Promise<Result>;
  /** Resolves if the store responds. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a pool. It connects at the first query, so a process can start while its store is down. */
export function openPostgres(options: PostgresOptions): Postgres {
  const { queryTimeoutMs = 1_000, connectTimeoutMs = 1_000 } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: queryTimeoutMs,
    // Longer than the server's limit: a working server reports the timeout itself and keeps the connection usable.
    query_timeout: queryTimeoutMs + 250,
    keepAlive: true,
  });
  pool.on('error', (error) => options.onIdleError?.(error));

  return {
    query: (one, values) => run(pool, one, values),
    transaction: (work) => inTransaction(pool, work),
    ping: async () => {
      await run(pool, alive, []);
    },
    close: () => pool.end(),
  };
}

const alive = statement<{ one: number }>('kit_alive', 'select 1 as one');

async function run<Row extends object, Values extends readonly unknown[]>(
  connection: pg.Pool | pg.PoolClient,
  { name, text }: Statement<Row, Values>,
  values: Values,
): Promise<Row[]> {
  try {
    const result = await connection.query<Row>({ name, text, values: values as unknown as unknown[] });
    return result.rows;
  } catch (error) {
    throw storeError(error);
  }
}

async function inTransaction<Result>(pool: pg.Pool, work: (connection: Queryable) => Promise<Result>): Promise<Result> {
  const connection = await pool.connect().catch((error: unknown) => {
    throw storeError(error);
  });
  let broken: Error | undefined;
  try {
    await connection.query('begin');
    const result = await work({ query: (one, values) => run(connection, one, values) });
    await connection.query('commit');
    return result;
  } catch (error) {
    // A connection that cannot roll back is thrown away: it may still be inside the transaction.
    await connection.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw storeError(error);
  } finally {
    connection.release(broken);
  }
}

/**
 * SQLSTATE classes and codes of failures that pass: connection, resources, shutdown, lock and statement timeouts, a
 * database that accepts no connections or does not exist yet.
 */
const unavailableStates = /^(08|53|57P0|57014|55P03|55000|3D000)/;

/** Messages of the driver, without a SQLSTATE, for a server that is absent, gone or silent. */
const unavailableMessages =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|connection is closed|Cannot use a pool after/i;

/** Turns an error of an unavailable store into `store_unavailable`. Returns any other error unchanged. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ServiceError) return error;
  const { code } = error as { code?: unknown };
  const unavailable =
    typeof code === 'string'
      ? unavailableStates.test(code) || /^E[A-Z]+$/.test(code)
      : unavailableMessages.test(error.message) || error instanceof AggregateError;
  return unavailable ? new ServiceError('store_unavailable', { cause: error, retryAfterS: 1 }) : error;
}
