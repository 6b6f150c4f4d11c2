import pg from 'pg';
import type { TestShop } from './open-shop.ts';

/** Runs a statement in its own transaction and leaves it open: the rows stay locked until `end`. */
export async function holdOpen({ shop }: TestShop, statement: string, values: unknown[]) {
  const client = new pg.Client({ connectionString: shop.config.databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query(statement, values);
  return {
    end: async (how: 'commit' | 'rollback') => {
      await client.query(how);
      await client.end();
    },
  };
}

/** The most queries to wait for, each a round trip: at least ten seconds in all. */
const maxTries = 50_000;

/** Waits until `count` statements wait for a lock; returns their process ids, oldest transaction first. */
export async function lockWaiters({ shop }: TestShop, count: number): Promise<number[]> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const { rows } = await shop.db.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
       order by xact_start`,
    );
    if (rows.length === count) return rows.map(({ pid }) => pid);
  }
  throw new Error(`There were never ${count} statements that wait for a lock`);
}
