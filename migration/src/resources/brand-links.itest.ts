import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Pool } from 'pg';
import { attach, detach } from '../monolith/attach.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { brandLinks, brands } from './brands.ts';

describe('links of products to brands in the monolith', () => {
  let monolith: TestMonolith;
  let pool: Pool;
  before(async () => {
    monolith = await createTestMonolith();
    pool = monolith.pool;
    await attach(pool, brands, 1);
    await attach(pool, brandLinks, 1);
  });
  after(async () => {
    await detach(pool, brandLinks, [brands]);
    const left = await monolith.query("select from pg_trigger where tgname like '%brand_links%'");
    assert.equal(left.length, 0, 'none of its triggers stays');
    await detach(pool, brands, []);
    await monolith.drop();
  });
  beforeEach(async () => {
    await monolith.query('delete from products');
    await monolith.query('delete from brands');
    await monolith.query('delete from migration.notes');
  });

  const one = async (text: string): Promise<string> => (await monolith.query<{ id: string }>(text))[0]?.id ?? '';
  const addBrand = () => one("insert into brands (name, slug) values ('B', gen_random_uuid()::text) returning id");
  const addProduct = () =>
    one(`insert into products (name, slug, sku, manage_stock, commodity_type, status, created_at)
         values ('P', gen_random_uuid()::text, gen_random_uuid()::text, false, 'digital', 'live',
                 '2018-05-10 14:11:32.000123Z') returning id`);
  const link = (product: string, brand: string) =>
    monolith.query('insert into product_brands (product_id, brand_id, position) values ($1, $2, 1)', [product, brand]);
  const state = async (id: string) => (await monolith.query<{ state: object }>(brandLinks.states, [[id]]))[0]?.state;
  const noted = async () => {
    const notes = await monolith.query<{ key: string }>(
      "delete from migration.notes where resource = 'brand-links' returning key",
    );
    return [...new Set(notes.map(({ key }) => key))];
  };

  test('are one aggregate for each product with a link', async () => {
    const [a, b] = [await addBrand(), await addBrand()].sort() as [string, string];
    const [linked, other] = [await addProduct(), await addProduct()];
    await link(linked, b);
    await link(linked, a);
    assert.deepEqual(await state(linked), {
      status: 'live',
      created_at: '2018-05-10T14:11:32.000123Z',
      brands: [a, b],
    });
    assert.equal(await state(other), undefined);
    const keys = (...values: unknown[]) => monolith.query<{ key: string }>(brandLinks.keys, values);
    assert.deepEqual(await keys(null, 10), [{ key: linked }]);
    assert.deepEqual(await keys(linked, 10), []);
    assert.deepEqual(await monolith.query(brandLinks.count), [{ count: 1 }]);
  });

  test('are noted when a link or a linked product changes, and for no other product', async () => {
    const brand = await addBrand();
    const [product, other] = [await addProduct(), await addProduct()];
    await monolith.query("update products set status = 'draft'");
    assert.deepEqual(await noted(), []);
    await link(product, brand);
    assert.deepEqual(await noted(), [product]);
    await monolith.query("update products set status = 'live'");
    assert.deepEqual(await noted(), [product]);
    await monolith.query('delete from products where id = $1', [other]);
    assert.deepEqual(await noted(), []);
    await monolith.query('delete from products');
    assert.deepEqual(await noted(), [product]);
  });

  test('to a brand that was deleted stay until they are deleted themselves', async () => {
    const [product, brand] = [await addProduct(), await addBrand()];
    await link(product, brand);
    await noted();
    await monolith.query('delete from brands');
    assert.deepEqual(await noted(), []);
    await monolith.query('delete from product_brands');
    assert.deepEqual([await noted(), await state(product)], [[product], undefined]);
  });
});
