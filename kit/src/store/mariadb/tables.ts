import type { Clock } from '../../service/clock.ts';
import { type Queryable, statement } from '../statement.ts';
import type { HandlerFailures } from '../store.ts';

const countFailure = statement<{ failures: number }, [string, string, string, number, string, number]>(
  'kit_inbox_failure',
  `insert into inbox_failures (consumer, event_id, failures, reason, failed_at_ms) values (?, ?, 1, ?, ?)
   on duplicate key update failures = failures + 1, reason = ?, failed_at_ms = ?
   returning failures`,
);

export function failuresIn(db: Queryable, now: Clock): HandlerFailures {
  return {
    record: async (consumer, eventId, reason) => {
      const text = reason.slice(0, 1_000);
      const nowMs = now();
      const [row] = await db.query(countFailure, [consumer, eventId, text, nowMs, text, nowMs]);
      return row?.failures ?? 1;
    },
  };
}

/** Rows per call. Deletes of many rows hold locks for long. */
const batch = 5_000;

const forgetOutbox = statement<object, [number]>(
  'kit_forget_outbox',
  `delete from outbox where published_at_ms < ? order by published_at_ms limit ${batch}`,
);
const forgetInbox = statement<object, [number]>(
  'kit_forget_inbox',
  `delete from inbox where handled_at_ms < ? order by handled_at_ms limit ${batch}`,
);
const forgetFailures = statement<object, [number]>(
  'kit_forget_failures',
  `delete from inbox_failures where failed_at_ms < ? order by failed_at_ms limit ${batch}`,
);

export async function forget(db: Queryable, beforeMs: number): Promise<boolean> {
  const counts: number[] = [];
  for (const one of [forgetOutbox, forgetInbox, forgetFailures]) counts.push(await db.run(one, [beforeMs]));
  return counts.some((count) => count >= batch);
}
