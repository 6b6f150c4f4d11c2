import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Api, openApi } from './api.ts';
import { everySecondRequest, type MovingSide } from './both-sides.ts';
import { makeCurrency, path } from './currencies.ts';
import { currencies } from './moved-services.ts';

let side: MovingSide;
let api: Api;
before(async () => {
  side = await everySecondRequest(currencies, 'service');
  api = openApi({ ...side, tag: randomUUID() });
});
after(() => side.close());

test('both sides have the same digest: when the currencies came over, and after every write', async () => {
  const equal = async (what: string) => {
    const { clean, compared } = await side.parity();
    assert.deepEqual([clean, compared], [true, 1], what);
  };
  await equal('brought over');
  const euros = await makeCurrency(api, 'EUR', { exchange_rate: 0.1, format: '\u{1f600}{price}é ' });
  await equal('made');
  for (const rate of [5e-324, 1e21, 0.000021]) {
    assert.equal((await api.admin('PUT', `${path}/${euros}`, { data: { exchange_rate: rate } })).status, 200);
    await equal(`a rate of ${rate}`);
  }
  await makeCurrency(api, 'GBP', { default: true });
  await equal('a new default');
  assert.equal((await api.admin('PUT', `${path}/${euros}`, { data: { code: 'CHF', default: true } })).status, 200);
  await equal('a code and the default');
  const [usd] = (await api.shopper('GET', path)).body.data;
  assert.equal((await api.admin('DELETE', `${path}/${usd.id}`)).status, 204);
  await equal('deleted');
});
