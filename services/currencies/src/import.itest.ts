import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type ChangesReply, digestOf, neverOwned, paths, type State, versionOf } from '@banyan/kit/import';
import { type Instance, startInstance } from './testing.ts';

const token = 'the token of the migration';
const key = 'currencies';

describe('moving currencies to the service and back', () => {
  let instance: Instance;
  let counter = 0;
  before(async () => {
    instance = await startInstance('http://127.0.0.1:9', { MIGRATION_TOKEN: token });
    await instance.service.ready;
  });
  after(() => instance.close());

  const call = async (method: string, path: string, body?: object) => {
    const reply = await fetch(new URL(path, instance.service.url), {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await reply.text();
    return { status: reply.status, json: text === '' ? undefined : JSON.parse(text) };
  };
  const one = (code: string, change: object = {}) => ({
    ...{ id: randomUUID(), code, exchange_rate: 0.1, format: '{price} \u{1f600}', decimal_point: ',' },
    ...{ thousand_separator: ' ', decimal_places: 0, enabled: true, is_default: false },
    ...{ created_at: '2018-05-10T14:11:32.000123Z', updated_at: '2018-05-10T14:11:32.999999Z' },
    ...change,
  });
  const stateOf = (...currencies: object[]): State => ({
    currencies: [one('USD', { is_default: true, created_at: '2017-01-01T00:00:00.000001Z' }), ...currencies],
  });
  const bring = async (state: object | null, version = versionOf(0, ++counter)) => {
    const { json } = await call('POST', paths.incoming(key), { epoch: 0, changes: [{ key, version, state }] });
    return json.outcomes[0] as { outcome: string; reason?: string };
  };
  const digestAtService = async (range: object = { keys: [key] }) => {
    const all = { after: null, to: null, members: true, ...range };
    const { json } = await call('POST', paths.digests(key), all);
    return json.members[0]?.digest;
  };
  const displaced = async () => (await call('GET', paths.ownership(key))).json.displaced;

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
    assert.equal(await digestAtService({ after: 'a' }), digestOf(key, state));
    for (const range of [{ after: key }, { to: 'currencie' }, { keys: ['others'] }]) {
      assert.equal(await digestAtService(range), undefined, JSON.stringify(range));
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
    assert.equal(await displaced(), 0);
    assert.equal(await digestAtService(), digestOf(key, swapped));
  });

  test('what is older than what is there is left out', async () => {
    const newest = stateOf();
    await bring(newest, versionOf(0, 1_000));
    counter = 1_000;
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
    const to = { epoch: 1, state: 'owner', wayBack: true };
    assert.equal((await call('PUT', paths.ownership(key), { from: neverOwned, to })).status, 200);
    await instance.service.store.change({}, (all) =>
      all.map((currency) => ({ ...currency, isDefault: currency.code === 'EUR' })),
    );
    await instance.service.store.change({}, (all) => all.filter(({ isDefault }) => isDefault));
    const { changes } = (await call('GET', paths.changes(key))).json as ChangesReply;
    const [, euros] = given.currencies as object[];
    assert.deepEqual(
      changes.map((change) => [change.key, change.state]),
      [[key, { currencies: [{ ...euros, is_default: true }] }]],
    );
    const seen = changes.map((change) => ({ key: change.key, version: change.version }));
    assert.equal((await call('POST', paths.acknowledge(key), { seen })).status, 204);
    assert.deepEqual((await call('GET', paths.changes(key))).json.changes, []);
  });
});

test('a service without the credential has none of these paths', async () => {
  const instance = await startInstance('http://127.0.0.1:9');
  try {
    await instance.service.ready;
    const reply = await fetch(new URL(paths.ownership(key), instance.service.url), {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(reply.status, 404);
  } finally {
    await instance.close();
  }
});
