import pg from 'pg';
import type { Clock } from '../../service/clock.ts';
import type { Added } from '../added.ts';
import { dollars } from '../sql/dollars.ts';
import { outboxClaim } from '../sql/outbox-table.ts';
import { statement } from '../statement.ts';
import type { OutboxFeed } from '../store.ts';
import { storeError } from './errors.ts';
import { queryable } from './run.ts';

export interface FeedOptions {
  url: string;
  connectTimeoutMs: number;
  queryTimeoutMs: number;
  added: Added;
  now: Clock;
}

// An arbitrary fixed number. The lock is the database's, and ends with the connection.
const lock = statement<{ got: boolean }>('kit_outbox_lock', 'select pg_try_advisory_lock(7204613) as got');

export function outboxFeed({ url, connectTimeoutMs, queryTimeoutMs, added, now }: FeedOptions): OutboxFeed {
  return {
    onAdded: added.listen,
    claim: async () => {
      const client = new pg.Client({
        connectionString: url,
        application_name: 'outbox relay',
        connectionTimeoutMillis: connectTimeoutMs,
        statement_timeout: queryTimeoutMs,
        query_timeout: queryTimeoutMs + 250,
        keepAlive: true,
      });
      client.on('error', () => {});
      const own = queryable(client);
      const release = () => client.end().catch(() => {});
      try {
        await client.connect();
        const [row] = await own.query(lock, []);
        if (row?.got) return outboxClaim({ own, dialect: dollars, now, release });
      } catch (error) {
        await release();
        throw storeError(error);
      }
      await release();
      return null;
    },
  };
}
