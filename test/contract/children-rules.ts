import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { makeProduct } from './goods.ts';
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

/** A base with one child, and a check that a build with other variations is refused. */
async function ruledBase(api: Api) {
  const { tag } = api;
  const size = await makeChoice(api, 'Size', ['S']);
  const base = await makeProduct(api, { slug: `ruled-${tag}`, sku: `RULED-${tag}` });
  await attach(api, base, size.variation);
  const [child] = (await built(api, base)) as [Child];
  const refused = async (variations: string[], detail: RegExp) => {
    await attach(api, base, ...variations);
    const { status, body } = await api.admin('POST', `/v2/products/${base}/build`);
    assert.equal(status, 422, JSON.stringify(body));
    assert.match(JSON.stringify(body), detail);
    const { children } = (await productOf(api, base)).relationships;
    assert.deepEqual(children.data, [{ type: 'product', id: child.id }], 'the children are as they were');
  };
  return { base, child, refused };
}

export const buildRuleCases: Case[] = [
  {
    name: 'variations of a product must exist, and are at most ten',
    run: async (api) => {
      const id = await makeProduct(api);
      const unknown = await attach(api, id, randomUUID());
      assert.deepEqual([unknown.status, unknown.body.errors[0].title], [404, 'Variation not found']);
      assert.equal((await attach(api, id, 'nonsense')).status, 422);
      assert.equal((await attach(api, randomUUID())).status, 404);
      const many: string[] = [];
      for (let index = 0; index < 11; index += 1) many.push(await makeVariation(api, `V${index}`));
      assert.equal((await attach(api, id, ...many)).status, 422);
      assert.deepEqual((await productOf(api, id)).relationships, {});
      const url = `/v2/products/${id}/relationships/variations`;
      assert.equal((await api.shopper('POST', url, variationLinks(many[0] ?? ''))).status, 403);
      assert.equal((await api.shopper('POST', `/v2/products/${id}/build`)).status, 403);
    },
  },
  {
    name: 'a build needs options, and a modifier of SKU and slug in each of them',
    run: async (api) => {
      const { refused } = await ruledBase(api);
      await refused([await makeVariation(api, 'Empty')], /The variation Empty has no options/);
      const bare = await makeVariation(api, 'Bare');
      const option = await makeOption(api, bare, 'B');
      await refused([bare], /The option B of Bare needs a modifier of the sku/);
      await makeModifier(api, bare, option, 'sku_append', '-B');
      await refused([bare], /needs a modifier of the slug/);
      await makeModifier(api, bare, option, 'slug_builder', { seek: 'no such', set: 'x' });
      await refused([bare], /Two products would have the slug ruled/);
    },
  },
  {
    name: 'a build makes no negative price, no long SKU, no taken SKU, and at most 250 children',
    run: async (api) => {
      const { tag } = api;
      const { refused } = await ruledBase(api);
      const cheap = await makeChoice(api, 'Cheap', ['cheap']);
      const { cheap: option = '' } = cheap.options;
      const lower = [{ amount: 1001, currency: 'USD' }];
      const discount = await makeModifier(api, cheap.variation, option, 'price_decrement', lower);
      await refused([cheap.variation], /The price of RULED-[0-9a-f-]+-cheap in USD would be -1/);
      const path = `/v2/variations/${cheap.variation}/options/${option}/modifiers/${discount}`;
      await api.admin('PUT', path, { data: { modifier_type: 'sku_append', value: 'x'.repeat(250) } });
      await refused([cheap.variation], /sku would be longer than 255/);
      const numbers = Array.from({ length: 16 }, (_, index) => `${index}`);
      const [rows, columns] = [await makeChoice(api, 'Rows', numbers), await makeChoice(api, 'Columns', numbers)];
      await refused([rows.variation, columns.variation], /at most 250 children, and these would be 256/);
      await makeProduct(api, { sku: `RULED-${tag}-0` });
      await refused([rows.variation], /data\.sku field is already taken/);
    },
  },
  {
    name: 'a build of a child, of an unknown product or in no language is refused',
    run: async (api) => {
      const { admin } = api;
      const { base, child } = await ruledBase(api);
      const build = (id: string, headers = {}) => admin('POST', `/v2/products/${id}/build`, undefined, headers);
      assert.equal((await build(child.id)).status, 422);
      assert.equal((await attach(api, child.id, await makeVariation(api, 'V'))).status, 422);
      assert.equal((await build(base, { 'x-moltin-language': 'no language' })).status, 400);
      assert.equal((await build(randomUUID())).status, 404);
      assert.equal((await build('nonsense')).status, 404);
      assert.equal((await admin('POST', `/v2/products/${base}/build/`)).status, 200, 'with a trailing slash');
    },
  },
  {
    name: 'modifiers change what they name: equals, append, prepend, builders and prices',
    run: async (api) => {
      const { tag } = api;
      const variation = await makeVariation(api, 'All');
      const option = await makeOption(api, variation, 'O');
      const set = (type: string, value: unknown) => makeModifier(api, variation, option, type, value);
      await set('name_prepend', 'Big ');
      await set('description_equals', 'Another text');
      await set('slug_builder', { seek: 'SIZE', set: 'big' });
      await set('sku_builder', { seek: '{SIZE}', set: 'B' });
      await set('price_equals', [
        { amount: 300, currency: 'USD', includes_tax: false },
        { amount: 4, currency: 'GBP' },
      ]);
      await set('commoditytype', 'digital');
      const texts = { name: 'Hat', slug: `hat-${tag}-{SIZE}`, sku: `HAT-${tag}-{SIZE}` };
      const base = await makeProduct(api, texts);
      await attach(api, base, variation);
      const [child] = (await built(api, base)) as [Child];
      assert.deepEqual([child.name, child.slug, child.sku], ['Big Hat', `hat-${tag}-big`, `HAT-${tag}-B`]);
      const { description, commodity_type, price } = await productOf(api, child.id);
      assert.deepEqual([description, commodity_type], ['Another text', 'digital']);
      const changed = { amount: 300, currency: 'USD', includes_tax: false };
      assert.deepEqual(price, [changed], 'only currencies that the base has');
    },
  },
  {
    name: 'a build may swap the slugs and SKUs of two children',
    run: async (api) => {
      const { admin, tag } = api;
      const choice = await makeVariation(api, 'Side');
      const modifiers: Record<string, string[]> = {};
      for (const side of ['left', 'right']) {
        const option = await makeOption(api, choice, side);
        const paths = [];
        for (const member of ['slug', 'sku']) {
          const id = await makeModifier(api, choice, option, `${member}_append`, `-${side}`);
          paths.push(`${option}/modifiers/${id}`);
        }
        modifiers[side] = paths;
      }
      const base = await makeProduct(api, { slug: `glove-${tag}`, sku: `GL-${tag}` });
      await attach(api, base, choice);
      const before = await built(api, base);
      const others = { left: 'right', right: 'left' };
      for (const [side, other] of Object.entries(others)) {
        for (const path of modifiers[side] ?? []) {
          const { status } = await admin('PUT', `/v2/variations/${choice}/options/${path}`, {
            data: { value: `-${other}` },
          });
          assert.equal(status, 200);
        }
      }
      assert.deepEqual(
        (await built(api, base)).map(({ id, slug }) => [id, slug]),
        [
          [before[0]?.id, `glove-${tag}-right`],
          [before[1]?.id, `glove-${tag}-left`],
        ],
      );
    },
  },
];
