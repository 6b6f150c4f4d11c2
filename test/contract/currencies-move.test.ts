import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Api, openApi } from './api.ts';
import { makeCurrency, path } from './currencies.ts';
import { openCurrenciesOnService } from './currencies-side.ts';

type Opened = Awaited<ReturnType<typeof openCurrenciesOnService>>;

let opened: Opened;
let api: Api;
before(async () => {
  opened = await openCurrenciesOnService();
  api = openApi({ ...opened.side, tag: randomUUID() });
});
after(() => opened.side.close());

const sides = async () => {
  const [service, monolith] = await opened.digests();
  assert.ok(service !== undefined && monolith !== undefined);
  return [service, monolith];
};

test('both sides have the same digest: when the currencies came over, and after every write that went back', async () => {
  const seen = new Set<string>();
  const equal = async (what: string) => {
    const [service = '', monolith] = await sides();
    assert.equal(service, monolith, what);
    assert.equal(seen.has(service), false, `${what} changed something`);
    seen.add(service);
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
