import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openMariadb } from '../store/mariadb/mariadb.ts';
import type { Queryable } from '../store/statement.ts';
import { createTestMariadb } from '../testing/mariadb.ts';
import { mariadbReplies } from './engines.ts';
import { describeReplies } from './testing/replies-suite.ts';

describeReplies<Queryable>('MariaDB', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replies-'));
  const database = await createTestMariadb();
  const db = openMariadb({ url: database.url, queryTimeoutMs: 10_000 });
  // The table is the kit's own.
  await mkdir(join(folder, 'schema'));
  await db.applySchema({ folder: pathToFileURL(join(folder, 'schema/')) });
  return {
    transaction: (work) => db.transaction(work),
    replies: (tx) => mariadbReplies.of(tx),
    forget: (now) => mariadbReplies.forget(db, now),
    drop: async () => {
      await db.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
});
