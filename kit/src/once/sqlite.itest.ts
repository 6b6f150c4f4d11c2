import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openSqlite } from '../store/sqlite/sqlite.ts';
import type { Queryable } from '../store/statement.ts';
import { sqliteReplies } from './engines.ts';
import { describeReplies } from './testing/replies-suite.ts';

describeReplies<Queryable>('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replies-'));
  const db = openSqlite({ path: join(folder, 'store.db') });
  // The table is the kit's own.
  await mkdir(join(folder, 'schema'));
  await db.applySchema({ folder: pathToFileURL(join(folder, 'schema/')) });
  return {
    transaction: (work) => db.transaction(work),
    replies: (tx) => sqliteReplies.of(tx),
    forget: (now) => sqliteReplies.forget(db, now),
    drop: async () => {
      await db.close();

      await rm(folder, { recursive: true });
    },
  };
});
