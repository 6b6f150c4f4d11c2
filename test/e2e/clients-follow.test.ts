import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPostgres, type Postgres, type Queryable, statement } from '@banyan/kit/postgres';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, type SeededClient, startPlatform } from '../support/platform.ts';
import { until } from '../support/until.ts';

const rename = statement<object, [string, string]>(
  '',
  "update api_clients set name = $2, updated_at = '2030-01-01Z' where client_id = $1",
);
const renameNow = statement<object, [string, string]>(
  '',
  'update api_clients set name = $2, updated_at = now() where client_id = $1',
);
const revoke = statement<object, [string, boolean]>(
  '',
  'update api_clients set revoked_at = case when $2 then now() end where client_id = $1',
);
const moveSecret = statement<object, [string, string]>(
  '',
  'update api_clients set secret_hash = (select secret_hash from api_clients where client_id = $2) where client_id = $1',
);
const spoil = statement<object, [string, string]>('', 'update api_clients set secret_hash = $2 where client_id = $1');
const hashOf = statement<{ secret_hash: string }, [string]>(
  '',
  'select secret_hash from api_clients where client_id = $1',
);
const nameAtAuth = statement<{ name: string }, [string]>('', 'select name from clients where client_id = $1');
const truncate = statement<object, []>('', 'truncate api_clients');

let platform: Platform;
let migrator: Migrator;
let monolith: Postgres;
let auth: Postgres;
let client: SeededClient;
let other: SeededClient;
before(async () => {
  platform = await startPlatform('monolith');
  migrator = new Migrator(platform);
  const open = (name: string) =>
    openPostgres({
      url: `${platform.stack.status().stores.postgres?.url}/${name}`,
      applicationName: 'test',
      queryTimeoutMs: 30_000,
    });
  monolith = open('monolith');
  auth = open('auth');
  const both = platform.clients.filter(({ kind }) => kind !== 'implicit');
  [client, other] = [both[0] ?? assert.fail(), both[1] ?? assert.fail()];
});
after(async () => {
  await Promise.all([monolith?.close(), auth?.close()]);
  await platform?.stop();
});

const clean = async () => {
  const { state, result } = await migrator.run('auth-clients', 'parity');
  assert.deepEqual([state, (result as { clean: boolean }).clean], ['done', true]);
};
const nameThere = async () => (await auth.query(nameAtAuth, [client.client_id]))[0]?.name;
const accepts = (one: SeededClient) =>
  askToken(platform.auth, one).then(
    () => true,
    () => false,
  );

test('the platform has brought every client over, and follows', clean);

test('of two changes with the same date, the second one arrives', async () => {
  for (const name of ['first', 'second']) {
    await monolith.transaction((tx) => tx.run(rename, [client.client_id, name]));
    await migrator.settle('auth-clients');
  }
  assert.equal(await nameThere(), 'second');
});

test('what an older transaction commits last arrives', async () => {
  await monolith.transaction(async (older: Queryable) => {
    await older.query(hashOf, [client.client_id]);
    await monolith.transaction((tx) => tx.run(renameNow, [client.client_id, 'by the newer one']));
    await migrator.settle('auth-clients');
    await older.run(renameNow, [client.client_id, 'by the older one']);
  });
  await migrator.settle('auth-clients');
  assert.equal(await nameThere(), 'by the older one');
});

test('a client that is revoked gets no token of either side, until it is reinstated', async () => {
  assert.ok(await accepts(client));
  await monolith.transaction((tx) => tx.run(revoke, [client.client_id, true]));
  await until('the refusal', async () => !(await accepts(client)));
  await assert.rejects(askToken(platform.monolith, client), /401/);
  await monolith.transaction((tx) => tx.run(revoke, [client.client_id, false]));
  await until('a token', () => accepts(client));
});

test('a secret that changed is the one that counts, although the old one had been upgraded', async () => {
  assert.ok((await accepts(client)) && (await accepts(other)));
  const [before] = await monolith.query(hashOf, [client.client_id]);
  await monolith.transaction((tx) => tx.run(moveSecret, [client.client_id, other.client_id]));
  await until('the new secret', () => accepts({ ...client, client_secret: other.client_secret }));
  assert.equal(await accepts(client), false);
  await clean();
  await monolith.transaction((tx) => tx.run(spoil, [client.client_id, before?.secret_hash ?? '']));
  await until('the old secret', () => accepts(client));
  await clean();
});

test('a hash that the service cannot use stays here, the reason is told without it, and the client works as before', async () => {
  const [before] = await monolith.query(hashOf, [other.client_id]);
  await monolith.transaction((tx) => tx.run(spoil, [other.client_id, '$2b$10$of-another-kind']));
  await assert.rejects(migrator.settle('auth-clients'), (error: Error) => {
    assert.match(error.message, /the service refuses .*secret_hash/);
    assert.doesNotMatch(error.message, /of-another-kind/);
    return true;
  });
  assert.ok(await accepts(other));
  await monolith.transaction((tx) => tx.run(spoil, [other.client_id, before?.secret_hash ?? '']));
  await until('both sides to be in step', () =>
    migrator.settle('auth-clients').then(
      () => true,
      () => false,
    ),
  );
  await clean();
});

test('changes while the worker or the service is down arrive afterwards', async () => {
  await platform.stack.kill('migrator');
  await platform.stack.kill('auth');
  await monolith.transaction((tx) => tx.run(renameNow, [client.client_id, 'changed meanwhile']));
  await platform.stack.start('auth');
  await platform.stack.start('migrator');
  await until('the change to arrive', async () => (await nameThere()) === 'changed meanwhile');
  await clean();
});

test('the owner does not change, and TRUNCATE is refused with what to do', async () => {
  for (const target of ['service', 'monolith']) {
    const { state, result } = await migrator.run('auth-clients', 'switch', { target });
    assert.equal(state, 'failed');
    assert.match(String(result), /only writer of auth-clients.*shift token auth=100/);
  }
  await assert.rejects(
    monolith.transaction((tx) => tx.run(truncate, [])),
    /cannot follow TRUNCATE/,
  );
});

test('after detach the monolith has nothing of the migration, and the next backfill brings all of it over', async () => {
  assert.equal((await migrator.run('auth-clients', 'detach')).state, 'done');
  await monolith.transaction((tx) => tx.run(renameNow, [client.client_id, 'while detached']));
  assert.equal((await migrator.run('auth-clients', 'backfill')).state, 'done');
  assert.equal(await nameThere(), 'while detached');
  await clean();
});
