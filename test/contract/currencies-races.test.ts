import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Api, openApi } from './api.ts';
import { allOnService } from './both-sides.ts';
import { makeCurrency, path } from './currencies.ts';
import { makeProduct } from './goods.ts';
import { currencies } from './moved-services.ts';
import { monolithAlone, type Side } from './sides.ts';

const price = (...codes: string[]) => codes.map((currency) => ({ amount: 100, currency, includes_tax: true }));

// Replies come in any order, so they are not compared byte by byte.
for (const [name, open] of Object.entries({
  'the monolith': monolithAlone,
  'the service': () => allOnService(currencies),
})) {
  describe(`concurrent changes of currencies, served by ${name}`, () => {
    let side: Side;
    let api: Api;
    before(async () => {
      side = await open();
      api = openApi({ ...side, tag: randomUUID() });
    });
    after(() => side.close());

    const list = async () => (await api.shopper('GET', path)).body.data as { id: string; default: boolean }[];
    const setPrice = async (id: string, ...codes: string[]) => {
      const data = { type: 'product', price: price(...codes) };
      assert.equal((await api.admin('PUT', `/v2/products/${id}`, { data })).status, 200);
    };
    const pricesOf = async (id: string) => {
      const { body } = await api.shopper('GET', `/v2/products/${id}`);
      return body.data.price.map(({ currency }: { currency: string }) => currency).toSorted();
    };

    test('two requests that move the default at the same time leave one default, never two and never none', async () => {
      const ids = [await makeCurrency(api, 'EUR'), await makeCurrency(api, 'GBP')];
      for (let round = 0; round < 20; round += 1) {
        const put = (id: string) => api.admin('PUT', `${path}/${id}`, { data: { default: true } });
        const [seen, ...replies] = await Promise.all([list(), ...ids.map(put)]);
        assert.deepEqual(
          replies.map(({ status, body }) => [status, body.data.default]),
          [
            [200, true],
            [200, true],
          ],
        );
        for (const all of [seen, await list()]) {
          assert.equal(all.filter((one) => one.default).length, 1, `round ${round}`);
        }
      }
    });

    test('a currency that is deleted while a price in it is written: the price goes or stays, and nothing fails', async () => {
      const product = await makeProduct(api);
      for (let round = 0; round < 10; round += 1) {
        const id = await makeCurrency(api, 'CHF');
        await setPrice(product, 'USD', 'CHF');
        const [gone] = await Promise.all([
          api.admin('DELETE', `${path}/${id}`),
          setPrice(product, 'USD', 'CHF', 'XAU'),
        ]);
        assert.equal(gone.status, 204);
        const left = await pricesOf(product);
        assert.deepEqual(
          left.filter((code: string) => code !== 'CHF'),
          ['USD', 'XAU'],
        );
        const asked = await api.shopper('GET', '/v2/products', undefined, { 'x-moltin-currency': 'CHF' });
        assert.equal(asked.status, 400, 'no request can ask for a price that stays');
      }
    });

    test('a price that was written before goes, and one that is written afterwards stays', async () => {
      const product = await makeProduct(api);
      const id = await makeCurrency(api, 'CHF');
      await setPrice(product, 'USD', 'CHF');
      assert.equal((await api.admin('DELETE', `${path}/${id}`)).status, 204);
      assert.deepEqual(await pricesOf(product), ['USD']);
      await setPrice(product, 'USD', 'CHF');
      assert.deepEqual(await pricesOf(product), ['CHF', 'USD']);
      const again = await makeCurrency(api, 'CHF');
      assert.deepEqual(await pricesOf(product), ['CHF', 'USD'], 'a new currency has it');
      assert.equal((await api.admin('DELETE', `${path}/${again}`)).status, 204);
      assert.deepEqual(await pricesOf(product), ['USD']);
    });
  });
}
