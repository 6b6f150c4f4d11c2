import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Reply } from './api.ts';
import { sampleAddress, signUp, tokenOf } from './buyers.ts';
import { makeProduct } from './goods.ts';

/** A checkout of a guest. */
export const guest = {
  customer: { name: 'Ada', email: 'ada@example.com' },
  billing_address: sampleAddress,
  shipping_address: sampleAddress,
};
export const purchase = { data: { gateway: 'manual', method: 'purchase' } };

/** Adds a product to a cart, checks out and returns the order's id. */
export async function makeOrder(
  api: Api,
  cart: string,
  productId: string,
  quantity = 1,
  customer: Record<string, unknown> = guest.customer,
): Promise<string> {
  const line = { data: { type: 'cart_item', id: productId, quantity } };
  const added = await api.shopper('POST', `/v2/carts/${cart}/items`, line);
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const order = await api.admin('POST', `/v2/carts/${cart}/checkout`, { data: { ...guest, customer } });
  assert.equal(order.status, 201, JSON.stringify(order.body));
  return order.body.data.id;
}

/** An order of one product, with `members` instead of its defaults. */
export async function orderOf(api: Api, members: Record<string, unknown> = {}, quantity = 1): Promise<string> {
  return makeOrder(api, randomUUID(), await makeProduct(api, members), quantity);
}

export async function enableManual({ admin }: Api, enabled = true): Promise<void> {
  assert.equal((await admin('PUT', '/v2/gateways/manual', { data: { type: 'gateway', enabled } })).status, 200);
}

/** Pays with the manual gateway. */
export function pay({ shopper }: Api, order: string, method: string, more: object = {}): Promise<Reply> {
  return shopper('POST', `/v2/orders/${order}/payments`, { data: { gateway: 'manual', method, ...more } });
}

/** A customer, and the header of their token. */
export async function buyer(api: Api): Promise<{ id: string; headers: Record<string, string> }> {
  const { id, email } = await signUp(api, { password: 'correct horse' });
  return { id, headers: await tokenOf(api, email, 'correct horse') };
}
