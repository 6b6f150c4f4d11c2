import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { describeMoves } from '../../import/testing/moves-suite.ts';
import { thingsIn } from '../../import/testing/things-in-sql.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { until } from '../../testing/until.ts';
import { postgresLedger } from './ledger.ts';
import { openPostgres } from './pool.ts';

describeMoves('PostgreSQL', async () => {
  const database = await createTestDatabase();
  const db = openPostgres({
    url: database.url,
    applicationName: 'test',
    connectTimeoutMs: 10_000,
    queryTimeoutMs: 10_000,
  });
  const folder = await mkdtemp(join(tmpdir(), 'moves-'));
  await writeFile(
    join(folder, '001_things.sql'),
    'create table things (id text collate "C" primary key, name text unique)',
  );
  await db.applySchema({ folder: pathToFileURL(`${folder}/`) });
  return {
    ledger: postgresLedger(db),
    ...thingsIn({
      elements: 'select value as id from jsonb_array_elements_text(?::jsonb)',
      placeholder: (text) => {
        let number = 0;
        return text.replaceAll('?', () => `$${++number}`);
      },
      nullable: '?::text',
      upsert: 'insert into things (id, name) values (?, ?) on conflict (id) do update set name = excluded.name',
    }),
    clear: async () => {
      for (const table of ['things', 'ownership', 'aggregate_versions']) await database.query(`delete from ${table}`);
    },
    drop: async () => {
      await db.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
});

test('a write that begins while a change of the owner waits, waits behind it', async () => {
  const database = await createTestDatabase();
  const limits = { connectTimeoutMs: 10_000, queryTimeoutMs: 10_000 };
  const db = openPostgres({ url: database.url, applicationName: 'test', ...limits });
  const folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  await db.applySchema({ folder: pathToFileURL(`${folder}/`) });
  const ledger = postgresLedger(db);
  const waiting = (count: number) =>
    until(`${count} that wait`, async () => {
      const rows = await database.query("select from pg_locks where locktype = 'advisory' and not granted");
      return rows.length === count;
    });
  const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const order: string[] = [];
  const first = ledger.transaction(async (tx) => {
    await ledger.ownership(tx, 'g', 'shared');
    begun.resolve();
    await ended.promise;
  });
  await begun.promise;
  const change = ledger.transaction(async (tx) => {
    await ledger.ownership(tx, 'g', 'exclusive');
    await ledger.setOwnership(tx, 'g', { epoch: 7, state: 'fenced', wayBack: true });
    order.push('change');
  });
  await waiting(1);
  const second = ledger.transaction(async (tx) => {
    order.push((await ledger.ownership(tx, 'g', 'shared')).state);
  });
  await waiting(2);
  ended.resolve();
  await Promise.all([first, change, second]);
  assert.deepEqual(order, ['change', 'fenced']);
  await db.close();
  await database.drop();
  await rm(folder, { recursive: true });
});
