import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { applySchema } from '@banyan/kit/schema';
import { createTestDatabase, type TestDatabase } from '@banyan/kit/testing';
import pg from 'pg';
import { refuseUnknownColumns } from '../monolith/attach.ts';
import { authClients } from './auth-clients.ts';
import { wayBackOf } from './resource.ts';

let monolith: TestDatabase;
let db: pg.Client;
before(async () => {
  monolith = await createTestDatabase();
  const folder = new URL('.', import.meta.resolve('@banyan/monolith/schema/001_clients.sql'));
  await applySchema({ url: monolith.url, folder });
  db = new pg.Client({ connectionString: monolith.url });
  // The server may end the connection together with the database.
  db.on('error', () => {});
  await db.connect();
});
after(async () => {
  await db.end();
  await monolith.drop();
});

test('the resource knows every column of the monolith', () => refuseUnknownColumns(db, authClients));

test('a client is read whole, with microseconds, in the order of the keys', async () => {
  const ids = [randomUUID(), randomUUID()].sort();
  for (const [n, id] of ids.entries()) {
    await db.query(
      `insert into api_clients (id, name, client_id, secret_hash, identifier_kinds, created_at, updated_at, revoked_at)
       values ($1, 'déjà 😀 ', $2, '$scrypt$', array['implicit', 'client_credentials'], '2020-01-01T00:00:00.000001Z',
               '2021-01-01T02:00:00.5+02', $3)`,
      [id, `client ${n}`, n === 0 ? null : '2022-01-01Z'],
    );
  }
  const { rows: keys } = await db.query(authClients.keys, [null, 10]);
  assert.deepEqual(
    keys,
    ids.map((key) => ({ key })),
  );
  assert.deepEqual((await db.query(authClients.keys, [ids[0], 10])).rows, [{ key: ids[1] }]);
  assert.deepEqual((await db.query(authClients.count)).rows, [{ count: 2 }]);
  const { rows } = await db.query(authClients.states, [[ids[1], randomUUID()]]);
  assert.deepEqual(rows, [
    {
      key: ids[1],
      state: {
        name: 'déjà 😀 ',
        client_id: 'client 1',
        secret_hash: '$scrypt$',
        identifier_kinds: ['implicit', 'client_credentials'],
        created_at: '2020-01-01T00:00:00.000001Z',
        updated_at: '2021-01-01T00:00:00.500000Z',
        revoked_at: '2022-01-01T00:00:00.000000Z',
      },
    },
  ]);
});

test('clients do not come back: the refusal names the command that moves the route', () => {
  assert.throws(() => wayBackOf(authClients), /shift token auth=100/);
});
