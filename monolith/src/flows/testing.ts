import assert from 'node:assert/strict';
import type { TestShop } from '../testing/open-shop.ts';

/** Creates an enabled flow and returns its id. */
export async function flowNamed({ admin }: TestShop, slug: string): Promise<string> {
  const data = { type: 'flow', name: slug, slug, description: '', enabled: true };
  const { status, body } = await admin('POST', '/v2/flows', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** Creates a field of a flow, a text unless `members` says otherwise, and returns its id. */
export async function fieldOn(
  { admin }: TestShop,
  flow: string,
  members: { slug: string } & Record<string, unknown>,
): Promise<string> {
  const data = {
    ...{ type: 'field', name: members.slug, field_type: 'string', description: '', required: false },
    ...members,
    relationships: { flow: { data: { type: 'flow', id: flow } } },
  };
  const { status, body } = await admin('POST', '/v2/fields', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}
