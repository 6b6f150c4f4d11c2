import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

describe('currencies and settings', () => {
  let open: TestShop;
  before(async () => {
    open = await openTestShop();
  });
  after(() => open.close());

  const list = async () => (await open.shopper('GET', '/v2/currencies')).body.data as Record<string, unknown>[];
  const byCode = async (code: string) => {
    const found = (await list()).find((currency) => currency.code === code);
    assert.ok(found, `no currency ${code}`);
    return found;
  };

  test('a new store has dollars', async () => {
    const [usd, ...others] = await list();
    assert.equal(others.length, 0);
    assert.equal(usd?.code, 'USD');
    assert.equal(usd?.default, true);
    assert.equal(usd?.enabled, true);
  });

  test('a currency is made without a type, with numbers as text', async () => {
    const data = {
      code: 'eur',
      exchange_rate: '0.86',
      format: '{price} €',
      decimal_point: ',',
      thousand_separator: '.',
    };
    const { status, body } = await open.admin('POST', '/v2/currencies', { data });
    assert.equal(status, 201);
    assert.equal(body.data.code, 'EUR');
    assert.equal(body.data.exchange_rate, 0.86);
    assert.equal(body.data.decimal_places, 2);
    assert.equal(body.data.default, false);
    assert.deepEqual((await open.shopper('GET', `/v2/currencies/${body.data.id}`)).body, body);
  });

  test('a code is unique', async () => {
    const { status, body } = await open.admin('POST', '/v2/currencies', { data: { code: 'USD', format: '{price}' } });
    assert.equal(status, 400);
    assert.equal(body.errors[0].title, 'Currency already exists');
  });

  test('a currency needs a code and a format that shows the price', async () => {
    for (const data of [{ code: 'EURO', format: '{price}' }, { code: 'JPY', format: '¥' }, { code: 'JPY' }]) {
      assert.equal((await open.admin('POST', '/v2/currencies', { data })).status, 422);
    }
    for (const change of [{ exchange_rate: 0 }, { decimal_places: 1.5 }, { decimal_places: 9 }]) {
      const data = { code: 'JPY', format: '{price}', ...change };
      assert.equal((await open.admin('POST', '/v2/currencies', { data })).status, 422, JSON.stringify(change));
    }
  });

  test('a new default unsets the old one; there is always one, and it is enabled', async () => {
    const usd = await byCode('USD');
    const eur = await byCode('EUR');
    const put = (id: unknown, data: object) => open.admin('PUT', `/v2/currencies/${id}`, { data });
    assert.equal((await put(eur.id, { default: true })).status, 200);
    assert.equal((await byCode('USD')).default, false);
    assert.equal((await put(eur.id, { default: false })).status, 422);
    assert.equal((await put(eur.id, { enabled: false })).status, 422);
    assert.equal((await put(usd.id, { default: true, enabled: false })).status, 422);
    assert.equal((await open.admin('DELETE', `/v2/currencies/${eur.id}`)).status, 422);
    assert.equal((await put(usd.id, { default: true })).status, 200);
  });

  test('requests for prices in a disabled currency are refused, on any path', async () => {
    const ask = (currency: string) => open.shopper('GET', '/v2/products', undefined, { 'x-moltin-currency': currency });
    assert.equal((await ask('eur')).status, 200);
    for (const currency of ['XXX', 'euros', '€']) {
      const { status, body } = await ask(currency);
      assert.equal(status, 400, currency);
      assert.equal(body.errors[0].detail, 'The selected currency is not enabled on this store');
    }
    const eur = await byCode('EUR');
    await open.admin('PUT', `/v2/currencies/${eur.id}`, { data: { enabled: false } });
    assert.equal((await ask('EUR')).status, 400);
  });

  test('deleting a currency deletes the prices in it', async () => {
    const eur = await byCode('EUR');
    await open.shop.db.query(
      `with p as (insert into products (name, slug, sku, manage_stock, commodity_type)
                  values ('a', 'a', 'a', false, 'physical') returning id)
       insert into product_prices (product_id, currency, amount) select id, 'EUR', 100 from p`,
    );
    assert.equal((await open.admin('DELETE', `/v2/currencies/${eur.id}`)).status, 204);
    assert.equal((await open.shop.db.query("select 1 from product_prices where currency = 'EUR'")).rowCount, 0);
    assert.equal((await open.admin('GET', `/v2/currencies/${eur.id}`)).status, 404);
    assert.equal((await open.admin('DELETE', '/v2/currencies/nope')).status, 404);
  });

  test('a store has at most ten currencies, even when eleven are created concurrently', async () => {
    const codes = ['AUD', 'BRL', 'CAD', 'CHF', 'DKK', 'GBP', 'INR', 'JPY', 'NOK', 'SEK', 'ZAR'];
    const made = await Promise.all(
      codes.map((code) => open.admin('POST', '/v2/currencies', { data: { code, format: '{price}' } })),
    );
    assert.equal(made.filter(({ status }) => status === 201).length, 9);
    const refused = made.find(({ status }) => status !== 201);
    assert.equal(refused?.status, 422);
    assert.equal(refused?.body.errors[0].title, 'Currency limit reached');
  });
});
