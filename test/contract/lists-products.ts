import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { ids, makeBrand, makeProduct } from './goods.ts';
import { categories, collections, makeGroup } from './groups-goods.ts';

/** Two products that differ in every member. */
async function twoProducts(api: Api): Promise<[one: string, two: string]> {
  const { tag } = api;
  const one = await makeProduct(api, {
    ...{ name: `${tag} Apple`, slug: `${tag}-apple`, sku: `${tag}-A`, description: `Red ${tag}` },
    ...{ status: 'live', commodity_type: 'digital', manage_stock: false, stock: 5 },
  });
  const two = await makeProduct(api, {
    ...{ name: `${tag} Banana`, slug: `${tag}-banana`, sku: `${tag}-B`, description: `Yellow ${tag}` },
    ...{ status: 'draft', commodity_type: 'physical', manage_stock: true, stock: 9 },
  });
  return [one, two];
}

export const productListCases: Case[] = [
  {
    name: 'products are filtered by each field and operator',
    run: async (api) => {
      const { tag } = api;
      const [one, two] = await twoProducts(api);
      const of = `like(slug,${tag}*)`;
      const matching = async (filter: string) => ids(await api.admin('GET', `/v2/products?filter=${filter}:${of}`));
      for (const filter of [
        `eq(name,${tag} Apple)`,
        `like(name,${tag} a*)`,
        `eq(slug,${tag}-apple)`,
        'like(slug,*-apple)',
        `eq(sku,${tag}-A)`,
        'like(sku,*-a)',
        'eq(status,live)',
        'like(status,li*)',
        `like(description,red*)`,
        'eq(commodity_type,digital)',
        'eq(manage_stock,false)',
        'lt(stock,9)',
        `eq(id,${one})`,
        `in(id,${one},${randomUUID()})`,
      ]) {
        assert.deepEqual(await matching(filter), [one], filter);
      }
      assert.deepEqual(await matching('gt(stock,5)'), [two]);
      assert.deepEqual(await matching('like(name,*a*)'), [one, two]);
      assert.deepEqual(await matching('eq(id,nonsense)'), []);
    },
  },
  {
    name: 'products are filtered by brand, category and collection',
    run: async (api) => {
      const [one, two] = await twoProducts(api);
      const groups = [
        ...(await Promise.all(
          [categories, collections].map(async (group) => ({ ...group, id: await makeGroup(api, group) })),
        )),
        { plural: 'brands', type: 'brand', id: await makeBrand(api) },
      ];
      for (const { plural, type, id } of groups) {
        const links = { data: [{ type, id }] };
        await api.admin('PUT', `/v2/products/${two}/relationships/${plural}`, links);
        assert.deepEqual(ids(await api.admin('GET', `/v2/products?filter=eq(${type}.id,${id})`)), [two], type);
        const both = `eq(${type}.id,${id}):eq(id,${one})`;
        assert.deepEqual(ids(await api.admin('GET', `/v2/products?filter=${both}`)), [], type);
        assert.deepEqual(ids(await api.admin('GET', `/v2/products?filter=eq(${type}.id,nonsense)`)), [], type);
        const gone = await api.admin('DELETE', `/v2/products/${two}/relationships/${plural}`, links);
        assert.equal(gone.status, 204, type);
        assert.deepEqual(ids(await api.admin('GET', `/v2/products?filter=eq(${type}.id,${id})`)), [], type);
      }
    },
  },
  {
    name: 'products are sorted by each field, both ways',
    run: async (api) => {
      const { tag } = api;
      const [one, two] = await twoProducts(api);
      const sorted = async (sort: string) =>
        ids(await api.admin('GET', `/v2/products?sort=${sort}&filter=like(slug,${tag}*)`));
      const ascending = {
        ...{ name: [one, two], slug: [one, two], sku: [one, two], description: [one, two] },
        ...{ created_at: [one, two], updated_at: [one, two], commodity_type: [one, two], manage_stock: [one, two] },
        status: [two, one],
      };
      for (const [field, expected] of Object.entries(ascending)) {
        assert.deepEqual(await sorted(field), expected, field);
        assert.deepEqual(await sorted(`-${field}`), expected.toReversed(), field);
      }
      await api.admin('PUT', `/v2/products/${one}`, { data: { type: 'product', name: 'Changed' } });
      assert.deepEqual(await sorted('updated_at'), [two, one]);
      for (const field of ['price', 'id', 'name,sku', '__proto__', '-']) {
        assert.equal((await api.admin('GET', `/v2/products?sort=${field}`)).status, 400, field);
      }
    },
  },
  {
    name: 'included entities are those of the page, each once, by trimmed names of any case, five at most',
    run: async (api) => {
      const { shopper, tag } = api;
      const brand = await makeBrand(api);
      const other = await makeBrand(api);
      const made = [];
      for (const name of ['a', 'b', 'c']) {
        const id = await makeProduct(api, { name: `${tag} ${name}` });
        const link = { type: 'brand', id: name === 'c' ? other : brand };
        await api.admin('POST', `/v2/products/${id}/relationships/brands`, { data: [link] });
        made.push(id);
      }
      const list = (query: string) => shopper('GET', `/v2/products?filter=like(name,${tag}*)&${query}`);
      const page = await list('page[limit]=2&include= Brands , nonsense,');
      assert.deepEqual(Object.keys(page.body.included), ['brands']);
      assert.deepEqual(ids({ ...page, body: { data: page.body.included.brands } }), [brand]);
      const all = await list('include=brands');
      assert.deepEqual(ids({ ...all, body: { data: all.body.included.brands } }), [brand, other]);
      for (const query of ['include=categories', 'include=nonsense', 'include=', 'include=a,b,c,d,e,brands']) {
        const { status, body } = await list(query);
        assert.deepEqual([status, 'included' in body], [200, false], query);
      }
    },
  },
  {
    name: 'products are drafts unless they say otherwise, and their attributes are described',
    run: async (api) => {
      const id = await makeProduct(api, { status: undefined });
      assert.equal((await api.admin('GET', `/v2/products/${id}`)).body.data.status, 'draft');
      const { data, meta } = (await api.shopper('GET', '/v2/products/attributes')).body;
      assert.deepEqual(meta, { entity: 'products', version: 'v2' });
      const named = new Map(data.map((each: { value: string }) => [each.value, each]));
      const required = ['type', 'name', 'slug', 'sku', 'manage_stock', 'description', 'price', 'commodity_type'];
      for (const value of [...required, 'status', 'stock']) {
        assert.equal((named.get(value) as { required: boolean }).required, required.includes(value), value);
      }
      const { options } = named.get('commodity_type') as { options: string[] };
      assert.deepEqual(options, ['physical', 'digital']);
    },
  },
  {
    name: 'prices are shown in the currency of the request: formatted, or not at all',
    run: async (api) => {
      const { admin, shopper } = api;
      const yen = { code: 'JPY', format: '¥{price}', decimal_point: '.', thousand_separator: ',', decimal_places: 0 };
      await admin('POST', '/v2/currencies', { data: { ...yen, exchange_rate: 1, enabled: true } });
      const price = [
        { amount: 123_456_789, currency: 'USD', includes_tax: false },
        { amount: 1_234_567, currency: 'JPY' },
      ];
      const [both, dollars] = [await makeProduct(api, { price }), await makeProduct(api)];
      const shown = async (id: string, currency: string) =>
        (await shopper('GET', `/v2/products/${id}`, undefined, { 'x-moltin-currency': currency })).body.data.meta;
      const usd = { amount: 123_456_789, currency: 'USD', formatted: '$1,234,567.89' };
      assert.deepEqual((await shown(both, 'USD')).display_price, { with_tax: usd, without_tax: usd });
      assert.equal((await shown(both, 'jpy')).display_price.with_tax.formatted, '¥1,234,567');
      assert.equal('display_price' in (await shown(dollars, 'JPY')), false);
      const { data } = (await shopper('GET', `/v2/products/${both}`)).body;
      assert.deepEqual(
        data.price.map((each: { currency: string; includes_tax: boolean }) => [each.currency, each.includes_tax]),
        [
          ['JPY', true],
          ['USD', false],
        ],
      );
      const twice = [price[0], price[0]];
      assert.equal((await admin('PUT', `/v2/products/${both}`, { data: { price: twice } })).status, 422);
    },
  },
];
