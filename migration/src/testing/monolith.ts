import { applySchema } from '@banyan/kit/schema';
import { createTestDatabase, type TestDatabase } from '@banyan/kit/testing';
import pg from 'pg';
import { detach } from '../monolith/attach.ts';
import { openPool } from '../monolith/database.ts';
import { changeOwnership, readOwnership } from '../monolith/fence.ts';
import type { Resource } from '../resources/resource.ts';

const schema = new URL('.', import.meta.resolve('@banyan/monolith/schema/001_clients.sql'));

/** A monolith's database of one test: with its schema, and with what an operator grants to the role of the migration. */
export interface TestMonolith extends TestDatabase {
  pool: pg.Pool;
  /** Makes the monolith the owner of a resource that is attached, and detaches it. */
  release(resource: Resource): Promise<void>;
}

/** @throws Error when TEST_POSTGRES_URL is not set: a test that needs a store must not pass without one */
export async function createTestMonolith(): Promise<TestMonolith> {
  const database = await createTestDatabase();
  await replicaRole('grant', database.url);
  const applied = await applySchema({ url: database.url, folder: schema });
  if (!applied.some((name) => name.startsWith('001_'))) throw new Error('the monolith has no schema files');
  const pool = openPool(database.url, () => {});
  return {
    ...database,
    pool,
    release: async (resource) => {
      const now = await readOwnership(pool, resource.group);
      if (now) await changeOwnership(pool, resource.group, now, { epoch: now.epoch + 1, state: 'owner' });
      await detach(pool, resource, []);
    },
    drop: async () => {
      await pool.end();
      await replicaRole('revoke', database.url);
      await database.drop();
    },
  };
}

/** What an operator grants to the role of the migration, unless it is a superuser. */
async function replicaRole(verb: 'grant' | 'revoke', url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: process.env.TEST_POSTGRES_URL });
  await admin.connect();
  const direction = verb === 'grant' ? 'to' : 'from';
  await admin.query(`${verb} set on parameter session_replication_role ${direction} "${new URL(url).username}"`);
  await admin.end();
}
