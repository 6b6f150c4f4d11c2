import assert from 'node:assert/strict';
import type { Api, Reply } from './api.ts';

export const sampleAddress = {
  first_name: 'Ada',
  last_name: 'Byron',
  line_1: '1 Analytical Row',
  city: 'London',
  postcode: 'N1 1AA',
  county: 'London',
  country: 'GB',
};

/** A customer as the API shows one. */
export interface Customer {
  id: string;
  email: string;
  name: string;
  password: boolean;
}

/** Makes a customer as a shopper does. `members` replace the defaults. */
export async function signUp(api: Api, members: Record<string, unknown> = {}): Promise<Customer> {
  const made = api.next();
  const email = `c${made}.${api.tag}@example.com`;
  const data = { type: 'customer', name: `Customer ${made}`, email, ...members };
  const { status, body } = await api.shopper('POST', '/v2/customers', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data;
}

export function signIn(api: Api, email: string, password: string): Promise<Reply> {
  return api.shopper('POST', '/v2/customers/tokens', { data: { type: 'token', email, password } });
}

/** The header with a customer token. */
export async function tokenOf(api: Api, email: string, password: string) {
  const { body } = await signIn(api, email, password);
  return { 'x-moltin-customer-token': body.data.token as string };
}
