import assert from 'node:assert/strict';
import type { Api } from './api.ts';

/** A way to group products. */
export interface Group {
  plural: string;
  /** Singular. */
  type: string;
  /** How errors call it. */
  title: string;
}

export const brands: Group = { plural: 'brands', type: 'brand', title: 'Brand' };
export const categories: Group = { plural: 'categories', type: 'category', title: 'Category' };
export const collections: Group = { plural: 'collections', type: 'collection', title: 'Collection' };

/** Makes a live group and returns its id. `members` replace the defaults. */
export async function makeGroup(api: Api, { plural, type }: Group, members: object = {}): Promise<string> {
  const data = { type, name: 'Group', slug: `${type}-${api.tag}-${api.next()}`, status: 'live', ...members };
  const { status, body } = await api.admin('POST', `/v2/${plural}`, { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}
