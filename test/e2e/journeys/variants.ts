import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client, Reply } from '../client.ts';

/** A product with a child for each combination of its options. */
export interface Variants {
  baseId: string;
  slug: string;
  /** Ids of the options, the outer level of the matrix first. */
  chosen: string[];
  childId: string;
}

/** An administrator makes variations, attaches them to a product, and builds its children, twice. */
export async function buildVariants(client: Client): Promise<Variants> {
  await client.Authenticate();
  const color = await choice(client, 'Color', ['Red', 'Blue']);
  const size = await choice(client, 'Size', ['S', 'L']);
  await reviseOption(client, size.id, size.options[1]!);
  const mark = randomUUID().slice(0, 8);
  const created = await client.Products.Create!({
    ...{ name: 'Shirt', slug: `shirt-${mark}`, sku: `SH-${mark}`, description: 'Made by a test', status: 'live' },
    ...{ manage_stock: false, commodity_type: 'physical', price: [{ amount: 2000, currency: 'USD' }] },
  });
  const baseId = created.data.id;
  await client.Products.CreateRelationships!(baseId, 'variation', [color.id]);
  await client.Products.CreateRelationships!(baseId, 'product-variation', size.id);

  const built = await client.Products.BuildChildProducts!(baseId);
  assert.deepEqual(
    built.data.map((child: Reply) => child.name),
    ['Shirt Red S', 'Shirt Red Large', 'Shirt Blue S', 'Shirt Blue Large'],
  );
  const again = await client.Products.BuildChildProducts!(baseId);
  assert.deepEqual(again.data, built.data, 'a second build changes nothing');
  const chosen = [color.options[1]!, size.options[1]!];
  return { baseId, slug: `shirt-${mark}`, chosen, childId: built.data[3].id };
}

/** A shopper finds the product by its slug, the child by the matrix, and puts the child into a cart. */
export async function buyVariant(client: Client, { baseId, slug, chosen, childId }: Variants): Promise<void> {
  await client.Authenticate();
  const found = await client.Products.Filter({ eq: { slug } }).Limit(1).All!();
  assert.deepEqual(
    found.data.map((one: Reply) => one.id),
    [baseId],
  );
  const { data: base } = await client.Products.With('main_image').Get!(baseId);
  assert.deepEqual(
    base.meta.variations.map((variation: Reply) => [variation.name, variation.options.length]),
    [
      ['Color', 2],
      ['Size', 2],
    ],
  );
  const leaf = chosen.reduce((level: Reply, option) => level[option], base.meta.variation_matrix);
  assert.equal(leaf, childId);
  const { data: child } = await client.Products.Get!(childId);
  assert.equal(child.relationships.parent.data.id, baseId);
  assert.equal(child.meta.display_price.with_tax.amount, 2500);
  const reference = randomUUID();
  const added = await client.Cart(reference).AddProduct!(childId, 2);
  assert.equal(added.meta.display_price.with_tax.amount, 5000);
  await client.Cart(reference).Delete!();
}

async function choice(client: Client, name: string, options: string[]): Promise<{ id: string; options: string[] }> {
  const { data } = await client.Variations.Create!({ name });
  const made: string[] = [];
  for (const option of options) {
    const body = { type: 'option', name: option, description: `${name} ${option}` };
    const { data: created } = await client.Variations.CreateOption!(data.id, body);
    assert.equal(created.type, 'option');
    for (const member of ['name', 'slug', 'sku']) {
      const value = `${member === 'name' ? ' ' : '-'}${option}`;
      const modifier = { type: 'modifier', modifier_type: `${member}_append`, value };
      await client.Variations.CreateModifier!(data.id, created.id, modifier);
    }
    made.push(created.id);
  }
  const { data: whole } = await client.Variations.Get!(data.id);
  assert.deepEqual(
    whole.options.map((option: Reply) => option.id),
    made,
  );
  return { id: data.id, options: made };
}

/** Reads, changes and deletes in each way that the client knows. */
async function reviseOption(client: Client, variation: string, option: string): Promise<void> {
  await client.Variations.UpdateOption!(variation, option, { id: option, type: 'option', name: 'Large' });
  const { data: modifiers } = await client.Variations.Modifiers!(variation, option);
  const named = modifiers.find((modifier: Reply) => modifier.modifier_type === 'name_append');
  const change = { id: named.id, type: 'modifier', modifier_type: 'name_append', value: ' Large' };
  await client.Variations.UpdateModifier!(variation, option, named.id, change);
  assert.equal((await client.Variations.Modifier!(variation, option, named.id)).data.value, ' Large');
  const raise = { type: 'modifier', modifier_type: 'price_increment', value: [{ amount: 500, currency: 'USD' }] };
  await client.Variations.CreateModifier!(variation, option, raise);
  const surplus = await client.Variations.CreateModifier!(variation, option, { ...raise });
  await client.Variations.DeleteModifier!(variation, option, surplus.data.id);
  const spare = await client.Variations.CreateOption!(variation, { type: 'option', name: 'Spare' });
  await client.Variations.DeleteOption!(variation, spare.data.id);
  const { data: options } = await client.Variations.Options!(variation);
  assert.equal(options.length, 2);
  assert.equal((await client.Variations.Option!(variation, option)).data.name, 'Large');
  const temporary = await client.Variations.Create!({ name: 'Temporary' });
  await client.Variations.Update!(temporary.data.id, { name: 'For a moment' });
  await client.Variations.Delete!(temporary.data.id);
  const listed = await client.Variations.Sort('name').Limit(1).All!();
  assert.equal(listed.data.length, 1);
}
