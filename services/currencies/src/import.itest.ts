import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { digestOf, type State, versionOf } from '@banyan/kit/import';
import { describeImportPaths, migrationToken, moverOf } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

const key = 'currencies';

describe('moving currencies to the service and back', () => {
  let instance: Instance;
  before(async () => {
    instance = await startInstance('http://127.0.0.1:9', { MIGRATION_TOKEN: migrationToken });
    await instance.service.ready;
  });
  after(() => instance.close());

  const mover = moverOf(() => instance.service.url, key);
  const bring = (state: State | null, version?: number) => mover.bring(key, state, version);
  const digestAtService = () => mover.digest(key);

  const one = (code: string, change: object = {}) => ({
    ...{ id: randomUUID(), code, exchange_rate: 0.1, format: '{price} \u{1f600}', decimal_point: ',' },
    ...{ thousand_separator: ' ', decimal_places: 0, enabled: true, is_default: false },
    ...{ created_at: '2018-05-10T14:11:32.000123Z', updated_at: '2018-05-10T14:11:32.999999Z' },
    ...change,
  });
  const stateOf = (...currencies: object[]): State => ({
    currencies: [one('USD', { is_default: true, created_at: '2017-01-01T00:00:00.000001Z' }), ...currencies],
  });

  test('before they came over there are none, and no dollars of its own', async () => {
    assert.equal(await digestAtService(), undefined);
    assert.deepEqual(await instance.service.store.all(), []);
  });

  test('currencies that were brought over have the digest of their state, to the microsecond and the last digit', async () => {
    const rates = [5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e-7, 1e21, 1];
    const state = stateOf(...rates.map((rate, n) => one(`AA${'ABCDEF'[n]}`, { exchange_rate: rate })));
    const { currencies } = state as { currencies: { id: string; created_at: string }[] };
    currencies.sort((a, b) => (a.created_at + a.id < b.created_at + b.id ? -1 : 1));
    assert.equal((await bring(state)).outcome, 'applied');
    assert.equal(await digestAtService(), digestOf(key, state));
    assert.equal((await mover.digests({ after: 'a' }))[0]?.digest, digestOf(key, state));
    for (const range of [{ after: key }, { to: 'currencie' }, { keys: ['others'] }]) {
      assert.deepEqual(await mover.digests(range), [], JSON.stringify(range));
    }
  });

  test('currencies that swap their codes, and a default that moves, arrive at once: no code is ever set aside', async () => {
    const [red, blue] = [one('RED'), one('BLU', { created_at: '2019-01-01T00:00:00.000000Z' })];
    const before = stateOf(red, blue);
    await bring(before);
    const [dollars] = before.currencies as object[];
    const swapped = {
      currencies: [
        { ...dollars, is_default: false },
        { ...red, code: 'BLU' },
        { ...blue, code: 'RED', is_default: true },
      ],
    };
    assert.equal((await bring(swapped)).outcome, 'applied');
    assert.equal(await mover.displaced(), 0);
    assert.equal(await digestAtService(), digestOf(key, swapped));
  });

  test('what is older than what is there is left out', async () => {
    const newest = stateOf();
    await bring(newest, versionOf(0, 1_000));
    assert.equal((await bring(stateOf(one('OLD')), versionOf(0, 999))).outcome, 'older');
    assert.equal(await digestAtService(), digestOf(key, newest));
  });

  for (const [what, currencies] of Object.entries({
    'two with one code': [one('TWO'), one('TWO')],
    'two defaults': [one('TWO', { is_default: true })],
    'a default that is disabled': [one('OFF', { is_default: true, enabled: false })],
    'a rate of zero': [one('NIL', { exchange_rate: 0 })],
    'a code in small letters': [one('eur')],
    'nine decimal places': [one('EUR', { decimal_places: 9 })],
    'a time without microseconds': [one('EUR', { created_at: '2018-05-10T14:11:32Z' })],
    'a member less': [{ ...one('EUR'), format: undefined }],
  })) {
    test(`${what} are refused with the reason, without a value, and change nothing`, async () => {
      const before = await digestAtService();
      const { outcome, reason = '' } = await bring(stateOf(...currencies));
      assert.equal(outcome, 'refused');
      assert.match(reason, /currencies/);
      assert.doesNotMatch(reason, /EUR|TWO|2018/);
      assert.equal(await digestAtService(), before);
    });
  }

  test('no currencies at all, and a state without them, are refused', async () => {
    for (const state of [{ currencies: [] }, {}, { currencies: 'USD' }]) {
      assert.equal((await bring(state)).outcome, 'refused');
    }
  });

  test('a service that follows refuses its own writes as misdirected', async () => {
    await assert.rejects(
      instance.service.store.change({}, (all) => all),
      { code: 'misdirected' },
    );
  });

  test('what the service writes as the owner goes back whole, and once', async () => {
    const given = stateOf(one('EUR'));
    await bring(given);
    await mover.switchHere();
    await instance.service.store.change({}, (all) =>
      all.map((currency) => ({ ...currency, isDefault: currency.code === 'EUR' })),
    );
    await instance.service.store.change({}, (all) => all.filter(({ isDefault }) => isDefault));
    const changes = await mover.changes();
    const [, euros] = given.currencies as object[];
    assert.deepEqual(
      changes.map((change) => [change.key, change.state]),
      [[key, { currencies: [{ ...euros, is_default: true }] }]],
    );
    await mover.acknowledge(changes);
    assert.deepEqual(await mover.changes(), []);
  });
});

describeImportPaths('currencies', (env) => startInstance('http://127.0.0.1:9', env));
