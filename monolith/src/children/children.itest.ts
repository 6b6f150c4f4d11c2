import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { plainPng } from '../seed/png.ts';
import { uploadFile } from '../testing/forms.ts';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { makeChoice, makeModifier, makeOption, makeVariation } from '../testing/variants.ts';

let it: TestShop;
let paid: TestShop;
before(async () => {
  it = await openTestShop();
  paid = await openTestShop(['children-one-by-one', 'options-by-queries']);
});
after(async () => {
  await it.close();
  await paid.close();
});

interface Built {
  id: string;
  name: string;
  slug: string;
  sku: string;
}

const links = (...ids: (string | undefined)[]) => ({ data: ids.map((id) => ({ type: 'product-variation', id })) });
const attach = (shop: TestShop, product: string, ...ids: string[]) =>
  shop.admin('PUT', `/v2/products/${product}/relationships/variations`, links(...ids));
const build = (shop: TestShop, product: string) => shop.admin('POST', `/v2/products/${product}/build`);
async function built(shop: TestShop, product: string): Promise<Built[]> {
  const { status, body } = await build(shop, product);
  assert.equal(status, 200, JSON.stringify(body));
  return body.data;
}
const product = async (shop: TestShop, id: string) => (await shop.admin('GET', `/v2/products/${id}`)).body.data;

