import { type Clock, systemClock } from '../../service/clock.ts';
import { ServiceError } from '../../service/errors.ts';
import { Added } from '../added.ts';
import { embeddedFeed } from '../embedded-feed.ts';
import { inboxTables } from '../sql/on-conflict.ts';
import { OutboxTable, outboxClaim, questionMarks } from '../sql/outbox-table.ts';
import { type Queryable, statement } from '../statement.ts';
import type { TransactionalStore } from '../store.ts';
import { Turns } from '../turns.ts';
import { storeError } from './errors.ts';
import { OpenFile, queryable } from './file.ts';
import { applySchema } from './schema.ts';

export { type Queryable, type Statement, statement } from '../statement.ts';

export interface SqliteOptions {
  /** The database file. Its folder must exist. Only one process at a time can open it. */
  path: string;
  /** How long a caller waits until the statements and transactions before it have ended. */
  waitMs?: number;
  /** How long to wait, with the process blocked, while another process has the file. */
  busyMs?: number;
  now?: Clock;
}

export interface Sqlite extends Queryable, TransactionalStore<Queryable> {}

const alive = statement<{ one: number }>('kit_alive', 'select 1 as one from sqlite_schema limit 1');

/** Opens the file at the first statement, so a process can start while its store is down. */
export function openSqlite({ path, waitMs = 1_000, busyMs = 250, now = systemClock }: SqliteOptions): Sqlite {
  const turns = new Turns(waitMs);
  const added = new Added();
  const outbox = new OutboxTable(questionMarks, added);
  const inbox = inboxTables(questionMarks, now);
  let open: OpenFile | undefined;
  let closed = false;

  const file = () => {
    if (closed) throw new ServiceError('store_unavailable', { cause: new Error('the store is closed') });
    open ??= new OpenFile(path, busyMs);
    return open;
  };
  const own = queryable(file);
  const direct: Queryable = {
    query: (one, values) => turns.take(() => own.query(one, values)),
    run: (one, values) => turns.take(() => own.run(one, values)),
  };
  const inTurn = <Result>(work: (file: OpenFile) => Promise<Result>) =>
    turns.take(async () => {
      try {
        return await work(file());
      } catch (error) {
        throw storeError(error);
      }
    });
  const ping = async () => {
    await direct.query(alive, []);
  };

  return {
    ...direct,
    transaction: async (work) => {
      const tx = { ...own };
      const result = await inTurn((opened) => opened.transaction(() => work(tx)));
      outbox.committed(tx);
      return result;
    },
    outbox: outbox.of,
    inbox: inbox.of,
    ping,
    close: () =>
      turns.take(() => {
        closed = true;
        open?.close();
        open = undefined;
      }),
    applySchema: ({ folder }) => inTurn((opened) => applySchema(opened, folder)),
    outboxFeed: embeddedFeed({
      added,
      ping,
      claim: (release) => outboxClaim({ own: direct, dialect: questionMarks, now, release }),
    }),
    failures: inbox.failures(direct),
    forget: (beforeMs) => inbox.forget(direct, beforeMs),
  };
}
