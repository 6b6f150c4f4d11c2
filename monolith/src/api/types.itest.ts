import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

test('a new resource says its type: without one, or with another, it is 422', async () => {
  const product = await makeProduct(it);
  const cart = `/v2/carts/${randomUUID()}`;
  const line = { type: 'cart_item', id: product, quantity: 1 };
  const [item] = (await it.admin('POST', `${cart}/items`, { data: line })).body.data;
  const email = `${randomUUID()}@example.com`;
  const customer = { type: 'customer', name: 'Ada', email, password: 'secret' };
  const { id } = (await it.admin('POST', '/v2/customers', { data: customer })).body.data;
  const name = { first_name: 'Ada', last_name: 'Byron' };
  const resources: Record<string, Record<string, unknown>> = {
    '/v2/products': {
      ...{ type: 'product', name: 'P', slug: 'p', sku: 'p', description: '', manage_stock: false, price: [] },
      commodity_type: 'digital',
    },
    '/v2/categories': { type: 'category', name: 'C', slug: 'c' },
    '/v2/brands': { type: 'brand', name: 'B', slug: 'b' },
    '/v2/collections': { type: 'collection', name: 'C', slug: 'c' },
    '/v2/customers': { type: 'customer', name: 'Eve', email: `${randomUUID()}@example.com` },
    '/v2/customers/tokens': { type: 'token', email, password: 'secret' },
    [`/v2/customers/${id}/addresses`]: {
      ...{ type: 'address', ...name, line_1: '1', postcode: '1', county: 'X', country: 'GB' },
    },
    [`/v2/inventories/${product}/transactions`]: { type: 'stock-transaction', action: 'increment', quantity: 1 },
    [`${cart}/items`]: line,
    [`${cart}/items/${item.id}/taxes`]: { type: 'tax_item', rate: 0.1 },
  };
  for (const [path, data] of Object.entries(resources)) {
    const { type, ...untyped } = data;
    for (const wrong of [
      untyped,
      { ...untyped, type: 'thing' },
      { ...untyped, type: null },
      { ...untyped, type: [type] },
    ]) {
      const { status, body } = await it.admin('POST', path, { data: wrong });
      assert.equal(status, 422, `${path} ${JSON.stringify(wrong)}`);
      assert.deepEqual([body.errors.length, body.errors[0].source], [1, 'data.type'], path);
    }
    const { status, body } = await it.admin('POST', path, { data });
    assert.equal(status, 201, `${path} ${JSON.stringify(body)}`);
  }
});

test('a currency needs no type: clients send it as their user wrote it', async () => {
  assert.equal((await it.admin('POST', '/v2/currencies', { data: { code: 'GBP', format: '£{price}' } })).status, 201);
});
