import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client, Reply } from '../client.ts';

/**
 * An administrator adds a field to the products, and keeps entries of an own flow. Leaves nothing behind: the fields of
 * products would show in every later test.
 */
export async function keepFlows(client: Client, productId: string): Promise<void> {
  const mark = randomUUID().slice(0, 8);
  await productField(client, productId, `grade_${mark}`);
  await ownFlow(client, productId, `recipes-${mark}`);
}

async function productField(client: Client, productId: string, slug: string): Promise<void> {
  const flows = await client.Flows.All!();
  const known = flows.data.find((flow: Reply) => flow.slug === 'products');
  const named = { name: 'Products', slug: 'products', description: 'Of products', enabled: true };
  const flow = known ?? (await client.Flows.Create!(named)).data;
  const field = await client.Fields.Create!({
    ...{ name: 'Grade', slug, field_type: 'integer', description: 'One to five', required: false, enabled: true },
    validation_rules: [{ type: 'between', options: { from: 1, to: 5 } }],
    relationships: { flow: { data: { type: 'flow', id: flow.id } } },
  });
  const changed = await client.Products.Update!(productId, { [slug]: 4 });
  assert.equal(changed.data[slug], 4);
  const found = await client.Products.Get!(productId);
  assert.equal(found.data[slug], 4, 'the field is a member of the product');
  await assert.rejects(client.Products.Update!(productId, { [slug]: 9 }), (refusal: Reply) => {
    assert.deepEqual([refusal.errors[0].status, refusal.errors[0].source], [422, `data.${slug}`]);
    return true;
  });
  const entry = await client.Flows.GetEntry!('products', productId);
  assert.equal(entry.data[slug], 4);
  await client.Fields.Delete!(field.data.id);
}

async function ownFlow(client: Client, productId: string, slug: string): Promise<void> {
  const flow = await client.Flows.Create!({ name: 'Recipes', slug, description: 'Of dishes', enabled: true });
  const add = (members: object) =>
    client.Fields.Create!({
      ...{ description: '', required: false, enabled: true, ...members },
      relationships: { flow: { data: { type: 'flow', id: flow.data.id } } },
    });
  await add({ name: 'Title', slug: 'title', field_type: 'string', required: true, order: 1 });
  await add({
    ...{ name: 'Tools', slug: 'tools', field_type: 'relationship', order: 2 },
    validation_rules: [{ type: 'one-to-many', to: 'product' }],
  });
  const created = await client.Flows.CreateEntry!(slug, { title: 'Soup' });
  assert.deepEqual([created.data.type, created.data.title], ['entry', 'Soup']);
  const { id } = created.data;
  const updated = await client.Flows.UpdateEntry!(slug, id, { title: 'Stew' });
  assert.equal(updated.data.title, 'Stew');
  const entries = await client.Flows.GetEntries!(slug);
  assert.deepEqual([entries.data.length, entries.meta.results.total], [1, 1]);

  // Versions 3 have no methods for these.
  if (client.Flows.CreateEntryRelationship !== undefined) {
    const fields = await client.Flows.GetFields!(slug);
    assert.deepEqual(
      fields.data.map((field: Reply) => field.slug),
      ['title', 'tools'],
    );
    const link = { type: 'product', id: productId };
    const linked = await client.Flows.CreateEntryRelationship(slug, id, 'tools', [link]);
    assert.deepEqual(linked.data, [link]);
    const read = await client.Flows.GetEntry!(slug, id);
    assert.deepEqual(read.data.relationships.tools.data, [link]);
    await client.Flows.DeleteEntryRelationship!(slug, id, 'tools');
    const attributes = await client.Flows.GetFlowTypeAttributes!(slug);
    assert.equal(attributes.data[0].value, 'title');
  }
  await client.Flows.DeleteEntry!(slug, id);
  await client.Flows.Delete!(flow.data.id);
}
