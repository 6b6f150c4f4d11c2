import assert from 'node:assert/strict';
import type { Api, Reply } from './api.ts';

/** Makes a live brand and returns its id. `members` replace the defaults. */
export async function makeBrand(api: Api, members: Record<string, unknown> = {}): Promise<string> {
  const made = api.next();
  const data = { type: 'brand', name: 'Brand', slug: `brand-${api.tag}-${made}`, status: 'live', ...members };
  const { status, body } = await api.admin('POST', '/v2/brands', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** Makes a live product and returns its id. `members` replace the defaults. */
export async function makeProduct(api: Api, members: Record<string, unknown> = {}): Promise<string> {
  const made = api.next();
  const data = {
    ...{ type: 'product', name: `Product ${made}`, slug: `${api.tag}-${made}`, sku: `${api.tag}-${made}` },
    ...{ description: 'Made for a test', manage_stock: false, status: 'live', commodity_type: 'physical' },
    price: [{ amount: 1000, currency: 'USD', includes_tax: true }],
    ...members,
  };
  const { status, body } = await api.admin('POST', '/v2/products', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** The ids of a list. */
export function ids({ body }: Reply): string[] {
  return body.data.map(({ id }: { id: string }) => id);
}
