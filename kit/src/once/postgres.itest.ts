import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openPostgres } from '../store/postgres/pool.ts';
import type { Queryable } from '../store/statement.ts';
import { createTestDatabase } from '../testing/database.ts';
import { postgresReplies } from './engines.ts';
import { describeReplies } from './testing/replies-suite.ts';

describeReplies<Queryable>('PostgreSQL', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replies-'));
  const database = await createTestDatabase();
  const db = openPostgres({ url: database.url, applicationName: 'test', queryTimeoutMs: 10_000 });
  // The table is the kit's own.
  await mkdir(join(folder, 'schema'));
  await db.applySchema({ folder: pathToFileURL(join(folder, 'schema/')) });
  return {
    transaction: (work) => db.transaction(work),
    replies: (tx) => postgresReplies.of(tx),
    forget: (now) => postgresReplies.forget(db, now),
    drop: async () => {
      await db.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
});
