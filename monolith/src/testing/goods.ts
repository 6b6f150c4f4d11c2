import assert from 'node:assert/strict';
import type { TestShop } from './open-shop.ts';

let made = 0;

/** Creates a live product and returns its id. `members` replace the defaults. */
export async function makeProduct({ admin }: TestShop, members: Record<string, unknown> = {}): Promise<string> {
  made += 1;
  const data = {
    type: 'product',
    name: `Product ${made}`,
    slug: `product-${made}`,
    sku: `SKU-${made}`,
    description: 'Made for a test',
    manage_stock: false,
    status: 'live',
    commodity_type: 'physical',
    price: [{ amount: 1000, currency: 'USD', includes_tax: true }],
    ...members,
  };
  const { status, body } = await admin('POST', '/v2/products', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

export const sampleAddress = {
  first_name: 'Ada',
  last_name: 'Byron',
  line_1: '1 Analytical Row',
  city: 'London',
  postcode: 'N1 1AA',
  county: 'London',
  country: 'GB',
};

/** Adds a product to a cart, checks out as a guest and returns the order's id. */
export async function makeOrder(
  { shopper, admin }: TestShop,
  cart: string,
  productId: string,
  quantity = 1,
  customer: Record<string, unknown> = { name: 'Ada', email: 'ada@example.com' },
): Promise<string> {
  const added = await shopper('POST', `/v2/carts/${cart}/items`, {
    data: { type: 'cart_item', id: productId, quantity },
  });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const order = await admin('POST', `/v2/carts/${cart}/checkout`, {
    data: { customer, billing_address: sampleAddress, shipping_address: sampleAddress },
  });
  assert.equal(order.status, 201, JSON.stringify(order.body));
  return order.body.data.id;
}

/** Enables the manual gateway. */
export async function enableManual({ admin }: TestShop): Promise<void> {
  assert.equal((await admin('PUT', '/v2/gateways/manual', { data: { type: 'gateway', enabled: true } })).status, 200);
}
