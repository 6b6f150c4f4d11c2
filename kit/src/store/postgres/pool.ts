import pg from 'pg';
import { type Clock, systemClock } from '../../service/clock.ts';
import { Added } from '../added.ts';
import { repeated } from '../repeated.ts';
import { dollars } from '../sql/dollars.ts';
import { inboxTables } from '../sql/on-conflict.ts';
import { OutboxTable } from '../sql/outbox-table.ts';
import { type Queryable, statement } from '../statement.ts';
import type { TransactionalStore } from '../store.ts';
import { attemptsAfter, storeError } from './errors.ts';
import { outboxFeed } from './outbox.ts';
import { queryable } from './run.ts';
import { applySchema } from './schema.ts';

export { type Queryable, type Statement, statement } from '../statement.ts';
export { storeError } from './errors.ts';

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
  now?: Clock;
}

export interface Postgres extends Queryable, TransactionalStore<Queryable> {}

/** A process that hangs within a transaction must not hold its locks for ever: a change of an owner waits for them. */
const idleTransactionMs = 5_000;

/** Opens a pool. It connects at the first query, so a process can start while its store is down. */
export function openPostgres(options: PostgresOptions): Postgres {
  const { url, queryTimeoutMs = 1_000, connectTimeoutMs = 1_000, now = systemClock } = options;
  const pool = new pg.Pool({
    connectionString: url,
    application_name: options.applicationName,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: queryTimeoutMs,
    idle_in_transaction_session_timeout: idleTransactionMs,
    // Longer than the server's limit: a working server reports the timeout itself and keeps the connection usable.
    query_timeout: queryTimeoutMs + 250,
    keepAlive: true,
  });
  pool.on('error', (error) => options.onIdleError?.(error));
  let closed: Promise<void> | undefined;
  const added = new Added();
  const outbox = new OutboxTable(dollars, added);
  const inbox = inboxTables(dollars, now);
  const direct = queryable(pool);

  return {
    ...direct,
    transaction: (work) => repeated(() => inTransaction(pool, work, (tx) => outbox.committed(tx)), attemptsAfter),
    outbox: outbox.of,
    inbox: inbox.of,
    ping: async () => {
      await direct.query(alive, []);
    },
    close: () => {
      closed ??= pool.end();
      return closed;
    },
    applySchema: ({ folder }) => applySchema({ url, folder, connectTimeoutMs }),
    outboxFeed: outboxFeed({ url, connectTimeoutMs, queryTimeoutMs, added, now }),
    failures: inbox.failures(direct),
    forget: (beforeMs) => inbox.forget(direct, beforeMs),
  };
}

const alive = statement<{ one: number }>('kit_alive', 'select 1 as one');

async function inTransaction<Result>(
  pool: pg.Pool,
  work: (tx: Queryable) => Promise<Result>,
  committed: (tx: Queryable) => void,
): Promise<Result> {
  const connection = await pool.connect().catch((error: unknown) => {
    throw storeError(error);
  });
  let broken: Error | undefined;
  // The server may end the connection between two statements. Without a listener that would end the process.
  const died = (error: Error) => {
    broken = error;
  };
  connection.on('error', died);
  try {
    await connection.query('begin');
    const tx = queryable(connection);
    const result = await work(tx);
    await connection.query('commit');
    committed(tx);
    return result;
  } catch (error) {
    // A connection that cannot roll back is thrown away: it may still be inside the transaction.
    await connection.query('rollback').catch(died);
    throw storeError(error);
  } finally {
    connection.off('error', died);
    connection.release(broken);
  }
}
