import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { until } from '../../support/until.ts';
import type { Client, Reply } from '../client.ts';

/** An administrator makes a brand, links a product to it, finds both from either end, and deletes the brand. */
export async function manageBrands(client: Client): Promise<void> {
  await client.Authenticate();
  const slug = `journey-${randomUUID()}`;
  const { data: brand } = await client.Brands.Create!({ name: 'A brand', slug, status: 'live' });
  const { data: found } = await client.Brands.Filter({ eq: { slug } }).All!();
  assert.deepEqual(
    found.map((one: Reply) => one.id),
    [brand.id],
  );
  const { data: products } = await client.Products.Limit(1).All!();
  const [product] = products;
  await client.Products.CreateRelationships!(product.id, 'brand', brand.id);
  const { data: linked } = await client.Products.Get!(product.id);
  assert.ok(linked.relationships.brands.data.some((one: Reply) => one.id === brand.id));
  const { data: renamed } = await client.Brands.Update!(brand.id, { name: 'Another name' });
  assert.equal(renamed.name, 'Another name');
  assert.equal((await client.Brands.Get!(brand.id)).data.name, 'Another name');
  await client.Brands.Delete!(brand.id);
  // The products are the monolith's: it learns of the delete a moment later, if it does not own the brands.
  await until('the link to the deleted brand to be gone', async () => {
    const { data: after } = await client.Products.Get!(product.id);
    const links: Reply[] = after.relationships.brands?.data ?? [];
    return !links.some((one) => one.id === brand.id);
  });
}
