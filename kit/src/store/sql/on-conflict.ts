import type { Clock } from '../../service/clock.ts';
import { type Queryable, statement } from '../statement.ts';
import type { HandlerFailures, Inbox } from '../store.ts';
import type { Dialect } from './outbox-table.ts';

/** Rows per call. Deletes of many rows hold locks for long. */
const batch = 5_000;

const deletes = {
  outbox: `delete from outbox where id in
    (select id from outbox where published_at_ms < ? order by published_at_ms limit ${batch})`,
  inbox: `delete from inbox where (consumer, event_id) in
    (select consumer, event_id from inbox where handled_at_ms < ? order by handled_at_ms limit ${batch})`,
  inbox_failures: `delete from inbox_failures where (consumer, event_id) in
    (select consumer, event_id from inbox_failures where failed_at_ms < ? order by failed_at_ms limit ${batch})`,
};

/** The inbox's tables in an engine that has ON CONFLICT. A twin waits for the row that the first has inserted. */
export function inboxTables(dialect: Dialect, now: Clock) {
  const handled = statement<object, [string, string, number]>(
    'kit_inbox_handled',
    dialect('insert into inbox (consumer, event_id, handled_at_ms) values (?, ?, ?) on conflict do nothing'),
  );
  const newer = statement<object, [string, string, string, number]>(
    'kit_inbox_newer',
    dialect(`insert into inbox_versions as known (consumer, resource, aggregate_id, version) values (?, ?, ?, ?)
      on conflict (consumer, resource, aggregate_id) do update set version = excluded.version
      where known.version < excluded.version`),
  );
  const failed = statement<{ failures: number }, [string, string, string, number]>(
    'kit_inbox_failed',
    dialect(`insert into inbox_failures as known (consumer, event_id, failures, reason, failed_at_ms)
      values (?, ?, 1, ?, ?) on conflict (consumer, event_id) do update
      set failures = known.failures + 1, reason = excluded.reason, failed_at_ms = excluded.failed_at_ms
      returning failures`),
  );
  const forgets = Object.entries(deletes).map(([table, text]) =>
    statement<object, [number]>(`kit_forget_${table}`, dialect(text)),
  );

  return {
    of: (tx: Queryable): Inbox => ({
      firstTime: async (consumer, eventId) => (await tx.run(handled, [consumer, eventId, now()])) > 0,
      newer: async (...values) => (await tx.run(newer, values)) > 0,
    }),
    failures: (db: Queryable): HandlerFailures => ({
      record: async (consumer, eventId, reason) => {
        const [row] = await db.query(failed, [consumer, eventId, reason.slice(0, 1_000), now()]);
        return row?.failures ?? 1;
      },
    }),
    forget: async (db: Queryable, beforeMs: number) => {
      const counts: number[] = [];
      for (const one of forgets) counts.push(await db.run(one, [beforeMs]));
      return counts.some((count) => count >= batch);
    },
  };
}
