import { type ConnectionConfig, createConnection } from 'mariadb';
import type { Clock } from '../../service/clock.ts';
import type { Added } from '../added.ts';
import { type EventColumns, eventOf } from '../event-columns.ts';
import { faultOf, type NewEvent } from '../events.ts';
import { type Queryable, statement } from '../statement.ts';
import type { OutboxClaim, OutboxFeed } from '../store.ts';
import { storeError } from './errors.ts';
import { queryable } from './run.ts';

type NewRow = [string, string, number, string, number, string, number, string | null, number | null];

const insertEvent = statement<object, NewRow>(
  'kit_outbox_insert',
  `insert into outbox
     (event_id, type, type_version, aggregate_id, aggregate_version, state, occurred_at_us, trace, deadline_ms)
   values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);

/** @throws Error if the event is unsound: that is a fault of the program */
export async function addEvent(tx: Queryable, event: NewEvent): Promise<void> {
  const fault = faultOf(event);
  if (fault !== null) throw new Error(`an event cannot be added to the outbox: ${fault}`);
  await tx.run(insertEvent, [
    event.id,
    event.type,
    event.typeVersion,
    event.aggregateId,
    event.aggregateVersion,
    JSON.stringify(event.state),
    event.occurredAtUs,
    event.trace === undefined ? null : JSON.stringify(event.trace),
    event.deadlineMs ?? null,
  ]);
}

const lock = statement<{ got: number | null }>(
  'kit_outbox_lock',
  // Names of locks are the whole server's.
  "select get_lock(concat('outbox.', md5(database())), 0) as got",
);

export function outboxFeed(options: {
  config: ConnectionConfig;
  limitMs: number;
  added: Added;
  now: Clock;
}): OutboxFeed {
  const { config, limitMs, added, now } = options;
  return {
    onAdded: added.listen,
    claim: async () => {
      const connection = await createConnection(config).catch((error: unknown) => {
        throw storeError(error);
      });
      connection.on('error', () => {});
      const own = queryable(connection, limitMs);
      const end = () => connection.end().catch(() => {});
      try {
        const [row] = await own.query(lock, []);
        if (row?.got === 1) return claimOn(own, end, now);
      } catch (error) {
        await end();
        throw error;
      }
      await end();
      return null;
    },
  };
}

/** The lock belongs to the connection that reads, so a relay that lost it cannot read either. */
function claimOn(own: Queryable, end: () => Promise<void>, now: Clock): OutboxClaim {
  return {
    next: async (limit, exceptTypes) => {
      const without = exceptTypes.length === 0 ? '' : `and type not in (${exceptTypes.map(() => '?').join(', ')})`;
      const next = statement<EventColumns, (string | number)[]>(
        'kit_outbox_next',
        `select id, event_id, type, type_version, aggregate_id, aggregate_version, state, occurred_at_us, trace,
                deadline_ms
         from outbox where published_at_ms is null ${without} order by id limit ?`,
      );
      return (await own.query(next, [...exceptTypes, limit])).map(eventOf);
    },
    markPublished: async (places) => {
      if (places.length === 0) return;
      const mark = statement<object, (string | number)[]>(
        'kit_outbox_mark',
        `update outbox set published_at_ms = ? where id in (${places.map(() => '?').join(', ')})`,
      );
      await own.run(mark, [now(), ...places.map(Number)]);
    },
    release: end,
  };
}
