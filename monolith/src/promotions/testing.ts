import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestShop } from '../testing/open-shop.ts';

/** A running promotion of 5 dollars, as a body. */
export const fiveOff = {
  ...{ type: 'promotion', name: 'Five off', description: 'For all', enabled: true, promotion_type: 'fixed_discount' },
  schema: { currencies: [{ currency: 'USD', amount: 500 }] },
  ...{ start: '2018-01-01', end: '2099-01-01' },
};

/** Creates a promotion, `fiveOff` with other members, and returns its id. */
export async function makePromotion({ admin }: TestShop, members: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await admin('POST', '/v2/promotions', { data: { ...fiveOff, ...members } });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** Creates a promotion with one code, and returns the code. */
export async function makeCode(
  it: TestShop,
  members: Record<string, unknown> = {},
  limits: { uses?: number; user?: string } = {},
): Promise<string> {
  const id = await makePromotion(it, members);
  const code = randomUUID();
  const data = { type: 'promotion_codes', codes: [{ code, ...limits }] };
  const { status, body } = await it.admin('POST', `/v2/promotions/${id}/codes`, { data });
  assert.equal(status, 201, JSON.stringify(body));
  return code;
}
