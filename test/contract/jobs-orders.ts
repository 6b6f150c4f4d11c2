import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api } from './api.ts';

export const path = '/v2/jobs';
export const order = { type: 'job', job_type: 'order_export' };

export const sampleAddress = {
  ...{ first_name: 'Ada', last_name: 'Byron', line_1: '1 Analytical Row', city: 'London' },
  ...{ postcode: 'N1 1AA', county: 'London', country: 'GB' },
};

/** Checks a cart of products out and returns the order's id. */
export async function makeOrder(
  api: Api,
  productId: string,
  customer: Readonly<Record<string, unknown>>,
  quantity = 1,
  ...others: string[]
): Promise<string> {
  const cart = randomUUID();
  for (const [n, id] of [productId, ...others].entries()) {
    const line = { type: 'cart_item', id, quantity: n === 0 ? quantity : 1 };
    assert.equal((await api.shopper('POST', `/v2/carts/${cart}/items`, { data: line })).status, 201);
  }
  const data = {
    customer: { name: 'Ada', ...customer },
    billing_address: sampleAddress,
    shipping_address: sampleAddress,
  };
  const { status, body } = await api.admin('POST', `/v2/carts/${cart}/checkout`, { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** Makes a job and returns its id. */
export async function askJob(api: Api, filter?: string): Promise<string> {
  const { status, body } = await api.admin('POST', path, {
    data: { ...order, ...(filter !== undefined && { filter }) },
  });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** The lines of an export, the head first. Empty if no order matches. */
export async function exportOf(api: Api, filter: string): Promise<string[]> {
  const id = await askJob(api, filter);
  const over = ({ body }: { body: { data: { status: string } } }) => ['complete', 'failed'].includes(body.data.status);
  const { status, error } = (await api.eventually(`${path}/${id}`, over)).body.data;
  if (status === 'failed') {
    assert.equal(error, 'No orders match the filter');
    return [];
  }
  const { body } = await api.admin('GET', `${path}/${id}/file/content`);
  assert.ok(body.endsWith('\r\n'));
  return body.slice(0, -2).split('\r\n');
}
