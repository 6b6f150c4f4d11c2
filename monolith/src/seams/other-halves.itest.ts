import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { recoverOtherHalves } from './other-halves.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
  await it.shop.db.query(
    `create function not_ours() returns trigger language plpgsql as
     $$ begin raise exception 'owned elsewhere' using errcode = 'BN421'; end $$`,
  );
  await it.shop.db.query(
    `create function unlucky() returns trigger language plpgsql as
     $$ begin raise exception 'no luck' using errcode = '40001'; end $$`,
  );
});
after(() => it.close());

/** One deletion, and the tables of other owners that name what is deleted. */
interface Deletion {
  name: string;
  /** Makes the entity with its other halves; returns its path. */
  make(): Promise<string>;
  halves: readonly string[];
}

const post = async (path: string, data: object): Promise<string> => {
  const { status, body } = await it.admin('POST', path, { data });
  assert.ok(status < 300, JSON.stringify(body));
  return body.data.id;
};
const group = (type: string, plural: string): Deletion => ({
  name: `a ${type}`,
  make: async () => {
    const id = await post(`/v2/${plural}`, { type, name: 'G', slug: randomUUID() });
    const data = [{ type, id }];
    await it.admin('POST', `/v2/products/${await makeProduct(it)}/relationships/${plural}`, { data });
    return `/v2/${plural}/${id}`;
  },
  halves: [`product_${plural}`],
});
const coreField = async (): Promise<{ flow: string; field: string }> => {
  const known = (await it.admin('GET', '/v2/flows')).body.data.find(
    ({ slug }: { slug: string }) => slug === 'products',
  );
  const flow =
    known?.id ??
    (await post('/v2/flows', { type: 'flow', name: 'P', slug: 'products', description: '', enabled: true }));
  const slug = `f${randomUUID().replaceAll('-', '')}`;
  const base = {
    type: 'field',
    name: 'F',
    slug,
    field_type: 'string',
    description: '',
    required: false,
    enabled: true,
  };
  const relationships = { flow: { data: { type: 'flow', id: flow } } };
  const field = await post('/v2/fields', { ...base, unique: false, default: null, order: 1, relationships });
  await makeProduct(it, { [slug]: 'value' });
  return { flow, field };
};

const deletions: Deletion[] = [
  group('category', 'categories'),
  group('brand', 'brands'),
  group('collection', 'collections'),
  {
    name: 'a product',
    make: async () => `/v2/products/${await makeProduct(it, { manage_stock: true, stock: 5 })}`,
    halves: ['stock', 'stock_transactions'],
  },
  {
    name: 'a file',
    make: async () => {
      const { rows } = await it.shop.db.query<{ id: string }>(
        `insert into files (file_name, filter_name, mime_type, file_size, public, location, created_at)
         values ('a', 'a', 'image/png', 0, true, 'https://a.b/c.png', now()) returning id`,
      );
      const id = rows[0]?.id;
      const links = `/v2/products/${await makeProduct(it)}/relationships`;
      await it.admin('POST', `${links}/files`, { data: [{ type: 'file', id }] });
      await it.admin('POST', `${links}/main-image`, { data: { type: 'main_image', id } });
      return `/v2/files/${id}`;
    },
    halves: ['product_files', 'product_main_images'],
  },
  {
    name: 'a currency',
    make: async () => {
      const data = { type: 'currency', code: 'SEK', exchange_rate: 1, format: '{price}', decimal_point: '.' };
      const style = { thousand_separator: ',', decimal_places: 2, default: false, enabled: true };
      const id = await post('/v2/currencies', { ...data, ...style });
      await makeProduct(it, { price: [{ amount: 1, currency: 'SEK', includes_tax: true }] });
      return `/v2/currencies/${id}`;
    },
    halves: ['product_prices'],
  },
  {
    name: 'a field of products',
    make: async () => `/v2/fields/${(await coreField()).field}`,
    halves: ['product_field_values'],
  },
  {
    name: 'the flow of products',
    make: async () => `/v2/flows/${(await coreField()).flow}`,
    halves: ['product_field_values'],
  },
];

const count = async (table: string) =>
  Number((await it.shop.db.query<{ n: string }>(`select count(*) as n from ${table}`)).rows[0]?.n);
const counts = (tables: readonly string[]) => Promise.all(tables.map(count));
const noted = () => count('deleted_entities');

async function withTrigger(tables: readonly string[], name: string, work: () => Promise<void>): Promise<void> {
  for (const table of tables) {
    await it.shop.db.query(`create trigger stop before delete on ${table} for each row execute function ${name}()`);
  }
  try {
    await work();
  } finally {
    for (const table of tables) await it.shop.db.query(`drop trigger stop on ${table}`);
  }
}

for (const { name, make, halves } of deletions) {
  describe(`a deletion of ${name}`, () => {
    const remove = async (path: string) => assert.equal((await it.admin('DELETE', path)).status, 204);

    test('deletes the other halves before it replies', async () => {
      const before = await counts(halves);
      const path = await make();
      assert.notDeepEqual(await counts(halves), before);
      await remove(path);
      if (name !== 'a product') await it.shop.db.query('delete from products');
      assert.equal(await noted(), 0);
      const left = await it.shop.db.query(danglingIn(halves[0] ?? ''));
      assert.equal(left.rowCount, 0);
    });

    test('that another owner must complete is a deletion all the same, and is left to that owner', async () => {
      const path = await make();
      const before = await counts(halves);
      await withTrigger(halves, 'not_ours', () => remove(path));
      assert.deepEqual(await counts(halves), before);
      assert.equal(await noted(), 0);
      await it.shop.db.query('delete from products');
    });

    test('that dies before the other halves are deleted is completed by the recovery', async () => {
      const path = await make();
      await withTrigger(halves, 'unlucky', async () => {
        await remove(path);
        assert.equal(await noted(), 1, 'the note is committed with the deletion');
        await assert.rejects(recoverOtherHalves(it.shop.db));
      });
      assert.equal(await recoverOtherHalves(it.shop.db), 1);
      assert.equal(await noted(), 0);
      for (const table of halves) assert.equal((await it.shop.db.query(danglingIn(table))).rowCount, 0, table);
      assert.equal(await recoverOtherHalves(it.shop.db), 0);
    });
  });
}

/** Rows of a table whose other half is gone. */
function danglingIn(table: string): string {
  const parents: Record<string, string> = {
    product_categories: 'category_id not in (select id from categories)',
    product_brands: 'brand_id not in (select id from brands)',
    product_collections: 'collection_id not in (select id from collections)',
    product_files: 'file_id not in (select id from files)',
    product_main_images: 'file_id not in (select id from files)',
    product_prices: 'currency not in (select code from currencies)',
    product_field_values: 'field_id not in (select id from flow_fields)',
    // Products are cleared between tests, without the way of the API.
    stock: 'false',
    stock_transactions: 'false',
  };
  return `select from ${table} where ${parents[table]}`;
}

test('children that are deleted with their product lose their stock too', async () => {
  const base = await makeProduct(it);
  const child = await makeProduct(it, { manage_stock: true, stock: 2 });
  await it.shop.db.query('update products set parent_id = $1 where id = $2', [base, child]);
  assert.equal((await it.admin('DELETE', `/v2/products/${base}`)).status, 204);
  const { rowCount } = await it.shop.db.query('select from stock where product_id = any($1)', [[base, child]]);
  assert.equal(rowCount, 0);
});
