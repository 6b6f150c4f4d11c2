import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { applySchema } from '@banyan/kit/schema';
import { createTestDatabase } from '@banyan/kit/testing';
import { schemaFolder } from './store.ts';

test('replies to keyed requests are copied to their new table, and instances of an older version keep the one before', async () => {
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'schema-'));
  try {
    await mkdir(join(folder, 'before'));
    for (const file of ['001_integrations.sql', '002_deliveries.sql']) {
      await cp(fileURLToPath(new URL(file, schemaFolder)), join(folder, 'before', file));
    }
    await applySchema({ url: database.url, folder: pathToFileURL(join(folder, 'before/')) });
    await database.query(
      `insert into kept_replies values ('h', 'client_credentials c', '', 'POST', '/v2/integrations', 'k', 'b', 201, '{}',
         '0b4c3a52-4b2c-4b7e-9b1e-0f3c5b1f0a77', 1700000000123456),
        ('i', 'client_credentials c', '', 'POST', '/v2/integrations', 'l', 'b', 422, '{}', null, 1700000000123457)`,
    );
    await applySchema({ url: database.url, folder: schemaFolder });
    const same = { client: 'client_credentials c', customer: '', method: 'POST', path: '/v2/integrations' };
    assert.deepEqual(await database.query('select * from keyed_replies order by hash'), [
      {
        ...{ hash: 'h', ...same, idempotency_key: 'k', body_hash: 'b', created_at_us: '1700000000123456', status: 201 },
        ...{ reply: '{}', owner: '0b4c3a52-4b2c-4b7e-9b1e-0f3c5b1f0a77' },
      },
      {
        ...{ hash: 'i', ...same, idempotency_key: 'l', body_hash: 'b', created_at_us: '1700000000123457', status: 422 },
        ...{ reply: '{}', owner: null },
      },
    ]);
    await database.query(
      `insert into kept_replies (hash, client, customer, method, path, key, body_hash, created_at_us)
       values ('j', 'client_credentials c', '', 'POST', '/v2/integrations', 'm', 'b', 1700000000123458)
       on conflict (hash) do nothing`,
    );
    const known = await database.query("select status from kept_replies where hash in ('h', 'i', 'j') order by hash");
    assert.deepEqual(known, [{ status: 201 }, { status: 422 }, { status: null }], 'as an older version works with it');
  } finally {
    await rm(folder, { recursive: true });
    await database.drop();
  }
});

test('a store whose table of replies was dropped before gets it again', async () => {
  const database = await createTestDatabase();
  try {
    await applySchema({ url: database.url, folder: schemaFolder });
    await database.query('drop table kept_replies');
    await database.query("delete from schema_files where scope = 'service' and number = 4");
    await applySchema({ url: database.url, folder: schemaFolder });
    assert.deepEqual(await database.query('select * from kept_replies'), []);
  } finally {
    await database.drop();
  }
});
