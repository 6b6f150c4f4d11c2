import type { DuckDBConnection } from '@duckdb/node-api';
import { type Clock, systemClock } from '../../service/clock.ts';
import { Added } from '../added.ts';
import { embeddedFeed } from '../embedded-feed.ts';
import { inboxTables } from '../sql/on-conflict.ts';
import { OutboxTable, outboxClaim, questionMarks } from '../sql/outbox-table.ts';
import { type Queryable, statement } from '../statement.ts';
import type { TransactionalStore } from '../store.ts';
import { Turns } from '../turns.ts';
import { appendOn } from './append.ts';
import { LazyEngine, type OpenConnection, queryable } from './engine.ts';
import { applySchema } from './schema.ts';
import type { DuckdbTransaction } from './transaction.ts';

export { type Queryable, type Statement, statement } from '../statement.ts';
export { type KeyedTable, keyedTable } from './keyed-table.ts';
export type { DuckdbTransaction } from './transaction.ts';

export interface DuckdbOptions {
  /** The database file. Its folder must exist. Only one process at a time can open it. */
  path: string;
  /** For the engine's data. Less than 256 has ended in out of memory on batches of 10,000 rows. */
  memoryMb?: number;
  threads?: number;
  /** How long a statement may take. Reports take longer than the statements of other stores. */
  queryTimeoutMs?: number;
  /** How long a caller waits until the transactions before it have ended. */
  waitMs?: number;
  /** Called when the engine failed to open or broke. End the process: the engine cannot be opened in it again. */
  onFatal?: (error: Error) => void;
  now?: Clock;
}

/** `query` outside of a transaction reads beside transactions, and may take long. */
export interface Duckdb extends Queryable, TransactionalStore<DuckdbTransaction> {
  /** Brings what was committed from the log into the file. Call it after a batch: a short log is soon read. */
  checkpoint(): Promise<void>;
}

const alive = statement<{ one: number }>('kit_alive', 'select 1 as one');

/** Opens the file at the first statement, so a process can start while its store is down. */
export function openDuckdb(options: DuckdbOptions): Duckdb {
  const { path, memoryMb = 256, threads = 1, queryTimeoutMs = 30_000, waitMs = 5_000 } = options;
  const { onFatal = () => {}, now = systemClock } = options;
  const engine = new LazyEngine({ path, memoryMb, threads, queryTimeoutMs, onFatal });
  const turns = { reader: new Turns(waitMs), writer: new Turns(waitMs) };
  const added = new Added();
  const outbox = new OutboxTable(questionMarks, added);
  const inbox = inboxTables(questionMarks, now);

  const on = <Result>(which: 'reader' | 'writer', work: (open: OpenConnection) => Promise<Result>) =>
    turns[which].take(() => engine.use((open) => work(open[which])));
  const direct: Queryable = {
    query: (one, values) => on('reader', (open) => queryable(open, queryTimeoutMs).query(one, values)),
    run: (one, values) => on('writer', (open) => queryable(open, queryTimeoutMs).run(one, values)),
  };
  const ping = async () => {
    await direct.query(alive, []);
  };

  return {
    ...direct,
    transaction: async (work) => {
      const { tx, result } = await on('writer', async (open) => {
        const tx = { ...queryable(open, queryTimeoutMs), append: appendOn(open.connection) };
        return { tx, result: await inTransaction(open.connection, () => work(tx)) };
      });
      outbox.committed(tx);
      return result;
    },
    outbox: outbox.of,
    inbox: inbox.of,
    ping,
    close: () => turns.writer.take(() => turns.reader.take(() => engine.close())),
    applySchema: ({ folder }) =>
      on('writer', (open) => {
        const own = queryable(open, queryTimeoutMs);
        return applySchema(own, (work) => inTransaction(open.connection, work), folder);
      }),
    checkpoint: async () => {
      await direct.run(statement('', 'checkpoint'), []);
    },
    outboxFeed: embeddedFeed({
      added,
      ping,
      claim: (release) => outboxClaim({ own: direct, dialect: questionMarks, now, release }),
    }),
    // Its statement returns a row and changes one, so it belongs to the writer.
    failures: inbox.failures({
      ...direct,
      query: (one, values) => on('writer', (open) => queryable(open, queryTimeoutMs).query(one, values)),
    }),
    forget: (beforeMs) => inbox.forget(direct, beforeMs),
  };
}

async function inTransaction<Result>(connection: DuckDBConnection, work: () => Promise<Result>): Promise<Result> {
  await connection.run('begin transaction');
  try {
    const result = await work();
    await connection.run('commit');
    return result;
  } catch (error) {
    // Some errors have already ended the transaction.
    await connection.run('rollback').catch(() => {});
    throw error;
  }
}
