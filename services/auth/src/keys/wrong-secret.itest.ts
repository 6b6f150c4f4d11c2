import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '@banyan/kit/clock';
import { applySchema } from '@banyan/kit/schema';
import jwt from 'jsonwebtoken';
import { openStore, type Store, schemaFolder } from '../store.ts';
import { createTestDatabase, importRows, startInstance, type TestDatabase, testClient, until } from '../testing.ts';
import { KeyKeeper } from './key-keeper.ts';
import { sealingWith } from './sealing.ts';

const right = '0f'.repeat(32);
const wrong = 'f0'.repeat(32);
const day = 86_400_000;
const policy = { maxAgeMs: day, publishLeadMs: 0, tokenTtlMs: 3_600_000, staleLimitMs: 1_000 };
const sealed = { code: 'key_sealed' };

describe('an instance that cannot open the stored keys', () => {
  let database: TestDatabase;
  let store: Store;

  beforeEach(async () => {
    database = await createTestDatabase();
    await applySchema({ url: database.url, folder: schemaFolder });
    store = openStore(database.url, 2, () => {});
    await keeper(sealingWith(right)).maintain();
  });
  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  const keeper = (sealing: ReturnType<typeof sealingWith>, now = systemClock) =>
    new KeyKeeper({ store, sealing, policy, now });
  const later = () => Date.now() + 2 * day;
  const rows = () => database.query<{ kid: string; state: string }>('select * from signing_keys order by kid');
  const damage = (state: string) =>
    database.query(`update signing_keys set private_key = 'aes-256-gcm:AAAA' where state = '${state}'`);

  for (const [name, sealing] of [
    ['with another secret', sealingWith(wrong)],
    ['with another secret and another previous one', sealingWith(wrong, 'aa'.repeat(32))],
    ['without a secret', sealingWith(undefined)],
  ] as const) {
    test(`${name} writes nothing, whatever the demand`, async () => {
      const before = await rows();
      await assert.rejects(keeper(sealing, later).maintain(), sealed);
      await assert.rejects(keeper(sealing).maintain('now'), sealed);
      await assert.rejects(keeper(sealing).maintain('at once'), sealed);
      assert.deepEqual(await rows(), before);
      await keeper(sealingWith(right)).refresh();
    });
  }

  test('still verifies tokens and publishes the keys', async () => {
    const { keyring } = await failing(keeper(sealingWith(wrong)));
    assert.equal(JSON.parse(keyring.jwks).keys.length, 2);
    for (const { kid } of await rows()) assert.equal(keyring.find(kid)?.publicKey.type, 'public');
    assert.throws(() => keyring.signer(Date.now()), { code: 'store_unavailable' });
  });

  test('one damaged row stops rotation, but neither signing nor verifying', async () => {
    await damage('next');
    const one = keeper(sealingWith(right));
    await one.maintain();
    one.keyring.signer(Date.now());
    const before = await rows();
    await assert.rejects(keeper(sealingWith(right), later).maintain(), sealed);
    assert.deepEqual(await rows(), before);
  });

  test('a damaged key that is retired does not stop rotations', async () => {
    const one = keeper(sealingWith(right));
    await one.maintain('at once');
    await damage('retired');
    const active = one.keyring.signer(Date.now()).kid;
    await one.maintain('at once');
    assert.notEqual(one.keyring.signer(Date.now()).kid, active);
    assert.equal((await rows()).length, 4);
  });

  test('the secret changes by configuring the previous one: the same keys are sealed with the new one', async () => {
    const before = (await rows()).map(({ kid }) => kid);
    const old = keeper(sealingWith(right));
    await old.maintain();
    await keeper(sealingWith(wrong, right)).maintain();
    assert.deepEqual(
      (await rows()).map(({ kid }) => kid),
      before,
    );
    await keeper(sealingWith(wrong)).maintain();
    await assert.rejects(keeper(sealingWith(right)).maintain(), sealed);
    await old.refresh();
    old.keyring.signer(Date.now());
  });

  test('when the secret is lost, new keys replace the unreadable ones, which stay published', async () => {
    const before = (await rows()).map(({ kid }) => kid);
    const one = keeper(sealingWith(wrong));
    await one.replaceUnreadable();
    assert.ok(!before.includes(one.keyring.signer(Date.now()).kid));
    for (const kid of before) assert.ok(one.keyring.find(kid));
    assert.deepEqual((await rows()).map(({ state }) => state).sort(), ['active', 'next', 'retired', 'retired']);
    // A second call finds nothing to replace.
    const after = await rows();
    await one.replaceUnreadable();
    assert.deepEqual(await rows(), after);
  });
});

async function failing(keeper: KeyKeeper): Promise<KeyKeeper> {
  await assert.rejects(keeper.maintain(), sealed);
  return keeper;
}

describe('a service with the wrong secret', () => {
  test('is not ready and says why, issues no tokens, and verifies those of other instances', async () => {
    const database = await createTestDatabase();
    const good = await startInstance(database.url, { KEY_ENCRYPTION_KEY: right });
    await good.service.ready;
    const client = testClient();
    await importRows(database, [client.row]);
    await until('a token', async () => (await good.token(client)).status === 200);
    const { access_token } = (await good.token(client)).body;

    const bad = await startInstance(database.url, { KEY_ENCRYPTION_KEY: wrong });
    try {
      assert.equal((await bad.get('/health/ready')).status, 503);
      assert.ok(bad.lines.join('').includes('KEY_ENCRYPTION_KEY does not open the signing keys'));
      assert.equal((await bad.token(client)).status, 503);
      assert.equal((await bad.introspect(access_token)).body.active, true);
      assert.ok((await bad.published()).includes(jwt.decode(access_token, { complete: true })?.header.kid ?? ''));
      assert.equal((await good.token(client)).status, 200);
    } finally {
      await Promise.all([good.close(), bad.close()]);
      await database.drop();
    }
  });
});

test('without keys the service publishes no key set and calls no token forged', async () => {
  const database = await createTestDatabase();
  await database.takeDown();
  const auth = await startInstance(database.url);
  try {
    const published = await auth.get('/.well-known/jwks.json');
    assert.equal(published.status, 503);
    assert.equal(published.headers.get('cache-control'), null);
    assert.ok(Number(published.headers.get('retry-after')) > 0);
    const token = jwt.sign({ sub: 'c' }, 'secret', { keyid: 'k' });
    assert.equal((await auth.introspect(token)).status, 503);
    await database.bringBack();
    await auth.service.ready;
    assert.equal((await auth.get('/.well-known/jwks.json')).headers.get('cache-control'), 'public, max-age=10');
    assert.deepEqual((await auth.introspect(token)).body, { active: false });
  } finally {
    await auth.close();
    await database.drop();
  }
});
