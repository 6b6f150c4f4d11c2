import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { digestOf, momentOf, type State, versionOf } from '@banyan/kit/import';
import { asPeer, describeImportPaths, migrationToken, moverOf } from '@banyan/kit/testing';
import { withChanged } from './domain.ts';
import { type Instance, startInstance } from './testing.ts';

const key = 'settings';

describe('moving settings to the service and back', () => {
  let instance: Instance;
  before(async () => {
    instance = await startInstance('http://127.0.0.1:9', { MIGRATION_TOKEN: migrationToken });
    await instance.service.ready;
  });
  after(() => instance.close());

  const mover = moverOf(() => instance.service.url, key);
  const bring = (state: State | null, version?: number) => mover.bring(key, state, version);
  const digestAtService = () => mover.digest(key);

  const stateOf = (change: object = {}): State => ({
    ...{ page_length: 25, list_child_products: false, additional_languages: ['fr', 'de', 'fr'] },
    ...{ calculation_method: 'line', updated_at: '2018-05-10T14:11:32.000123Z', ...change },
  });
  const forPeers = () => mover.call('GET', '/internal/settings', undefined, { authorization: asPeer });

  test('before they came over there are none, and what asks for them is sent to the other side', async () => {
    assert.equal(await digestAtService(), undefined);
    await assert.rejects(instance.service.store.read(), { code: 'misdirected' });
    assert.equal((await forPeers()).status, 421);
  });

  test('settings that were brought over have the digest of their state, to the microsecond', async () => {
    for (const state of [stateOf(), stateOf({ additional_languages: [], updated_at: '2019-01-01T00:00:00.999999Z' })]) {
      assert.equal((await bring(state)).outcome, 'applied');
      assert.equal(await digestAtService(), digestOf(key, state));
      assert.equal((await mover.digests({ after: 's' }))[0]?.digest, digestOf(key, state));
    }
    for (const range of [{ after: key }, { to: 'setting' }, { keys: ['others'] }]) {
      assert.deepEqual(await mover.digests(range), [], JSON.stringify(range));
    }
    assert.equal(await mover.displaced(), 0);
    assert.deepEqual((await forPeers()).body, { data: { page_length: 25, calculation_method: 'line' } });
  });

  test('what is older than what is there is left out', async () => {
    const newest = stateOf({ page_length: 3 });
    await bring(newest, versionOf(0, 1_000));
    assert.equal((await bring(stateOf({ page_length: 4 }), versionOf(0, 999))).outcome, 'older');
    assert.equal(await digestAtService(), digestOf(key, newest));
  });

  for (const [what, change] of Object.entries({
    'pages of none': { page_length: 0 },
    'pages of more than a hundred': { page_length: 101 },
    'six languages': { additional_languages: ['fr', 'de', 'es', 'it', 'nl', 'pt'] },
    'a language that is no code': { additional_languages: ['FRENCH'] },
    'an unknown method': { calculation_method: 'guess' },
    'a time without microseconds': { updated_at: '2018-05-10T14:11:32Z' },
    'a member less': { list_child_products: undefined },
  })) {
    test(`${what} are refused with the reason, without a value, and change nothing`, async () => {
      const before = await digestAtService();
      const { outcome, reason = '' } = await bring(stateOf(change));
      assert.equal(outcome, 'refused');
      assert.ok(reason.includes(Object.keys(change)[0] ?? ''), reason);
      assert.doesNotMatch(reason, /FRENCH|guess|101|2018/);
      assert.equal(await digestAtService(), before);
    });
  }

  test('a service that follows refuses its own writes as misdirected', async () => {
    await assert.rejects(
      instance.service.store.change({}, (all) => all),
      { code: 'misdirected' },
    );
  });

  test('what the service writes as the owner goes back whole, and once', async () => {
    await bring(stateOf());
    await mover.switchHere();
    const change = (data: object) => instance.service.store.change({}, (all, at) => withChanged(all, data, at));
    await change({ page_length: 8 });
    const { updatedAt, ...kept } = await change({ additional_languages: ['es'] });
    assert.deepEqual(kept, {
      ...{ pageLength: 8, listChildProducts: false, additionalLanguages: ['es'], calculationMethod: 'line' },
    });
    const changes = await mover.changes();
    const sent = stateOf({ page_length: 8, additional_languages: ['es'], updated_at: momentOf(updatedAt) });
    assert.deepEqual(
      changes.map((one) => [one.key, one.state]),
      [[key, sent]],
    );
    await mover.acknowledge(changes);
    assert.deepEqual(await mover.changes(), []);
  });
});

describeImportPaths('settings', (env) => startInstance('http://127.0.0.1:9', env));
