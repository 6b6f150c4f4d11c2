import assert from 'node:assert/strict';
import type { Case } from './api.ts';
import { makeBrand, makeProduct } from './goods.ts';

/** Relationships and includes of products, which have another owner. */
export const brandProductCases: Case[] = [
  {
    name: 'a brand shows its products, and includes them',
    run: async (api) => {
      const { admin, shopper } = api;
      const brand = await makeBrand(api);
      const other = await makeBrand(api);
      const [one, two] = [await makeProduct(api), await makeProduct(api)];
      const draft = await makeProduct(api, { status: 'draft' });
      // Linked in another order than the products have.
      for (const product of [draft, two, one]) {
        const data = [{ type: 'brand', id: brand }];
        assert.equal((await admin('POST', `/v2/products/${product}/relationships/brands`, { data })).status, 200);
      }
      const links = (...list: string[]) => ({ data: list.map((id) => ({ type: 'product', id })) });
      const path = `/v2/brands/${brand}`;
      assert.deepEqual((await shopper('GET', path)).body.data.relationships, { products: links(one, two) });
      assert.deepEqual((await admin('GET', path)).body.data.relationships, { products: links(one, two, draft) });
      assert.equal('included' in (await shopper('GET', path)).body, false);
      const included = (await shopper('GET', `${path}?include=products, brands`)).body.included;
      assert.deepEqual(
        included.products.map(({ id }: { id: string }) => id),
        [one, two],
      );
      assert.equal(included.products[0].meta.display_price.with_tax.formatted, '$10.00');
      const both = await admin('GET', `/v2/brands?include=Products&filter=in(id,${brand},${other})`);
      assert.deepEqual(both.body.data[1].relationships, {});
      assert.equal(both.body.included.products.length, 3);
      const changed = await admin('PUT', `${path}?include=products`, { data: { description: 'With products' } });
      assert.equal(changed.body.included.products.length, 3);
      assert.equal((await admin('DELETE', `/v2/products/${one}`)).status, 204);
      assert.deepEqual((await shopper('GET', path)).body.data.relationships, { products: links(two) });
      assert.equal((await admin('DELETE', path)).status, 204);
      assert.equal((await admin('GET', `/v2/products/${two}`)).body.data.relationships.brands, undefined);
    },
  },
  {
    name: 'included products are those that are shown, children of a product too, more than a page holds',
    run: async (api) => {
      const { admin, shopper, tag } = api;
      const make = async (path: string, data: object): Promise<string> =>
        (await admin('POST', path, { data })).body.data.id;
      const variation = await make('/v2/variations', { type: 'product-variation', name: `Size ${tag}` });
      for (const option of ['S', 'M']) {
        const path = `/v2/variations/${variation}/options`;
        const id = await make(path, { type: 'option', name: option, description: option });
        const modifiers = `${path}/${id}/modifiers`;
        for (const modifier_type of ['slug_append', 'sku_append']) {
          await make(modifiers, { type: 'modifier', modifier_type, value: option });
        }
      }
      const brand = await makeBrand(api);
      const product = await makeProduct(api);
      const link = { data: [{ type: 'brand', id: brand }] };
      await admin('POST', `/v2/products/${product}/relationships/brands`, link);
      const variations = { data: [{ type: 'product-variation', id: variation }] };
      await admin('PUT', `/v2/products/${product}/relationships/variations`, variations);
      assert.equal((await admin('POST', `/v2/products/${product}/build`)).status, 200);
      for (let n = 0; n < 100; n += 1) {
        const other = await makeProduct(api);
        await admin('POST', `/v2/products/${other}/relationships/brands`, link);
      }
      const setting = (list_child_products: boolean) =>
        admin('PUT', '/v2/settings', { data: { type: 'settings', list_child_products } });
      await setting(false);
      const { body } = await shopper('GET', `/v2/brands/${brand}?include=products`);
      await setting(true);
      const linked = body.data.relationships.products.data.map(({ id }: { id: string }) => id);
      assert.equal(linked.length, 103);
      assert.deepEqual(
        body.included.products.map(({ id }: { id: string }) => id),
        linked,
      );
    },
  },
  {
    name: 'included products are in the language and the currency of the request',
    run: async (api) => {
      const { admin, shopper } = api;
      const brand = await makeBrand(api);
      const product = await makeProduct(api, { name: 'Chair' });
      const data = [{ type: 'brand', id: brand }];
      await admin('POST', `/v2/products/${product}/relationships/brands`, { data });
      const french = { 'x-moltin-language': 'fr' };
      await admin('PUT', `/v2/products/${product}`, { data: { type: 'product', name: 'Chaise' } }, french);
      const read = (headers: Record<string, string>) =>
        shopper('GET', `/v2/brands/${brand}?include=products`, undefined, headers);
      assert.equal((await read(french)).body.included.products[0].name, 'Chaise');
      assert.equal((await read({})).body.included.products[0].name, 'Chair');
      assert.equal((await read({ 'x-moltin-language': 'french' })).status, 400);
    },
  },
];
