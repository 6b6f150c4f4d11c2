import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '@banyan/kit/clock';
import jwt from 'jsonwebtoken';
import { openStore, type Store } from '../store.ts';
import {
  createTestDatabase,
  type Instance,
  importRows,
  startInstance,
  type TestClient,
  type TestDatabase,
  testClient,
  until,
} from '../testing.ts';
import { KeyKeeper } from './key-keeper.ts';
import { sealingWith } from './sealing.ts';

const policy = { maxAgeMs: 1e12, publishLeadMs: 0, tokenTtlMs: 3_600_000, staleLimitMs: 1_000 };
const kidOf = (token: string) => jwt.decode(token, { complete: true })?.header.kid;

describe('several instances on one store', () => {
  let database: TestDatabase;
  let instances: Instance[] = [];
  let store: Store;
  let client: TestClient;

  const keeper = (sealing = sealingWith(undefined), now = systemClock) =>
    new KeyKeeper({ store, sealing, policy, now });
  const states = async () =>
    (await database.query<{ state: string }>('select state from signing_keys order by state')).map(
      ({ state }) => state,
    );

  before(async () => {
    database = await createTestDatabase();
    // Started together on an empty store, so that they create the first keys concurrently.
    instances = await Promise.all([
      startInstance(database.url),
      startInstance(database.url),
      startInstance(database.url),
    ]);
    await Promise.all(instances.map(({ service }) => service.ready));
    store = openStore(database.url, 2, () => {});
    client = testClient();
    await importRows(database, [client.row]);
  });
  after(async () => {
    await Promise.all(instances.map((instance) => instance.close()));
    await store.close();
    await database.drop();
  });

  test('agree on the first keys', async () => {
    assert.deepEqual(await states(), ['active', 'next']);
    const tokens = await Promise.all(instances.map((instance) => instance.token(client)));
    assert.equal(new Set(tokens.map(({ body }) => kidOf(body.access_token))).size, 1);
    const published = await Promise.all(instances.map((instance) => instance.published()));
    for (const kids of published) assert.deepEqual(kids.sort(), published[0]?.sort());
  });

  test('follow a rotation, and every live token stays valid', async () => {
    const [first, second] = instances;
    assert.ok(first && second);
    const live: string[] = [];
    for (let round = 1; round <= 3; round++) {
      const { access_token } = (await first.token(client)).body;
      live.push(access_token);
      const announced = await second.published();
      await keeper().maintain('now');
      const kid = await until('the new key to sign everywhere', async () => {
        const kids = await Promise.all(
          instances.map(async (one) => kidOf((await one.token(client)).body.access_token)),
        );
        return kids.every((one) => one === kids[0]) && kids[0] !== kidOf(access_token) && kids[0];
      });
      assert.ok(announced.includes(String(kid)), 'it was published before it signed');
      for (const token of live) {
        for (const instance of instances) assert.equal((await instance.introspect(token)).body.active, true);
        assert.ok((await second.published()).includes(kidOf(token) ?? ''));
      }
    }
    assert.deepEqual(await states(), ['active', 'next', 'retired', 'retired', 'retired']);
  });

  test('rotate once when all find a rotation due at the same time', async () => {
    const late = () => Date.now() + 2e12;
    const before = (await states()).length;
    await Promise.all(
      [keeper(undefined, late), keeper(undefined, late), keeper(undefined, late)].map((one) => one.maintain()),
    );
    // The three keys that were retired long ago are forgotten, and the active one is retired.
    assert.equal(before, 5);
    assert.deepEqual(await states(), ['active', 'next', 'retired']);
  });

  test('unsealed keys are sealed as soon as a secret is configured', async () => {
    const sealing = sealingWith('0f'.repeat(32));
    const sealed = keeper(sealing);
    await sealed.maintain();
    const rows = await database.query<{ private_key: string }>('select private_key from signing_keys');
    assert.ok(rows.length > 0 && rows.every(({ private_key }) => private_key.startsWith('aes-256-gcm:')));
    sealed.keyring.signer(Date.now());
    await assert.rejects(keeper().refresh(), /KEY_ENCRYPTION_KEY is not set/);
  });
});