describe('a build', () => {
  test('makes a child for each combination, the same when debt 28 is paid', async () => {
    for (const shop of [it, paid]) {
      const color = await makeChoice(shop, 'Color', ['red', 'blue']);
      const size = await makeChoice(shop, 'Size', ['S', 'L']);
      await makeModifier(shop, size.variation, size.options.L ?? '', 'price_increment', [
        { amount: 250, currency: 'USD' },
      ]);
      const members = { name: 'Shirt', slug: 'shirt', sku: 'SH', manage_stock: true, stock: 5, material: 'linen' };
      const base = await makeProduct(shop, members);
      const brand = { type: 'brand', name: 'B', slug: randomUUID(), status: 'live' };
      const { id: brandId } = (await shop.admin('POST', '/v2/brands', { data: brand })).body.data;
      await shop.admin('POST', `/v2/products/${base}/relationships/brands`, { data: [{ id: brandId }] });
      const image = await uploadFile(shop, plainPng(2, 2, [1, 2, 3]), 'shirt.png');
      await shop.admin('POST', `/v2/products/${base}/relationships/main-image`, { data: { id: image } });
      await attach(shop, base, color.variation, size.variation);
      const children = await built(shop, base);
      assert.deepEqual(
        children.map(({ name }) => name),
        ['Shirt-red-S', 'Shirt-red-L', 'Shirt-blue-S', 'Shirt-blue-L'],
      );
      assert.deepEqual(
        children.map(({ sku }) => sku),
        ['SH-red-S', 'SH-red-L', 'SH-blue-S', 'SH-blue-L'],
      );
      const [redS = '', redL = '', blueS = '', blueL = ''] = children.map(({ id }) => id);

      const parent = (await shop.shopper('GET', `/v2/products/${base}`)).body.data;
      const { red = '', blue = '' } = color.options;
      const { S = '', L = '' } = size.options;
      assert.deepEqual(parent.meta.variation_matrix, {
        [red]: { [S]: redS, [L]: redL },
        [blue]: { [S]: blueS, [L]: blueL },
      });
      const asProduct = (id: string) => ({ type: 'product', id });
      assert.deepEqual(parent.relationships.children, { data: [redS, redL, blueS, blueL].map(asProduct) });

      const child = (await shop.shopper('GET', `/v2/products/${redL}`)).body.data;
      assert.deepEqual(child.relationships, {
        main_image: { data: { type: 'main_image', id: image } },
        brands: { data: [{ type: 'brand', id: brandId }] },
        parent: { data: asProduct(base) },
      });
      assert.deepEqual(child.price, [{ amount: 1250, currency: 'USD', includes_tax: true }]);
      assert.deepEqual([child.material, child.manage_stock, child.status], ['linen', true, 'live']);
      assert.deepEqual(child.meta.stock, { level: 0, availability: 'out-stock' });
      assert.deepEqual(child.meta.variation_matrix, []);
      const moves = (await shop.admin('GET', `/v2/inventories/${redL}/transactions`)).body.data;
      assert.deepEqual(
        moves.map((move: { action: string; quantity: number }) => [move.action, move.quantity]),
        [['create', 0]],
      );
    }
  });

  test('that is repeated changes nothing, and keeps ids, stock and links', async () => {
    for (const shop of [it, paid]) {
      const size = await makeChoice(shop, 'Size', ['S', 'M']);
      const base = await makeProduct(shop, { stock: 1 });
      await attach(shop, base, size.variation);
      const [small, medium] = await built(shop, base);
      assert.ok(small && medium);
      await shop.admin('POST', `/v2/inventories/${small.id}/transactions`, {
        data: { type: 'stock-transaction', action: 'increment', quantity: 4 },
      });
      const before = await product(shop, small.id);
      shop.advance(1_000);
      assert.deepEqual(
        (await built(shop, base)).map(({ id }) => id),
        [small.id, medium.id],
      );
      assert.deepEqual(await product(shop, small.id), before);

      const large = await makeOption(shop, size.variation, 'L');
      for (const member of ['slug', 'sku']) await makeModifier(shop, size.variation, large, `${member}_append`, '-L');
      await shop.admin('DELETE', `/v2/variations/${size.variation}/options/${size.options.M}`);
      await shop.admin('PUT', `/v2/products/${base}`, {
        data: { name: 'Renamed', price: [{ amount: 7, currency: 'EUR' }] },
      });
      assert.equal(Object.keys((await product(shop, base)).meta.variation_matrix).length, 2, 'as it was built');
      const after = await built(shop, base);
      assert.deepEqual(
        after.map(({ name }) => name),
        ['Renamed-S', 'Renamed'],
      );
      assert.equal(after[0]?.id, small.id);
      const kept = await product(shop, small.id);
      assert.deepEqual([kept.price[0].amount, kept.meta.stock.level], [7, 4]);
      assert.equal((await shop.admin('GET', `/v2/products/${medium.id}`)).status, 404);
    }
  });

  test('may swap the slugs and SKUs of two children', async () => {
    for (const shop of [it, paid]) {
      const choice = await makeVariation(shop, 'Side');
      const modifiers: Record<string, string[]> = {};
      for (const side of ['left', 'right']) {
        const option = await makeOption(shop, choice, side);
        const ids = [];
        for (const member of ['slug', 'sku'])
          ids.push(`${option}/modifiers/${await makeModifier(shop, choice, option, `${member}_append`, `-${side}`)}`);
        modifiers[side] = ids;
      }
      const base = await makeProduct(shop, { slug: 'glove', sku: 'GL' });
      await attach(shop, base, choice);
      const before = await built(shop, base);
      for (const [side, other] of [
        ['left', 'right'],
        ['right', 'left'],
      ] as const) {
        for (const path of modifiers[side] ?? []) {
          await shop.admin('PUT', `/v2/variations/${choice}/options/${path}`, { data: { value: `-${other}` } });
        }
      }
      const after = await built(shop, base);
      assert.deepEqual(
        after.map(({ id, slug }) => [id, slug]),
        [
          [before[0]?.id, 'glove-right'],
          [before[1]?.id, 'glove-left'],
        ],
      );
    }
  });

  test('runs once at a time: two at once make the same children', async () => {
    const size = await makeChoice(it, 'Size', ['S', 'M', 'L']);
    const base = await makeProduct(it);
    await attach(it, base, size.variation);
    const replies = await Promise.all([build(it, base), build(it, base), build(it, base)]);
    const ids = replies.map(({ body }) => body.data.map(({ id }: Built) => id));
    assert.deepEqual([ids[1], ids[2]], [ids[0], ids[0]]);
    assert.equal(new Set(ids[0]).size, 3);
  });
});
