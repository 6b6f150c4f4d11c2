import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type RedisTx, redisLedger } from '../store/redis/ledger.ts';
import { openRedis } from '../store/redis/redis.ts';
import { createTestRedis } from '../testing/redis.ts';
import { redisReplies } from './redis.ts';
import { describeReplies } from './testing/replies-suite.ts';

describeReplies<RedisTx>('Redis', async () => {
  const server = await createTestRedis();
  const store = openRedis({ url: server.url, tag: server.tag, commandTimeoutMs: 10_000 });
  const folder = await mkdtemp(join(tmpdir(), 'replies-'));
  await writeFile(join(folder, '001_none.lua'), '-- The kit has the only function.');
  await store.applySchema({ folder: pathToFileURL(`${folder}/`) });
  const ledger = redisLedger(store);
  return {
    transaction: (work) => ledger.transaction(work),
    replies: (tx, now) => redisReplies(tx, () => now / 1_000),
    drop: async () => {
      await store.close();
      await server.drop();
      await rm(folder, { recursive: true });
    },
  };
});
