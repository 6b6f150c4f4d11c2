import pg from 'pg';
import { ServiceError } from './errors.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Seen in pg_stat_activity. */
  applicationName: string;
  maxConnections?: number;
  /** How long a caller waits for a connection, new or from the pool. */
  connectTimeoutMs?: number;
  /** How long a statement may take, on both sides: the server gives it up, and so do we if the server hangs. */
  queryTimeoutMs?: number;
  /** Told of connections that die while idle; without a listener that would end the process. */
  onIdleError?: (error: Error) => void;
}

/** A statement that the server parses and plans once per connection. The name must be its own within the process. */
export interface Statement<Row extends object, Values extends readonly unknown[]> {
  readonly name: string;
  readonly text: string;
  /** Only for the types of `query`; never set. */
  readonly row?: Row;
  readonly values?: Values;
}

export function statement<Row extends object, Values extends readonly unknown[] = []>(
  name: string,
  text: string,
): Statement<Row, Values> {
  return { name, text };
}

/** What runs statements: the pool, or one connection inside a transaction. */
export interface Queryable {
  /** @throws ServiceError `store_unavailable` when the store cannot be reached or does not answer in time */
  query<Row extends object, Values extends readonly unknown[]>(
    statement: Statement<Row, Values>,
    values: Values,
  ): Promise<Row[]>;
}

export interface Postgres extends Queryable {
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. */
  transaction<Result>(work: (connection: Queryable) => Promise<Result>): Promise<Result>;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A pool. Nothing is connected until the first query: a store that is down does not stop a process from starting. */
export function openPostgres(options: PostgresOptions): Postgres {
  const { queryTimeoutMs = 1_000, connectTimeoutMs = 1_000 } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: queryTimeoutMs,
    // Ours runs out after the server's: a server that works reports the timeout itself and keeps the connection usable.
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

const alive = statement<{ one: number }>('kit_alive', 'SELECT 1 AS one');

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
    await connection.query('BEGIN');
    const result = await work({ query: (one, values) => run(connection, one, values) });
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that cannot roll back is thrown away: it may still be inside the transaction.
    await connection.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw storeError(error);
  } finally {
    connection.release(broken);
  }
}

/**
 * SQLSTATE classes and codes that say "not now": connection, resources, shutdown, lock and statement timeouts, a database
 * that takes no connections or does not exist yet.
 */
const unavailableStates = /^(08|53|57P0|57014|55P03|55000|3D000)/;

/** What the driver says, without a SQLSTATE, when there is no server, or it went away, or it is silent. */
const unavailableMessages =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|connection is closed|Cannot use a pool after/i;

/** Tells a store that cannot serve from a statement that is wrong; the latter is returned as it is. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ServiceError) return error;
  const { code } = error as { code?: unknown };
  const unavailable =
    typeof code === 'string'
      ? unavailableStates.test(code) || /^E[A-Z]+$/.test(code)
      : unavailableMessages.test(error.message) || error instanceof AggregateError;
  return unavailable ? new ServiceError('store_unavailable', { cause: error, retryAfterS: 1 }) : error;
}
