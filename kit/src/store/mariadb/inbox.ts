import type { Clock } from '../../service/clock.ts';
import { type Queryable, statement } from '../statement.ts';
import type { Inbox } from '../store.ts';
import { duplicateKey, errorNumber } from './errors.ts';

const handled = statement<object, [string, string, number]>(
  'kit_inbox_handled',
  'insert into inbox (consumer, event_id, handled_at_ms) values (?, ?, ?)',
);
const raise = statement<object, [number, string, string, string, number]>(
  'kit_inbox_raise',
  'update inbox_versions set version = ? where consumer = ? and resource = ? and aggregate_id = ? and version < ?',
);
const first = statement<object, [string, string, string, number]>(
  'kit_inbox_first',
  'insert into inbox_versions (consumer, resource, aggregate_id, version) values (?, ?, ?, ?)',
);

/** A duplicate key is an error of one statement in MariaDB: the transaction goes on. */
export function inboxOf(tx: Queryable, now: Clock): Inbox {
  const inserted = async (insert: Promise<number>) => {
    try {
      await insert;
      return true;
    } catch (error) {
      if (errorNumber(error) === duplicateKey) return false;
      throw error;
    }
  };
  return {
    firstTime: (consumer, eventId) => inserted(tx.run(handled, [consumer, eventId, now()])),
    newer: async (consumer, resource, aggregateId, version) => {
      const raised = async () => (await tx.run(raise, [version, consumer, resource, aggregateId, version])) > 0;
      if (await raised()) return true;
      if (await inserted(tx.run(first, [consumer, resource, aggregateId, version]))) return true;
      // A twin inserted the row between the two statements, maybe with an older version.
      return raised();
    },
  };
}
