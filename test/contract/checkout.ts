import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { sampleAddress } from './buyers.ts';
import { makeProduct } from './goods.ts';
import { guest } from './orders-goods.ts';

async function fill(api: Api, cart: string, members: Record<string, unknown> = {}, quantity = 2): Promise<string> {
  const id = await makeProduct(api, members);
  const { status } = await api.shopper('POST', `${cart}/items`, { data: { type: 'cart_item', id, quantity } });
  assert.equal(status, 201);
  return id;
}
const newCart = () => `/v2/carts/${randomUUID()}`;
const checkOut = (api: Api, cart: string, data: Record<string, unknown> = guest, headers = {}) =>
  api.shopper('POST', `${cart}/checkout`, { data }, headers);

export const checkoutCases: Case[] = [
  {
    name: 'checkout makes an order that costs what the cart showed, and leaves the cart',
    run: async (api) => {
      const cart = newCart();
      await fill(api, cart, { price: [{ amount: 999, currency: 'USD', includes_tax: false }] });
      const [line] = (await api.shopper('GET', `${cart}/items`)).body.data;
      const tax = { type: 'tax_item', name: 'VAT', rate: 0.2 };
      await api.admin('POST', `${cart}/items/${line.id}/taxes`, { data: tax });
      const shown = (await api.shopper('GET', cart)).body.data.meta.display_price;

      const { status, body } = await checkOut(api, cart);
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
      assert.equal((await api.shopper('GET', `${cart}/items`)).body.data.length, 1);
    },
  },
  {
    name: 'checkout knows a customer by id',
    run: async (api) => {
      const cart = newCart();
      await fill(api, cart);
      const customer = { type: 'customer', name: 'Grace', email: `${randomUUID()}@example.com` };
      const { id } = (await api.admin('POST', '/v2/customers', { data: customer })).body.data;
      const { body } = await checkOut(api, cart, { ...guest, customer: { id } });
      assert.equal(body.data.customer.name, 'Grace');
      assert.deepEqual(body.data.relationships.customer, { data: { type: 'customer', id } });
      for (const unknown of [randomUUID(), 'nonsense']) {
        assert.equal((await checkOut(api, cart, { ...guest, customer: { id: unknown } })).status, 404);
      }
    },
  },
  {
    name: 'checkout names every member that is missing',
    run: async (api) => {
      const cart = newCart();
      await fill(api, cart);
      const { status, body } = await checkOut(api, cart, {
        customer: { name: 'Ada', email: 'nonsense' },
        billing_address: { ...sampleAddress, postcode: '', county: undefined },
      });
      assert.equal(status, 422);
      const sources = new Set(body.errors.map(({ source }: { source: string }) => source));
      assert.ok(sources.has('data.customer.email'));
      assert.ok(sources.has('data.billing_address.postcode'));
      assert.ok(sources.has('data.billing_address.county'));
      assert.equal((await checkOut(api, cart, {})).status, 422);
    },
  },
  {
    name: 'checkout refuses an empty cart, another currency and missing stock',
    run: async (api) => {
      assert.equal((await checkOut(api, newCart())).status, 400);
      const cart = newCart();
      const id = await fill(api, cart, { manage_stock: true, stock: 2, sku: `TWO-${api.tag}` });
      await api.admin('POST', '/v2/currencies', {
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
      assert.equal((await checkOut(api, cart, guest, { 'x-moltin-currency': 'GBP' })).status, 400);
      await api.admin('POST', `/v2/inventories/${id}/transactions`, {
        data: { type: 'stock-transaction', action: 'decrement', quantity: 1 },
      });
      const short = await checkOut(api, cart);
      assert.equal(short.status, 400);
      assert.deepEqual(short.body.errors[0].meta, { id, sku: `TWO-${api.tag}` });
      assert.equal(
        (await api.admin('GET', `/v2/orders?filter=eq(product_sku,TWO-${api.tag})`)).body.meta.results.total,
        0,
      );
    },
  },
];
