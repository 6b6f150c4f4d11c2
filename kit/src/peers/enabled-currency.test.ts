import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { requireCurrencyBy } from './enabled-currency.ts';
import { type Replying, replying } from './testing.ts';

const disabled = (error: unknown) => error instanceof ServiceError && error.code === 'currency_disabled';
const headersFor = (currency: string) => ({ 'x-moltin-currency': currency, authorization: 'Bearer a' });

function opened(reply: Replying) {
  let nowMs = 0;
  const { asking, requests } = replying(reply);
  const require = requireCurrencyBy(asking, () => nowMs, 1_000);
  const advance = (ms: number) => {
    nowMs += ms;
  };
  return { require, requests, advance };
}

test('a request that asks for no currency, or for none that can be, asks no one', async () => {
  const { require, requests } = opened(() => assert.fail());
  await require({});
  await assert.rejects(require(headersFor('dollars')), disabled);
  assert.equal(requests.length, 0);
});

test('a currency that is enabled counts as enabled for a while', async () => {
  let enabled = true;
  const { require, requests, advance } = opened(() => ({ body: { data: [{ code: 'EUR', enabled }] } }));
  await require(headersFor('eur'));
  enabled = false;
  advance(999);
  await require(headersFor('EUR'));
  advance(1);
  await assert.rejects(require(headersFor('EUR')), disabled);
  assert.deepEqual(
    requests.map(({ service, path, headers }) => [service, path, headers]),
    Array(2).fill(['currencies', '/v2/currencies', { authorization: 'Bearer a' }]),
  );
});

test('a currency that is not enabled, or not there, is asked for each time', async () => {
  let data = [{ code: 'EUR', enabled: false }];
  const { require } = opened(() => ({ body: { data } }));
  await assert.rejects(require(headersFor('EUR')), disabled);
  await assert.rejects(require(headersFor('USD')), disabled);
  data = [{ code: 'EUR', enabled: true }];
  await require(headersFor('EUR'));
});

test('an owner that cannot be asked fails no request', async () => {
  for (const reply of [{ status: 503, body: {} }, { status: 401, body: { errors: [] } }, { body: { data: {} } }]) {
    await opened(() => reply).require(headersFor('EUR'));
  }
  await opened(() => Promise.reject(new ServiceError('peer_timeout'))).require(headersFor('EUR'));
});
