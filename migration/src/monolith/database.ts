import pg from 'pg';
import type { Queryable } from '../resources/queryable.ts';

/** How long a statement may take. Long, because a backfill reads thousands of rows at a time. */
const statementTimeoutMs = 30_000;
const connectTimeoutMs = 15_000;

const settings = (url: string) => ({
  connectionString: url,
  application_name: 'migration',
  connectionTimeoutMillis: connectTimeoutMs,
  statement_timeout: statementTimeoutMs,
  query_timeout: statementTimeoutMs + 1_000,
  keepAlive: true,
});

/** Connections to the monolith's database, for everything but the relay. */
export function openPool(url: string, onIdleError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({ ...settings(url), max: 4 });
  pool.on('error', onIdleError);
  return pool;
}

/** One connection that holds a lock of its session for as long as it lives. Calls `onLost` once when it ends. */
export async function connect(url: string, onLost: (error: Error) => void): Promise<pg.Client> {
  const client = new pg.Client(settings(url));
  let lost = false;
  const lose = (error: Error) => {
    if (lost) return;
    lost = true;
    onLost(error);
  };
  client.on('error', lose);
  client.on('end', () => lose(new Error('the connection to the monolith has ended')));
  await client.connect();
  return client;
}

/** Runs `work` in one transaction. A connection that cannot roll back is thrown away. */
export async function inTransaction<Result>(pool: pg.Pool, work: (db: Queryable) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that dies between two statements emits an error event, which would end the process without a listener.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    return await inTransactionOn(client, work, (failure) => {
      broken = failure;
    });
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** The same on a connection of its own. Calls `onBroken` when it cannot roll back. */
export async function inTransactionOn<Result>(
  client: pg.ClientBase,
  work: (db: Queryable) => Promise<Result>,
  onBroken: (failure: Error) => void = () => {},
): Promise<Result> {
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(onBroken);
    throw error;
  }
}
