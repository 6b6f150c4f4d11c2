import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { makeProduct, sampleAddress } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

const guest = {
  customer: { name: 'Ada', email: 'ada@example.com' },
  billing_address: sampleAddress,
  shipping_address: sampleAddress,
};

async function fill(cart: string, members: Record<string, unknown> = {}, quantity = 2): Promise<string> {
  const id = await makeProduct(it, members);
  const { status } = await it.shopper('POST', `${cart}/items`, { data: { type: 'cart_item', id, quantity } });
  assert.equal(status, 201);
  return id;
}
const newCart = () => `/v2/carts/${randomUUID()}`;
const checkOut = (cart: string, data: Record<string, unknown> = guest, headers = {}) =>
  it.shopper('POST', `${cart}/checkout`, { data }, headers);

describe('checkout', () => {
  test('makes an order that costs what the cart showed, and leaves the cart', async () => {
    const cart = newCart();
    await fill(cart, { price: [{ amount: 999, currency: 'USD', includes_tax: false }] });
    const [line] = (await it.shopper('GET', `${cart}/items`)).body.data;
    const tax = { type: 'tax_item', name: 'VAT', rate: 0.2 };
    await it.admin('POST', `${cart}/items/${line.id}/taxes`, { data: tax });
    const shown = (await it.shopper('GET', cart)).body.data.meta.display_price;

    const { status, body } = await checkOut(cart);
    assert.equal(status, 201);
    const { data } = body;
    assert.deepEqual([data.status, data.payment, data.shipping], ['incomplete', 'unpaid', 'unfulfilled']);
    assert.deepEqual(data.customer, guest.customer);
    assert.deepEqual(data.shipping_address, {
      ...sampleAddress,
      company_name: '',
      line_2: '',
      phone_number: '',
      instructions: '',
    });
    assert.deepEqual(data.meta.display_price, shown);
    assert.equal(data.meta.display_price.with_tax.amount, 2 * 1199);
    const [item] = body.included.items;
    assert.deepEqual(data.relationships.items.data, [{ type: 'item', id: item.id }]);
    assert.equal(item.type, 'order_item');
    assert.deepEqual(item.relationships.cart_item, { data: { type: 'cart_item', id: line.id } });
    assert.equal(item.relationships.taxes.data.length, 1);
    assert.deepEqual(item.meta.display_price.tax.unit.formatted, '$2.00');
    assert.equal((await it.shopper('GET', `${cart}/items`)).body.data.length, 1);
  });

  test('knows a customer by id', async () => {
    const cart = newCart();
    await fill(cart);
    const customer = { type: 'customer', name: 'Grace', email: `${randomUUID()}@example.com` };
    const { id } = (await it.admin('POST', '/v2/customers', { data: customer })).body.data;
    const { body } = await checkOut(cart, { ...guest, customer: { id } });
    assert.equal(body.data.customer.name, 'Grace');
    assert.deepEqual(body.data.relationships.customer, { data: { type: 'customer', id } });
    for (const unknown of [randomUUID(), 'nonsense']) {
      assert.equal((await checkOut(cart, { ...guest, customer: { id: unknown } })).status, 404);
    }
  });

  test('names every member that is missing', async () => {
    const cart = newCart();
    await fill(cart);
    const { status, body } = await checkOut(cart, {
      customer: { name: 'Ada', email: 'nonsense' },
      billing_address: { ...sampleAddress, postcode: '', county: undefined },
    });
    assert.equal(status, 422);
    const sources = new Set(body.errors.map(({ source }: { source: string }) => source));
    assert.ok(sources.has('data.customer.email'));
    assert.ok(sources.has('data.billing_address.postcode'));
    assert.ok(sources.has('data.billing_address.county'));
    assert.equal((await checkOut(cart, {})).status, 422);
  });

  test('refuses an empty cart, another currency and missing stock', async () => {
    assert.equal((await checkOut(newCart())).status, 400);
    const cart = newCart();
    const id = await fill(cart, { manage_stock: true, stock: 2, sku: 'TWO' });
    await it.admin('POST', '/v2/currencies', {
      data: {
        code: 'GBP',
        format: '£{price}',
        decimal_point: '.',
        thousand_separator: ',',
        decimal_places: 2,
        exchange_rate: 1,
        enabled: true,
      },
    });
    assert.equal((await checkOut(cart, guest, { 'x-moltin-currency': 'GBP' })).status, 400);
    await it.admin('POST', `/v2/inventories/${id}/transactions`, {
      data: { type: 'stock-transaction', action: 'decrement', quantity: 1 },
    });
    const short = await checkOut(cart);
    assert.equal(short.status, 400);
    assert.deepEqual(short.body.errors[0].meta, { id, sku: 'TWO' });
    assert.equal((await it.admin('GET', '/v2/orders?filter=eq(product_sku,TWO)')).body.meta.results.total, 0);
  });

  test('is the same when debt 23 is paid', async () => {
    const paid = await openTestShop(['checkout-locks', 'audit-rows-in-request']);
    try {
      const id = await makeProduct(paid, { manage_stock: true, stock: 2 });
      const cart = newCart();
      await paid.shopper('POST', `${cart}/items`, { data: { type: 'cart_item', id, quantity: 2 } });
      assert.equal((await paid.shopper('POST', `${cart}/checkout`, { data: guest })).status, 201);
      const rows = await paid.shop.db.query('select from audit_log');
      assert.equal(rows.rowCount, 0);
    } finally {
      await paid.close();
    }
  });

  test('leaves an audit row of who did it', async () => {
    const cart = newCart();
    await fill(cart);
    const { id } = (await checkOut(cart)).body.data;
    const { rows } = await it.shop.db.query('select actor, action, entity from audit_log where entity_id = $1', [id]);
    assert.deepEqual(rows, [{ actor: 'tests', action: 'created', entity: 'order' }]);
  });
});
