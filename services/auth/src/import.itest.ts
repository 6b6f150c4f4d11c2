import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { digestOf, paths, versionOf } from '@banyan/kit/import';
import { applySchema } from '@banyan/kit/schema';
import fc from 'fast-check';
import { schemaFolder } from './store.ts';
import {
  createTestDatabase,
  type Instance,
  slowHashOf,
  startInstance,
  type TestClient,
  type TestDatabase,
  testClient,
  until,
} from './testing.ts';

const token = 'the token of the migration';
const resource = 'auth-clients';

describe('bringing API clients to the service', () => {
  let database: TestDatabase;
  let auth: Instance;
  let counter = 0;
  before(async () => {
    database = await createTestDatabase();
    auth = await startInstance(database.url, { MIGRATION_TOKEN: token });
    await auth.service.ready;
  });
  after(async () => {
    await auth.close();
    await database.drop();
  });

  const call = async (method: string, path: string, body?: object, authorization = `Bearer ${token}`) => {
    const reply = await fetch(new URL(path, auth.service.url), {
      method,
      headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await reply.text();
    return { status: reply.status, text, json: text === '' ? undefined : JSON.parse(text) };
  };
  const stateOf = ({ id: _, ...state }: TestClient['row']) => state;
  const send = (...changes: { key: string; version: number; state: object | null }[]) =>
    call('POST', paths.incoming(resource), { epoch: 0, changes });
  const bring = (...rows: TestClient['row'][]) =>
    send(...rows.map((row) => ({ key: row.id, version: versionOf(0, ++counter), state: stateOf(row) })));
  const digestAtService = async (id: string) => {
    const { json } = await call('POST', paths.digests(resource), { keys: [id], after: null, to: null, members: true });
    return json.members[0]?.digest;
  };
  const hashOf = async (id: string) =>
    (await database.query<{ secret_hash: string }>('select secret_hash from clients where id = $1', [id]))[0]
      ?.secret_hash;
  const upgraded = async (client: TestClient) => {
    assert.equal((await auth.token(client)).status, 200);
    await until('the upgrade', async () => (await hashOf(client.row.id))?.startsWith('$sha256$') === true);
  };

  test('a client has the digest of its state, to the microsecond', async () => {
    const { row } = testClient({ name: 'Déjà vu 😀 ', revoked_at: '2021-01-01T00:00:00.000009Z' });
    assert.deepEqual((await bring(row)).json, { outcomes: [{ key: row.id, outcome: 'applied' }] });
    assert.equal(await digestAtService(row.id), digestOf(row.id, stateOf(row)));
    await send({ key: row.id, version: versionOf(0, ++counter), state: null });
    assert.equal(await digestAtService(row.id), undefined);
  });

  test('a hash that was upgraded leaves the digest as it was, and stays until the secret changes', async () => {
    const client = testClient();
    await bring(client.row);
    await upgraded(client);
    const fast = await hashOf(client.row.id);
    assert.equal(await digestAtService(client.row.id), digestOf(client.row.id, stateOf(client.row)));
    await bring({ ...client.row, name: 'renamed' });
    assert.equal(await hashOf(client.row.id), fast);

    const changed = { ...client.row, secret_hash: slowHashOf('another') };
    await bring(changed);
    assert.equal(await hashOf(client.row.id), changed.secret_hash);
    await until('the refusal of the old secret', async () => (await auth.token(client)).status === 401);
  });

  test('of two changes with one date, the later version stays, in whatever order they arrive', async () => {
    const { row } = testClient();
    const change = (name: string, version: number) => ({ key: row.id, version, state: stateOf({ ...row, name }) });
    await send(change('first', versionOf(0, 901)));
    await send(change('third', versionOf(0, 903)));
    const { json } = await send(change('second', versionOf(0, 902)));
    assert.deepEqual(json.outcomes, [{ key: row.id, outcome: 'older' }]);
    const older = { ...row, name: 'third' };
    assert.equal(await digestAtService(row.id), digestOf(row.id, stateOf(older)));
  });

  test('two clients swap their ids, one after the other, and requests never find the wrong one', async () => {
    const [a, b] = [testClient(), testClient()];
    await bring(a.row, b.row);
    await upgraded(a);
    await bring({ ...a.row, client_id: b.row.client_id });
    assert.equal((await call('GET', paths.ownership(resource))).json.displaced, 1);
    await until('the first half', async () => (await auth.token(a)).status === 401);
    await bring({ ...b.row, client_id: a.row.client_id });
    assert.equal((await call('GET', paths.ownership(resource))).json.displaced, 0);
    const swapped = { ...a, row: { ...a.row, client_id: b.row.client_id } };
    await until('the other half', async () => (await auth.token(swapped)).status === 200);
  });

  for (const [member, value] of Object.entries({
    secret_hash: ['plain text', `$scrypt$ln=30,r=8,p=1$AAAA$${'A'.repeat(43)}=`, `$sha256$${'0'.repeat(32)}$x`, null],
    identifier_kinds: [['root'], 'implicit'],
    client_id: ['two words', ''],
    created_at: ['2020-01-01T00:00:00Z'],
  })) {
    for (const one of value) {
      test(`${member} ${JSON.stringify(one)} is refused with the member, without its value; the rest is applied`, async () => {
        const [bad, good] = [testClient({ [member]: one }).row, testClient().row];
        const { json, text } = await bring(bad, good);
        const outcomes = new Map(json.outcomes.map((outcome: { key: string }) => [outcome.key, outcome]));
        const { outcome, reason } = outcomes.get(bad.id) as { outcome: string; reason: string };
        assert.equal(outcome, 'refused');
        assert.match(reason, new RegExp(member));
        if (typeof one === 'string' && one !== '') assert.ok(!text.includes(one), text);
        assert.deepEqual(outcomes.get(good.id), { key: good.id, outcome: 'applied' });
        assert.equal(await hashOf(bad.id), undefined);
      });
    }
  }

  test('keys that are no UUIDs get 4xx', async () => {
    const { status } = await send({ key: 'x', version: versionOf(0, ++counter), state: stateOf(testClient().row) });
    assert.equal(status, 422);
    const range = { after: "' or true", to: null, members: false };
    assert.equal((await call('POST', paths.digests(resource), range)).status, 422);
    assert.equal(await digestAtService('x'), undefined);
  });

  test('another credential, or none, gets 401', async () => {
    for (const authorization of ['', 'Bearer another token of the migration', 'Bearer']) {
      assert.equal((await call('GET', paths.ownership(resource), undefined, authorization)).status, 401);
    }
  });

  test('no hash is in the log', async () => {
    const { row } = testClient();
    await bring(row, testClient({ secret_hash: '$scrypt$no hash' }).row);
    const log = auth.lines.join('');
    for (const secret of [row.secret_hash, '$scrypt$', token]) assert.ok(!log.includes(secret));
  });

  test('any order of versions ends with the newest, and an upgrade lives as long as its secret', async () => {
    const secrets = ['one', 'two'].map((secret) => slowHashOf(secret));
    const version = fc.record({
      secret: fc.nat({ max: 1 }),
      name: fc.stringMatching(/^[a-z]{1,8}$/),
      gone: fc.boolean(),
    });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.nat({ max: 5 }) },
      { weight: 1, arbitrary: fc.constant('upgrade' as const) },
    );
    const fast = `$sha256$${'0'.repeat(32)}$${'A'.repeat(43)}`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(version, { minLength: 6, maxLength: 6 }),
        fc.array(step, { maxLength: 12 }),
        async (versions, steps) => {
          const { row } = testClient({ id: randomUUID() });
          counter += 10;
          const base = counter;
          let newest = -1;
          let hash: string | undefined;
          for (const one of steps) {
            if (one === 'upgrade') {
              await database.query('update clients set secret_hash = $2 where id = $1', [row.id, fast]);
              if (hash !== undefined) hash = fast;
              continue;
            }
            const { name, secret, gone } = versions[one] ?? assert.fail();
            const secret_hash = secrets[secret] ?? assert.fail();
            const state = gone ? null : stateOf({ ...row, name, secret_hash });
            await send({ key: row.id, version: versionOf(0, base + one), state });
            if (one <= newest) continue;
            const before = versions[newest];
            if (gone) hash = undefined;
            else if (hash === undefined || before?.secret !== secret) hash = secret_hash;
            newest = one;
          }
          assert.equal(await hashOf(row.id), hash);
          if (hash === undefined) return;
          const { name, secret } = versions[newest] ?? assert.fail();
          const expected = stateOf({ ...row, name, secret_hash: secrets[secret] ?? '' });
          assert.equal(await digestAtService(row.id), digestOf(row.id, expected));
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('a service without the credential of the migration has none of these paths', async () => {
  const database = await createTestDatabase();
  const auth = await startInstance(database.url);
  try {
    await auth.service.ready;
    const headers = { authorization: `Bearer ${token}` };
    const reply = await fetch(new URL(paths.ownership(resource), auth.service.url), { headers });
    assert.equal(reply.status, 404);
  } finally {
    await auth.close();
    await database.drop();
  }
});

test('a database of the time before keeps its slow hashes, and upgraded clients get theirs with the next copy', async () => {
  const database = await createTestDatabase();
  const earlier = await mkdtemp(join(tmpdir(), 'auth-schema-'));
  try {
    for (const name of await readdir(schemaFolder)) {
      if (name < '011') await copyFile(new URL(name, schemaFolder), join(earlier, name));
    }
    await applySchema({ url: database.url, folder: pathToFileURL(`${earlier}/`) });
    const [slow, fast] = [testClient().row, testClient().row];
    await database.query('select import.apply_clients($1::jsonb)', [JSON.stringify([slow, fast])]);
    await database.query("update clients set secret_hash = '$sha256$' where id = $1", [fast.id]);
    await applySchema({ url: database.url, folder: schemaFolder });
    const secrets = await database.query<{ id: string; imported_secret: string | null }>(
      'select id, imported_secret from clients',
    );
    const found = Object.fromEntries(secrets.map(({ id, imported_secret }) => [id, imported_secret]));
    assert.deepEqual(found, { [slow.id]: slow.secret_hash, [fast.id]: null });
  } finally {
    await rm(earlier, { recursive: true });
    await database.drop();
  }
});
