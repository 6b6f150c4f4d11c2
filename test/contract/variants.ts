import assert from 'node:assert/strict';
import type { Api, Reply } from './api.ts';

const variations = '/v2/variations';

async function make({ admin }: Api, path: string, data: Record<string, unknown>): Promise<string> {
  const { status, body } = await admin('POST', path, { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** Makes a variation and returns its id. */
export function makeVariation(api: Api, name: string): Promise<string> {
  return make(api, variations, { type: 'product-variation', name });
}

/** Adds an option to a variation and returns its id. */
export function makeOption(api: Api, variation: string, name: string, description = ''): Promise<string> {
  return make(api, `${variations}/${variation}/options`, { type: 'option', name, description });
}

/** Adds a modifier to an option and returns its id. */
export function makeModifier(api: Api, variation: string, option: string, modifier_type: string, value: unknown) {
  const path = `${variations}/${variation}/options/${option}/modifiers`;
  return make(api, path, { type: 'modifier', modifier_type, value });
}

/** A variation whose options extend name, slug and SKU; returns the ids of the variation and of its options. */
export async function makeChoice(api: Api, name: string, options: readonly string[]) {
  const variation = await makeVariation(api, name);
  const made: Record<string, string> = {};
  for (const option of options) {
    const id = await makeOption(api, variation, option);
    for (const member of ['name', 'slug', 'sku'])
      await makeModifier(api, variation, id, `${member}_append`, `-${option}`);
    made[option] = id;
  }
  return { variation, options: made };
}

/** Links to variations, as a body. */
export const variationLinks = (...ids: string[]) => ({ data: ids.map((id) => ({ type: 'product-variation', id })) });

/** Replaces the variations of a product. It may be refused. */
export function attach({ admin }: Api, product: string, ...ids: string[]): Promise<Reply> {
  return admin('PUT', `/v2/products/${product}/relationships/variations`, variationLinks(...ids));
}

/** A child product, as far as the cases read it. */
export interface Child {
  id: string;
  name: string;
  slug: string;
  sku: string;
}

/** Builds the children of a product. It must succeed. */
export async function built(api: Api, product: string): Promise<Child[]> {
  const { status, body } = await api.admin('POST', `/v2/products/${product}/build`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.data;
}

/** A product as an administrator sees it. */
export const productOf = async ({ admin }: Api, id: string) => (await admin('GET', `/v2/products/${id}`)).body.data;
