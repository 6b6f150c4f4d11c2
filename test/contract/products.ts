import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { makeProduct } from './goods.ts';
import { translationCases } from './products-translations.ts';

async function makeCategory(api: Api, name: string, members: Record<string, unknown> = {}): Promise<string> {
  const data = { type: 'category', name, slug: `${name}-${randomUUID()}`, status: 'live', ...members };
  const { status, body } = await api.admin('POST', '/v2/categories', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

export const productCases: Case[] = [
  {
    name: 'a product shows its prices, its stock and its attributes',
    run: async (api) => {
      const id = await makeProduct(api, { stock: 7, material: 'linen', weight: { unit: 'g', value: 300 } });
      const { body } = await api.shopper('GET', `/v2/products/${id}`);
      const { data } = body;
      assert.equal(data.type, 'product');
      assert.deepEqual(data.price, [{ amount: 1000, currency: 'USD', includes_tax: true }]);
      assert.deepEqual(data.meta.display_price.with_tax, { amount: 1000, currency: 'USD', formatted: '$10.00' });
      assert.deepEqual(data.meta.stock, { level: 7, availability: 'in-stock' });
      assert.equal(data.material, 'linen');
      assert.deepEqual(data.weight, { unit: 'g', value: 300 });
      assert.deepEqual(data.relationships, {});
      assert.deepEqual(data.meta.variation_matrix, []);
    },
  },
  {
    name: 'an update changes only the members that it names',
    run: async (api) => {
      const id = await makeProduct(api, { material: 'wool' });
      const data = { type: 'product', name: 'Renamed', price: [{ amount: 5, currency: 'EUR' }], material: null };
      const { status, body } = await api.admin('PUT', `/v2/products/${id}`, { data });
      assert.equal(status, 200);
      assert.equal(body.data.name, 'Renamed');
      assert.equal(body.data.description, 'Made for a test');
      assert.deepEqual(body.data.price, [{ amount: 5, currency: 'EUR', includes_tax: true }]);
      assert.equal(body.data.meta.display_price, undefined);
      assert.equal('material' in body.data, false);
    },
  },
  {
    name: 'all faults of a new product are reported together',
    run: async (api) => {
      const data = { type: 'product', name: '', price: [{ amount: -1, currency: 'usd' }], manage_stock: 'yes' };
      const { status, body } = await api.admin('POST', '/v2/products', { data });
      assert.equal(status, 422);
      const sources = body.errors.map((error: { source: string }) => error.source).sort();
      const missing = ['data.commodity_type', 'data.description', 'data.sku', 'data.slug'];
      const wrong = ['data.manage_stock', 'data.name', 'data.price.0.amount', 'data.price.0.currency'];
      assert.deepEqual(sources, [...missing, ...wrong].sort());
      assert.ok(body.errors.every((error: { status: number; title: string }) => error.title === 'Failed Validation'));
      assert.ok(body.errors.some((error: { detail: string }) => error.detail === 'The data.sku field is required.'));
    },
  },
  {
    name: 'slug and SKU are unique, and a failed write leaves nothing behind',
    run: async (api) => {
      const id = await makeProduct(api);
      const { data: taken } = (await api.admin('GET', `/v2/products/${id}`)).body;
      const data = { ...taken, id: undefined, slug: `another-${api.tag}`, relationships: undefined };
      const { status, body } = await api.admin('POST', '/v2/products', { data });
      assert.equal(status, 422);
      assert.equal(body.errors[0].source, 'data.sku');
      assert.deepEqual((await api.admin('GET', `/v2/products?filter=eq(slug,another-${api.tag})`)).body.data, []);
      const wrong = await api.admin('PUT', `/v2/products/${id}`, { data: { name: 'New', weight: 'heavy' } });
      assert.equal(wrong.status, 422);
      assert.equal((await api.admin('GET', `/v2/products/${id}`)).body.data.name, taken.name);
    },
  },
  {
    name: 'shoppers do not see a draft',
    run: async (api) => {
      const id = await makeProduct(api, { status: 'draft' });
      const { status, body } = await api.shopper('GET', `/v2/products/${id}`);
      assert.equal(status, 404);
      assert.equal(body.errors[0].title, 'Product not found');
      assert.equal((await api.shopper('GET', `/v2/products?filter=eq(id,${id})`)).body.meta.results.total, 0);
      assert.equal((await api.admin('GET', `/v2/products?filter=eq(id,${id})`)).body.meta.results.total, 1);
    },
  },
  {
    name: 'lists page, filter and sort',
    run: async (api) => {
      const tag = randomUUID();
      const names = ['b', 'a', 'c'];
      for (const name of names) await makeProduct(api, { name: `${tag} ${name}`, stock: 3 });
      const filter = `like(name,${tag.toUpperCase()}*):eq(status,live):gt(stock,2)`;
      const first = await api.shopper('GET', `/v2/products?sort=-name&page[limit]=2&filter=${filter}`);
      assert.deepEqual(
        first.body.data.map((product: { name: string }) => product.name.at(-1)),
        ['c', 'b'],
      );
      assert.deepEqual(first.body.meta, { page: { limit: 2, offset: 0, current: 1, total: 2 }, results: { total: 3 } });
      const next = await api.shopper('GET', first.body.links.next.slice(new URL(first.body.links.next).origin.length));
      assert.equal(next.body.data[0].name, `${tag} a`);
      const encoded = await api.shopper('GET', `/v2/products?page%5Blimit%5D=1&filter=${encodeURIComponent(filter)}`);
      assert.equal(encoded.body.meta.results.total, 3);
      // In insertion order.
      assert.equal(encoded.body.data[0].name, `${tag} b`);
    },
  },
  {
    name: 'sorting ignores the case of text',
    run: async (api) => {
      const tag = randomUUID();
      for (const name of ['banana', 'Apple', 'Cherry', 'apple pie'])
        await makeProduct(api, { name, material: tag, sku: `${tag}${name}` });
      const { body } = await api.shopper('GET', `/v2/products?sort=name&filter=like(sku,${tag}*)`);
      assert.deepEqual(
        body.data.map((product: { name: string }) => product.name),
        ['Apple', 'apple pie', 'banana', 'Cherry'],
      );
    },
  },
  {
    name: 'an invalid filter or sort is 400',
    run: async (api) => {
      for (const query of [
        'filter=eq(name',
        'filter=eq(price,1)',
        'sort=price',
        'page[limit]=0',
        'filter=eq(name,%00)',
      ]) {
        const { status, body } = await api.shopper('GET', `/v2/products?${query}`);
        assert.equal(status, 400, query);
        assert.equal(body.errors[0].status, 400);
      }
    },
  },
  {
    name: 'a malformed id or an unknown product is 404 with every method',
    run: async (api) => {
      for (const id of ['nonsense', randomUUID(), "'%20or%201=1"]) {
        assert.equal((await api.admin('GET', `/v2/products/${id}`)).status, 404);
        assert.equal((await api.admin('PUT', `/v2/products/${id}`, { data: { name: 'x' } })).status, 404);
        assert.equal((await api.admin('DELETE', `/v2/products/${id}`)).status, 404);
        assert.equal(
          (await api.admin('POST', `/v2/products/${id}/relationships/categories`, { data: [] })).status,
          404,
        );
      }
    },
  },
  {
    name: 'shoppers cannot change the catalog',
    run: async (api) => {
      const id = await makeProduct(api);
      assert.equal((await api.shopper('DELETE', `/v2/products/${id}`)).status, 403);
      assert.equal((await api.admin('DELETE', `/v2/products/${id}`)).status, 204);
      assert.equal((await api.admin('GET', `/v2/products/${id}`)).status, 404);
    },
  },
  {
    name: 'relationships of products are added, replaced, removed and included',
    run: async (api) => {
      const [one, two, draft] = [
        await makeCategory(api, 'one'),
        await makeCategory(api, 'two'),
        await makeCategory(api, 'three', { status: 'draft' }),
      ];
      const id = await makeProduct(api);
      const url = `/v2/products/${id}/relationships/categories`;
      const links = (...ids: (string | undefined)[]) => ({ data: ids.map((each) => ({ type: 'category', id: each })) });
      const first = await api.admin('POST', url, links(one));
      assert.deepEqual([first.status, first.body], [200, links(one)]);
      assert.deepEqual((await api.admin('POST', url, links(one, two, draft))).body, links(one, two, draft));

      const seen = await api.shopper('GET', `/v2/products/${id}?include=categories, brands`);
      assert.deepEqual(seen.body.data.relationships.categories, links(one, two));
      assert.deepEqual(
        seen.body.included.categories.map((category: { id: string }) => category.id),
        [one, two],
      );
      const ofCategory = await api.shopper('GET', `/v2/products?filter=eq(category.id,${two})&include=main_image`);
      assert.equal(ofCategory.body.data[0].id, id);
      const ofDraft = `/v2/products?filter=eq(category.id,${draft})`;
      assert.equal((await api.admin('GET', ofDraft)).body.meta.results.total, 1);
      assert.equal((await api.shopper('GET', ofDraft)).body.meta.results.total, 0);
      assert.equal('included' in ofCategory.body, false);
      const category = await api.shopper('GET', `/v2/categories/${one}?include=products`);
      assert.equal(category.body.included.products[0].id, id);
      assert.deepEqual(category.body.data.relationships.products, { data: [{ type: 'product', id }] });

      assert.equal((await api.admin('DELETE', url, links(one))).status, 204);
      assert.deepEqual((await api.admin('PUT', url, links(two))).body, links(two));
      assert.deepEqual((await api.admin('PUT', url, { data: [] })).body, { data: [] });
    },
  },
  {
    name: 'relationships of products link nothing when a target is unknown (404) or not an id (422)',
    run: async (api) => {
      const id = await makeProduct(api);
      const known = await makeCategory(api, 'known');
      const url = `/v2/products/${id}/relationships/categories`;
      const unknown = await api.admin('POST', url, { data: [{ id: known }, { id: randomUUID() }] });
      assert.equal(unknown.status, 404);
      assert.equal((await api.admin('POST', url, { data: [{ id: 'nonsense' }] })).status, 422);
      assert.equal((await api.admin('POST', url, { data: ['nonsense'] })).status, 400);
      assert.deepEqual((await api.admin('GET', `/v2/products/${id}`)).body.data.relationships, {});
    },
  },
  {
    name: 'the tree of categories nests live children under their parents',
    run: async (api) => {
      const [root, child, leaf, draft] = [
        await makeCategory(api, 'root'),
        await makeCategory(api, 'child'),
        await makeCategory(api, 'leaf'),
        await makeCategory(api, 'draft', { status: 'draft' }),
      ];
      const children = (...ids: (string | undefined)[]) => ({ data: ids.map((id) => ({ type: 'category', id })) });
      assert.equal(
        (await api.admin('POST', `/v2/categories/${root}/relationships/children`, children(child))).status,
        200,
      );
      const parent = { data: { type: 'category', id: child } };
      assert.equal((await api.admin('POST', `/v2/categories/${leaf}/relationships/parent`, parent)).status, 204);
      assert.equal((await api.admin('PUT', `/v2/categories/${draft}/relationships/parent`, parent)).status, 200);

      const { body } = await api.shopper('GET', '/v2/categories/tree');
      const top = body.data.find((node: { id: string }) => node.id === root);
      assert.equal(top.children[0].id, child);
      assert.deepEqual(
        top.children[0].children.map((node: { id: string }) => node.id),
        [leaf],
      );
      assert.equal('children' in top.children[0].children[0], false);
      assert.ok(!body.data.some((node: { id: string }) => node.id === child));

      const seen = (await api.shopper('GET', `/v2/categories/${child}`)).body.data.relationships;
      assert.deepEqual(seen, { parent: { data: { type: 'category', id: root } }, children: children(leaf) });

      const circle = await api.admin('PUT', `/v2/categories/${root}/relationships/parent`, {
        data: { type: 'category', id: leaf },
      });
      assert.equal(circle.status, 422);
      assert.equal((await api.admin('DELETE', `/v2/categories/${leaf}/relationships/parent`)).status, 204);
      const after = (await api.admin('GET', '/v2/categories/tree')).body.data;
      assert.ok(after.some((node: { id: string }) => node.id === leaf));
    },
  },
  {
    name: 'links of a product by position: in the order in which they were added',
    run: async (api) => {
      const made: string[] = [];
      for (const name of ['p1', 'p2', 'p3', 'p4']) made.push(await makeCategory(api, name));
      const id = await makeProduct(api);
      const url = `/v2/products/${id}/relationships/categories`;
      const links = (...list: (string | undefined)[]) => ({
        data: list.map((each) => ({ type: 'category', id: each })),
      });
      const [one, two, three, four] = made;
      await api.admin('POST', url, links(three, one));
      await api.admin('POST', url, links(two, one));
      assert.deepEqual((await api.admin('POST', url, links(four))).body, links(three, one, two, four));
      await api.admin('DELETE', url, links(one));
      assert.deepEqual((await api.admin('POST', url, links(one))).body, links(three, two, four, one));
      assert.deepEqual((await api.admin('PUT', url, links(two, one))).body, links(two, one));
    },
  },
  ...translationCases,
];
