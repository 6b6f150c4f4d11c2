import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { factId } from '@banyan/kit/facts';
import { digestOf, type State, versionOf } from '@banyan/kit/import';
import { attachedTo } from '../testing/attached.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { settings } from './settings.ts';

describe('the settings in the monolith', () => {
  let monolith: TestMonolith;
  before(async () => {
    monolith = await createTestMonolith();
  });
  after(() => monolith?.drop());
  const attached = attachedTo(() => monolith, settings);
  beforeEach(attached.attach);
  afterEach(async () => {
    await attached.release();
    await monolith.query('delete from shop_events');
    await monolith.query(
      `update settings set page_length = default, list_child_products = default, additional_languages = default,
                           calculation_method = default`,
    );
  });

  const state = async (): Promise<State> => {
    const states = await attached.states('settings', 'others');
    assert.deepEqual([...states.keys()], ['settings']);
    return (states.get('settings') ?? {}) as State;
  };
  const change = () =>
    monolith.query(
      `update settings set page_length = 7, list_child_products = false, additional_languages = '{fr,de,fr}',
                           calculation_method = 'line', updated_at = '2018-05-10 14:11:32.000123Z'`,
    );
  const changed = {
    ...{ page_length: 7, list_child_products: false, additional_languages: ['fr', 'de', 'fr'] },
    ...{ calculation_method: 'line', updated_at: '2018-05-10T14:11:32.000123Z' },
  };
  const { follow } = attached;
  const apply = (given: State | null, version?: number) => attached.bringBack('settings', given, version);
  const events = () =>
    monolith.query<{ id: string; key: string; entity_id: string; resources: object }>(
      'select id, key, entity_id, resources from shop_events order by seq',
    );

  test('are one aggregate, from the start', async () => {
    const { updated_at, ...first } = await state();
    assert.deepEqual(first, {
      ...{ page_length: 100, list_child_products: true, additional_languages: [], calculation_method: 'simple' },
    });
    assert.match(String(updated_at), /\.\d{6}Z$/);
    const keys = (...values: unknown[]) => monolith.query<{ key: string }>(settings.keys, values);
    assert.deepEqual(await keys(null, 10), [{ key: 'settings' }]);
    assert.deepEqual(await keys('settings', 10), []);
    assert.deepEqual(await monolith.query(settings.count), [{ count: 1 }]);
  });

  test('a change notes the whole, and nothing else', async () => {
    await change();
    assert.deepEqual(await state(), changed);
    const notes = await monolith.query('select resource, key from migration.notes');
    assert.deepEqual(notes, [{ resource: 'settings', key: 'settings' }]);
  });

  test('come back as they went, to the microsecond, and are noted by none', async () => {
    await follow();
    for (const given of [
      changed,
      { ...changed, additional_languages: [], updated_at: '2019-01-01T00:00:00.999999Z' },
    ]) {
      assert.equal(await apply(given), 1);
      assert.equal(digestOf('', await state()), digestOf('', given));
    }
    assert.deepEqual(await monolith.query('select from migration.notes'), []);
    assert.deepEqual(await monolith.query('select count(*)::int as count from settings'), [{ count: 1 }]);
  });

  test('a change that comes back is told to webhooks once, as the API shows it', async () => {
    await follow();
    const version = versionOf(2, 1_000);
    await apply(changed, version);
    await apply(changed);
    const { updated_at: _at, ...members } = changed;
    assert.deepEqual(await events(), [
      {
        id: factId('settings.updated', 'settings', version),
        ...{ key: 'settings.updated', entity_id: 'settings' },
        resources: { data: { type: 'settings', ...members, currency_limit: 10 } },
      },
    ]);
    await apply({ ...changed, updated_at: '2018-05-10T14:11:32.000124Z' });
    assert.equal((await events()).length, 2, 'a change that sets what is set already is a change');
  });

  test('a service without any settings takes none away here', async () => {
    const before = await state();
    await follow();
    await assert.rejects(apply(null), /no settings at all/);
    assert.deepEqual(await state(), before);
  });

  test('are written by their owner only', async () => {
    await follow();
    await assert.rejects(change(), { code: 'BN421' });
  });
});
