import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Case } from './api.ts';
import { buildRuleCases } from './children-rules.ts';
import { makeBrand, makeProduct } from './goods.ts';
import { plainPng, upload } from './uploads.ts';
import {
  attach,
  built,
  type Child,
  makeChoice,
  makeModifier,
  makeOption,
  makeVariation,
  productOf,
  variationLinks,
} from './variants.ts';

const asProduct = (id: string) => ({ type: 'product', id });

export const childCases: Case[] = [
  {
    name: 'variations of a product are attached under both of their names, in an order',
    run: async (api) => {
      const { admin, shopper } = api;
      const size = await makeChoice(api, 'Size', ['S']);
      const [color, third] = [await makeVariation(api, 'Color'), await makeVariation(api, 'Cut')];
      const id = await makeProduct(api);
      const url = `/v2/products/${id}/relationships`;
      const first = await admin('POST', `${url}/product-variations`, variationLinks(color));
      assert.deepEqual([first.status, first.body], [200, variationLinks(color)]);
      for (const [n, type] of ['variation', 'product_variation'].entries()) {
        const link = { data: [{ type, id: size.variation }] };
        const both = variationLinks(color, size.variation);
        assert.deepEqual((await admin('POST', `${url}/variations`, link)).body, both, `alias ${n}`);
      }
      const three = variationLinks(third, size.variation, color);
      assert.deepEqual((await admin('PUT', `${url}/variations`, three)).body, three);
      assert.equal((await admin('DELETE', `${url}/product-variations`, variationLinks(third))).status, 204);
      const again = variationLinks(size.variation, color);
      assert.deepEqual((await admin('PUT', `${url}/product-variations`, again)).body, again);
      assert.equal((await admin('DELETE', `${url}/variations`, variationLinks(third))).status, 204);
      const shown = (await shopper('GET', `/v2/products/${id}`)).body.data;
      assert.deepEqual(shown.relationships.variations, again);
      assert.deepEqual(shown.meta.variations, [
        { id: size.variation, name: 'Size', options: [{ id: size.options.S, name: 'S', description: '' }] },
        { id: color, name: 'Color', options: [] },
      ]);
      assert.deepEqual(shown.meta.variation_matrix, []);
      const list = (await shopper('GET', `/v2/products?filter=eq(id,${id})&include=variations`)).body;
      assert.deepEqual(list.data[0].meta.variations, shown.meta.variations);
      assert.equal('variation_matrix' in list.data[0].meta, false, 'only a product alone has its matrix');
      assert.deepEqual(
        list.included.variations.map((each: { id: string }) => each.id),
        [size.variation, color],
      );
      await admin('DELETE', `/v2/variations/${color}`);
      assert.deepEqual((await productOf(api, id)).relationships.variations, variationLinks(size.variation));
      assert.deepEqual((await admin('PUT', `${url}/variations`, { data: [] })).body, { data: [] });
      assert.deepEqual((await productOf(api, id)).relationships, {});
    },
  },
  {
    name: 'a build makes a child for each combination, with a matrix, and what the base has',
    run: async (api) => {
      const { admin, shopper, tag } = api;
      const color = await makeChoice(api, 'Color', ['red', 'blue']);
      const size = await makeChoice(api, 'Size', ['S', 'L']);
      const { S = '', L = '' } = size.options;
      await makeModifier(api, size.variation, L, 'price_increment', [{ amount: 250, currency: 'USD' }]);
      const stocked = { manage_stock: true, stock: 5, material: 'linen' };
      const base = await makeProduct(api, { name: 'Shirt', slug: `shirt-${tag}`, sku: `SH-${tag}`, ...stocked });
      const brand = await makeBrand(api);
      await admin('POST', `/v2/products/${base}/relationships/brands`, { data: [{ type: 'brand', id: brand }] });
      const image = await upload(api, plainPng(2, 2), 'shirt.png');
      await admin('POST', `/v2/products/${base}/relationships/main-image`, { data: { type: 'main_image', id: image } });
      await attach(api, base, color.variation, size.variation);
      const children = await built(api, base);
      const endings = ['red-S', 'red-L', 'blue-S', 'blue-L'];
      assert.deepEqual(
        children.map(({ name, slug, sku }) => [name, slug, sku]),
        endings.map((end) => [`Shirt-${end}`, `shirt-${tag}-${end}`, `SH-${tag}-${end}`]),
      );
      const [redS = '', redL = '', blueS = '', blueL = ''] = children.map(({ id }) => id);
      const parent = (await shopper('GET', `/v2/products/${base}`)).body.data;
      const { red = '', blue = '' } = color.options;
      assert.deepEqual(parent.meta.variation_matrix, {
        [red]: { [S]: redS, [L]: redL },
        [blue]: { [S]: blueS, [L]: blueL },
      });
      assert.deepEqual(parent.relationships.children, { data: [redS, redL, blueS, blueL].map(asProduct) });

      const child = (await shopper('GET', `/v2/products/${redL}`)).body.data;
      assert.deepEqual(child.relationships, {
        main_image: { data: { type: 'main_image', id: image } },
        brands: { data: [{ type: 'brand', id: brand }] },
        parent: { data: asProduct(base) },
      });
      assert.deepEqual(child.price, [{ amount: 1250, currency: 'USD', includes_tax: true }]);
      assert.deepEqual([child.material, child.manage_stock, child.status], ['linen', true, 'live']);
      assert.deepEqual(child.meta.stock, { level: 0, availability: 'out-stock' }, 'each child has stock of its own');
      assert.deepEqual(child.meta.variation_matrix, []);
    },
  },
  {
    name: 'a build that is repeated keeps ids, stock and links, and deletes what is not combined any more',
    run: async (api) => {
      const { admin } = api;
      const size = await makeChoice(api, 'Size', ['S', 'M']);
      const base = await makeProduct(api, { stock: 1 });
      await attach(api, base, size.variation);
      const [small, medium] = (await built(api, base)) as [Child, Child];
      const increment = { type: 'stock-transaction', action: 'increment', quantity: 4 };
      await admin('POST', `/v2/inventories/${small.id}/transactions`, { data: increment });
      const before = await productOf(api, small.id);
      assert.deepEqual(
        (await built(api, base)).map(({ id }) => id),
        [small.id, medium.id],
      );
      assert.deepEqual(await productOf(api, small.id), before);

      const large = await makeOption(api, size.variation, 'L');
      for (const member of ['slug', 'sku']) await makeModifier(api, size.variation, large, `${member}_append`, '-L');
      await admin('DELETE', `/v2/variations/${size.variation}/options/${size.options.M}`);
      const change = { type: 'product', name: 'Renamed', price: [{ amount: 7, currency: 'USD' }] };
      await admin('PUT', `/v2/products/${base}`, { data: change });
      assert.equal(Object.keys((await productOf(api, base)).meta.variation_matrix).length, 2, 'as it was built');
      const after = await built(api, base);
      assert.deepEqual(
        after.map(({ name }) => name),
        ['Renamed-S', 'Renamed'],
      );
      assert.equal(after[0]?.id, small.id);
      const kept = await productOf(api, small.id);
      assert.deepEqual([kept.price[0].amount, kept.meta.stock.level], [7, 4]);
      assert.equal((await admin('GET', `/v2/products/${medium.id}`)).status, 404);
    },
  },
  {
    name: 'a build without variations deletes the children, and so does deleting the base',
    run: async (api) => {
      const size = await makeChoice(api, 'Size', ['S']);
      const base = await makeProduct(api);
      await attach(api, base, size.variation);
      const [first] = await built(api, base);
      await attach(api, base);
      assert.deepEqual(await built(api, base), []);
      assert.equal((await api.admin('GET', `/v2/products/${first?.id}`)).status, 404);
      await attach(api, base, size.variation);
      const [second] = await built(api, base);
      assert.equal((await api.admin('DELETE', `/v2/products/${base}`)).status, 204);
      assert.equal((await api.admin('GET', `/v2/products/${second?.id}`)).status, 404);
    },
  },
  {
    name: 'children go into carts, and shoppers do not see a draft child',
    run: async (api) => {
      const { admin, shopper } = api;
      const choice = await makeChoice(api, 'State', ['shown', 'hidden']);
      const { shown: shownOption = '', hidden: hiddenOption = '' } = choice.options;
      await makeModifier(api, choice.variation, hiddenOption, 'status', 'draft');
      const base = await makeProduct(api);
      await attach(api, base, choice.variation);
      const [shown, hidden] = (await built(api, base)) as [Child, Child];
      const seen = (await shopper('GET', `/v2/products/${base}`)).body.data;
      assert.deepEqual(seen.meta.variation_matrix, { [shownOption]: shown.id });
      assert.deepEqual(seen.relationships.children.data, [asProduct(shown.id)]);
      assert.equal(Object.keys((await productOf(api, base)).meta.variation_matrix).length, 2);
      assert.equal((await shopper('GET', `/v2/products/${hidden.id}`)).status, 404);
      await admin('PUT', `/v2/products/${base}`, { data: { type: 'product', status: 'draft' } });
      assert.deepEqual((await shopper('GET', `/v2/products/${shown.id}`)).body.data.relationships, {});
      const line = { type: 'cart_item', id: shown.id, quantity: 1 };
      const cart = await shopper('POST', `/v2/carts/${randomUUID()}/items`, { data: line });
      assert.deepEqual([cart.status, cart.body.data[0].sku], [201, shown.sku]);
    },
  },
  {
    name: 'a setting leaves children out of lists, unless their ids are asked for',
    run: async (api) => {
      const { admin, shopper, tag } = api;
      const size = await makeChoice(api, 'Size', ['S']);
      const base = await makeProduct(api, { sku: tag });
      await attach(api, base, size.variation);
      const [child] = (await built(api, base)) as [Child];
      const listed = async () => {
        const { body } = await shopper('GET', `/v2/products?filter=like(sku,${tag}*)`);
        return [body.meta.results.total, ...body.data.map(({ id }: Child) => id)];
      };
      assert.deepEqual(await listed(), [2, base, child.id]);
      const setting = (list_child_products: boolean) =>
        admin('PUT', '/v2/settings', { data: { type: 'settings', list_child_products } });
      try {
        assert.equal((await setting(false)).body.data.list_child_products, false);
        assert.deepEqual(await listed(), [1, base]);
        assert.equal((await shopper('GET', `/v2/products/${child.id}`)).status, 200);
        const named = (await shopper('GET', `/v2/products?filter=in(id,${child.id})`)).body.data;
        assert.equal(named[0].id, child.id, 'its id names it');
      } finally {
        await setting(true);
      }
    },
  },
  ...buildRuleCases,
];
