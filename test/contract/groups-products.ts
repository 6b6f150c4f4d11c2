import assert from 'node:assert/strict';
import type { Case, Reply } from './api.ts';
import { ids, makeProduct } from './goods.ts';
import { brands, type Group, makeGroup } from './groups-goods.ts';

/** Relationships and includes of products, which have another owner. The case of many products takes long: brands stand for all. */
export function groupProductCases(group: Group): Case[] {
  const { plural, type } = group;
  const base = `/v2/${plural}`;
  return [
    {
      name: `a ${type} shows its products, and includes them`,
      run: async (api) => {
        const { admin, shopper } = api;
        const own = await makeGroup(api, group);
        const other = await makeGroup(api, group);
        const [one, two] = [await makeProduct(api), await makeProduct(api)];
        const draft = await makeProduct(api, { status: 'draft' });
        // Linked in another order than the products have.
        for (const product of [draft, two, one]) {
          const data = [{ type, id: own }];
          assert.equal((await admin('POST', `/v2/products/${product}/relationships/${plural}`, { data })).status, 200);
        }
        const links = (...list: string[]) => ({ data: list.map((id) => ({ type: 'product', id })) });
        const path = `${base}/${own}`;
        assert.deepEqual((await shopper('GET', path)).body.data.relationships, { products: links(one, two) });
        assert.deepEqual((await admin('GET', path)).body.data.relationships, { products: links(one, two, draft) });
        assert.equal('included' in (await shopper('GET', path)).body, false);
        const included = (await shopper('GET', `${path}?include=products, ${plural}`)).body.included;
        assert.deepEqual(
          included.products.map(({ id }: { id: string }) => id),
          [one, two],
        );
        assert.equal(included.products[0].meta.display_price.with_tax.formatted, '$10.00');
        const both = await admin('GET', `${base}?include=Products&filter=in(id,${own},${other})`);
        assert.deepEqual(both.body.data[1].relationships, {});
        assert.equal(both.body.included.products.length, 3);
        const changed = await admin('PUT', `${path}?include=products`, { data: { description: 'With products' } });
        assert.equal(changed.body.included.products.length, 3);
        assert.equal((await admin('DELETE', `/v2/products/${one}`)).status, 204);
        assert.deepEqual((await shopper('GET', path)).body.data.relationships, { products: links(two) });
        assert.equal((await admin('DELETE', path)).status, 204);
        assert.equal((await admin('GET', `/v2/products/${two}`)).body.data.relationships[plural], undefined);
      },
    },
    ...(group === brands ? [manyProducts(group)] : []),
    {
      name: 'included products are in the language and the currency of the request',
      run: async (api) => {
        const { admin, shopper } = api;
        const own = await makeGroup(api, group);
        const product = await makeProduct(api, { name: 'Chair' });
        const data = [{ type, id: own }];
        await admin('POST', `/v2/products/${product}/relationships/${plural}`, { data });
        const french = { 'x-moltin-language': 'fr' };
        await admin('PUT', `/v2/products/${product}`, { data: { type: 'product', name: 'Chaise' } }, french);
        const read = (headers: Record<string, string>) =>
          shopper('GET', `${base}/${own}?include=products`, undefined, headers);
        assert.equal((await read(french)).body.included.products[0].name, 'Chaise');
        assert.equal((await read({})).body.included.products[0].name, 'Chair');
        assert.equal((await read({ 'x-moltin-language': 'french' })).status, 400);
      },
    },
    {
      name: `${plural}: they show and include their products, and products show and include them`,
      run: async (api) => {
        const { admin, shopper } = api;
        const [own, draft] = [await makeGroup(api, group), await makeGroup(api, group, { status: 'draft' })];
        const [product, hidden] = [await makeProduct(api), await makeProduct(api, { status: 'draft' })];
        const links = (...all: string[]) => ({ data: all.map((id) => ({ type, id })) });
        for (const id of [product, hidden]) {
          const { body } = await admin('POST', `/v2/products/${id}/relationships/${plural}`, links(own, draft));
          assert.deepEqual(body, links(own, draft));
        }
        const seen = (await shopper('GET', `${base}/${own}?include=products`)).body;
        assert.deepEqual(seen.data.relationships, { products: { data: [{ type: 'product', id: product }] } });
        assert.deepEqual(ids({ body: { data: seen.included.products } } as Reply), [product]);
        const listed = (await admin('GET', `${base}?filter=eq(id,${own})&include=products`)).body;
        assert.deepEqual(ids({ body: { data: listed.included.products } } as Reply), [product, hidden]);
        const one = (await shopper('GET', `/v2/products/${product}?include=${plural}`)).body;
        assert.deepEqual(one.data.relationships[plural], links(own));
        assert.deepEqual(ids({ body: { data: one.included[plural] } } as Reply), [own]);
        const filtered = await shopper('GET', `/v2/products?filter=eq(${type}.id,${own})`);
        assert.deepEqual(ids(filtered), [product]);
        const url = `/v2/products/${product}/relationships/${plural}`;
        assert.deepEqual((await admin('PUT', url, links(draft))).body, links(draft));
        assert.equal((await admin('DELETE', url, links(draft))).status, 204);
        assert.equal('included' in (await shopper('GET', `/v2/products/${product}?include=${plural}`)).body, false);
        await admin('POST', url, links(own));
        assert.equal((await admin('DELETE', `${base}/${own}`)).status, 204);
        assert.deepEqual((await admin('GET', `/v2/products/${product}`)).body.data.relationships, {});
      },
    },
  ];
}

function manyProducts(group: Group): Case {
  const { plural, type } = group;
  const base = `/v2/${plural}`;
  return {
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
      const own = await makeGroup(api, group);
      const product = await makeProduct(api);
      const link = { data: [{ type, id: own }] };
      await admin('POST', `/v2/products/${product}/relationships/${plural}`, link);
      const variations = { data: [{ type: 'product-variation', id: variation }] };
      await admin('PUT', `/v2/products/${product}/relationships/variations`, variations);
      assert.equal((await admin('POST', `/v2/products/${product}/build`)).status, 200);
      for (let n = 0; n < 100; n += 1) {
        const other = await makeProduct(api);
        await admin('POST', `/v2/products/${other}/relationships/${plural}`, link);
      }
      const setting = (list_child_products: boolean) =>
        admin('PUT', '/v2/settings', { data: { type: 'settings', list_child_products } });
      await setting(false);
      const { body } = await shopper('GET', `${base}/${own}?include=products`);
      await setting(true);
      const linked = body.data.relationships.products.data.map(({ id }: { id: string }) => id);
      assert.equal(linked.length, 103);
      assert.deepEqual(
        body.included.products.map(({ id }: { id: string }) => id),
        linked,
      );
    },
  };
}
