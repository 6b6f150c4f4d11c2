import type { Connection } from 'mariadb';
import { type Clock, systemClock } from '../../service/clock.ts';
import { Added } from '../added.ts';
import { repeated } from '../repeated.ts';
import { OutboxTable, questionMarks } from '../sql/outbox-table.ts';
import type { Queryable } from '../statement.ts';
import type { TransactionalStore } from '../store.ts';
import { Connections } from './connections.ts';
import { attemptsAfter, errorNumber } from './errors.ts';
import { inboxOf } from './inbox.ts';
import { outboxFeed } from './outbox.ts';
import { type MariadbQueryable, queryable, withLimit } from './run.ts';
import { applySchema } from './schema.ts';
import { connectionConfig, statementLimitMs } from './settings.ts';
import { failuresIn, forget } from './tables.ts';

export { type Queryable, type Statement, statement } from '../statement.ts';
export { duplicateKeyIn } from './errors.ts';
export type { MariadbQueryable } from './run.ts';

export interface MariadbOptions {
  /** `mariadb://user:password@host:port/database` */
  url: string;
  maxConnections?: number;
  /** How long a caller waits for a connection, whether new or from the pool. */
  connectTimeoutMs?: number;
  /** How long a statement may take. At least 1.25 s, because locks are waited for in whole seconds. */
  queryTimeoutMs?: number;
  /** Called when an idle connection dies. */
  onIdleError?: (error: Error) => void;
  now?: Clock;
}

export interface Mariadb extends Queryable, TransactionalStore<MariadbQueryable> {}

/** Opens a pool. It connects at the first statement, so a process can start while its store is down. */
export function openMariadb(options: MariadbOptions): Mariadb {
  const { url, connectTimeoutMs = 1_000, queryTimeoutMs = 1_000, onIdleError = () => {}, now = systemClock } = options;
  const limitMs = statementLimitMs(queryTimeoutMs) + 250;
  const config = connectionConfig(url, { connectTimeoutMs, queryTimeoutMs });
  const maxConnections = options.maxConnections ?? 10;
  const connections = new Connections({ config, maxConnections, waitMs: connectTimeoutMs, onIdleError });
  const added = new Added();
  const outbox = new OutboxTable(questionMarks, added);

  const onOne = async <Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> => {
    const connection = await connections.acquire();
    try {
      return await work(connection);
    } finally {
      connections.release(connection, true);
    }
  };
  const direct: Queryable = {
    query: (one, values) => onOne((connection) => queryable(connection, limitMs).query(one, values)),
    run: (one, values) => onOne((connection) => queryable(connection, limitMs).run(one, values)),
  };

  const once = async <Result>(work: (tx: MariadbQueryable) => Promise<Result>): Promise<Result> => {
    const connection = await connections.acquire();
    const tx = queryable(connection, limitMs);
    let usable = true;
    try {
      await withLimit(connection, connection.beginTransaction(), limitMs);
      const result = await work(tx);
      await withLimit(connection, connection.commit(), limitMs);
      outbox.committed(tx);
      return result;
    } catch (error) {
      // A connection that cannot roll back is thrown away: it may still be inside the transaction.
      usable = await withLimit(connection, connection.rollback(), limitMs).then(
        () => true,
        () => false,
      );
      throw error;
    } finally {
      connections.release(connection, usable);
    }
  };

  return {
    ...direct,
    transaction: (work) => repeated(() => once(work), attemptsOf),
    outbox: outbox.of,
    inbox: (tx) => inboxOf(tx, now),
    ping: () => onOne((connection) => withLimit(connection, connection.ping(), limitMs)),
    close: () => connections.close(),
    applySchema: ({ folder }) => applySchema({ url, folder, connectTimeoutMs }),
    outboxFeed: outboxFeed({ config, limitMs, added, now }),
    failures: failuresIn(direct, now),
    forget: (beforeMs) => forget(direct, beforeMs),
  };
}

/** `storeError` keeps the driver's error as cause. */
const attemptsOf = (error: unknown) =>
  (error instanceof Error && attemptsAfter[errorNumber(error.cause) ?? errorNumber(error) ?? 0]) || 1;
