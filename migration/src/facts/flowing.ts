import type { Broker } from '@banyan/kit/common-settings';
import type { Pool } from 'pg';
import { messageOf } from '../errors.ts';

/** Why facts of the monolith do not reach those that hear of them, and what to do about it. Null: they do. */
export type FactsFault = () => Promise<string | null>;

/** How long the broker may take until it is connected: at a start of the platform it comes up last. */
const brokerMs = 30_000;
/** How old the oldest event may be that was not published. */
const maxAgeS = 60;

const attached = `select from pg_trigger where tgname = 'migration_fact' and tgrelid = 'shop_events'::regclass and tgenabled <> 'D'`;
const oldest = `select coalesce(extract(epoch from now() - min(coalesce(e.created_at, (kept->>'created_at')::timestamptz))), 0)::int as age
  from migration.facts left join shop_events e using (seq)`;

/**
 * Checks the way of a fact from the monolith's table of events to the broker: this worker notes events, the broker
 * confirms what it gets, and nothing has waited for long.
 *
 * @param broker that of this worker; null: it has none
 * @param waitMs how long the broker may take
 */
export function factsFault(broker: Broker | null, monolith: Pool, waitMs = brokerMs): FactsFault {
  return async () => {
    if (broker === null) {
      return 'this worker has no RABBITMQ_URL, so the service would not hear of what the monolith still owns: give the worker the address of the broker that the service has, and restart it';
    }
    try {
      await confirmedBy(broker, waitMs);
    } catch (error) {
      return `the broker does not confirm: ${messageOf(error)}. Start it, or correct RABBITMQ_URL of this worker`;
    }
    const { rowCount } = await monolith.query(attached);
    if (rowCount === 0)
      return 'events of the monolith are not noted yet: look into the log of this worker, and repeat the switch';
    const { rows } = await monolith.query<{ age: number }>(oldest);
    const age = rows[0]?.age ?? 0;
    return age > maxAgeS
      ? `an event of the monolith has waited for ${age} s: look into the log of this worker and into the list of consumers of the broker, and repeat the switch`
      : null;
  };
}

/** Sends a message to a queue that there is not. The broker gives it back, and then confirms it: nothing is left behind. */
async function confirmedBy({ url, prefix }: Broker, waitMs: number): Promise<void> {
  const { openPublisher } = await import('@banyan/kit/messages');
  let lost: Error | undefined;
  const publisher = await openPublisher({
    ...{ url, prefix, name: 'migrator, checking', confirmTimeoutMs: waitMs },
    onLost: (error) => {
      lost = error;
    },
  });
  try {
    const late = AbortSignal.timeout(waitMs);
    const timedOut = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(lost ?? new Error(`no connection within ${waitMs} ms`)));
    });
    await Promise.race([publisher.ready, timedOut]);
    await publisher.publish('', publisher.names.queueOf('migration.nothing'), Buffer.alloc(0), { persistent: false });
  } finally {
    await publisher.close();
  }
}
