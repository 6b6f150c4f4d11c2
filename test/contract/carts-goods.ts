import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Reply } from './api.ts';

export const newCart = () => `/v2/carts/${randomUUID()}`;

export const product = (id: string, quantity?: unknown, more = {}) => ({
  data: { type: 'cart_item', id, quantity, ...more },
});

export const custom = (members: Record<string, unknown>) => ({
  data: { type: 'custom_item', name: 'Postage', price: { amount: 250 }, ...members },
});

/** Adds to a cart; it must succeed. Returns the lines. */
// biome-ignore lint/suspicious/noExplicitAny: a body of the API
export async function fill(api: Api, cart: string, body: object, headers = {}): Promise<any[]> {
  const reply = await api.admin('POST', `${cart}/items`, body, headers);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body.data;
}

/** Makes the euro a currency of the store, if it is none. */
export async function ensureEuro(api: Api): Promise<void> {
  const euro = { code: 'EUR', format: '€{price}', decimal_point: ',', thousand_separator: '.', decimal_places: 2 };
  await api.admin('POST', '/v2/currencies', {
    data: { ...euro, type: 'currency', exchange_rate: 1, default: false, enabled: true },
  });
}

/** A customer with a token: its id, and the header that names it. */
export async function makeCustomer(api: Api): Promise<{ id: string; as: Record<string, string> }> {
  const customer = { type: 'customer', name: 'Ada', email: `${randomUUID()}@example.com`, password: 'correct horse' };
  const { id } = (await api.shopper('POST', '/v2/customers', { data: customer })).body.data;
  const { email, password } = customer;
  const token = await api.shopper('POST', '/v2/customers/tokens', { data: { type: 'token', email, password } });
  return { id, as: { 'x-moltin-customer-token': token.body.data.token } };
}

const address = { first_name: 'A', last_name: 'B', line_1: '1', postcode: '1', county: 'X', country: 'GB' };

/** Checks a cart out, as a guest unless `members` says otherwise. It may be refused. */
export function tryCheckOut(api: Api, cart: string, members = {}, headers = {}): Promise<Reply> {
  const data = { customer: { name: 'Ada', email: 'ada@example.com' }, billing_address: address, ...members };
  return api.shopper('POST', `${cart}/checkout`, { data }, headers);
}

/** Checks a cart out. Returns the id of the order. */
export async function checkOut(api: Api, cart: string, headers = {}): Promise<string> {
  const { status, body } = await tryCheckOut(api, cart, {}, headers);
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}
