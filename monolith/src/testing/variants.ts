import assert from 'node:assert/strict';
import type { TestShop } from './open-shop.ts';

async function make({ admin }: TestShop, path: string, data: Record<string, unknown>): Promise<string> {
  const { status, body } = await admin('POST', path, { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

export function makeVariation(shop: TestShop, name: string): Promise<string> {
  return make(shop, '/v2/variations', { type: 'product-variation', name });
}

/** Creates an option, a millisecond after what was created before: lists are in the order of time. */
export function makeOption(shop: TestShop, variation: string, name: string, description = ''): Promise<string> {
  shop.advance(1);
  return make(shop, `/v2/variations/${variation}/options`, { type: 'option', name, description });
}

export function makeModifier(shop: TestShop, variation: string, option: string, modifier_type: string, value: unknown) {
  shop.advance(1);
  const path = `/v2/variations/${variation}/options/${option}/modifiers`;
  return make(shop, path, { type: 'modifier', modifier_type, value });
}

/** A variation whose options extend name, slug and SKU; returns the ids of the variation and of its options. */
export async function makeChoice(shop: TestShop, name: string, options: readonly string[]) {
  const variation = await makeVariation(shop, name);
  const made: Record<string, string> = {};
  for (const option of options) {
    const id = await makeOption(shop, variation, option);
    for (const member of ['name', 'slug', 'sku'])
      await makeModifier(shop, variation, id, `${member}_append`, `-${option}`);
    made[option] = id;
  }
  return { variation, options: made };
}
