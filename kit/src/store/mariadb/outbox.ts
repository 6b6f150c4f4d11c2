import { type ConnectionConfig, createConnection } from 'mariadb';
import type { Clock } from '../../service/clock.ts';
import type { Added } from '../added.ts';
import { outboxClaim, questionMarks } from '../sql/outbox-table.ts';
import { statement } from '../statement.ts';
import type { OutboxFeed } from '../store.ts';
import { storeError } from './errors.ts';
import { queryable } from './run.ts';

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
        if (row?.got === 1) return outboxClaim({ own, dialect: questionMarks, now, release: end });
      } catch (error) {
        await end();
        throw error;
      }
      await end();
      return null;
    },
  };
}
