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

describe('the variations of a product', () => {
  test('are attached under both of their names, in an order', async () => {
    const [size, color, third] = [
      await makeChoice(it, 'Size', ['S']),
      await makeVariation(it, 'Color'),
      await makeVariation(it, 'Cut'),
    ];
    const id = await makeProduct(it);
    const url = `/v2/products/${id}/relationships`;
    assert.deepEqual(await it.admin('POST', `${url}/product-variations`, links(color)), {
      status: 200,
      body: links(color),
    });
    assert.deepEqual(
      (await it.admin('POST', `${url}/variations`, links(color, size.variation))).body,
      links(color, size.variation),
    );
    assert.deepEqual(
      (await it.admin('PUT', `${url}/variations`, links(third, size.variation, color))).body,
      links(third, size.variation, color),
    );
    assert.equal((await it.admin('DELETE', `${url}/variations`, links(third))).status, 204);
    const shown = (await it.shopper('GET', `/v2/products/${id}`)).body.data;
    assert.deepEqual(shown.relationships.variations, links(size.variation, color));
    assert.deepEqual(shown.meta.variations, [
      { id: size.variation, name: 'Size', options: [{ id: size.options.S, name: 'S', description: '' }] },
      { id: color, name: 'Color', options: [] },
    ]);
    assert.deepEqual(shown.meta.variation_matrix, []);
    const list = (await it.shopper('GET', `/v2/products?filter=eq(id,${id})&include=variations`)).body;
    assert.deepEqual(list.data[0].meta.variations, shown.meta.variations);
    assert.equal('variation_matrix' in list.data[0].meta, false);
    assert.deepEqual(
      list.included.variations.map((each: { id: string }) => each.id),
      [size.variation, color],
    );
    await it.admin('DELETE', `/v2/variations/${color}`);
    assert.deepEqual((await product(it, id)).relationships.variations, links(size.variation));
    assert.deepEqual((await it.admin('PUT', `${url}/variations`, { data: [] })).body, { data: [] });
    assert.deepEqual((await product(it, id)).relationships, {});
  });

  test('must exist, and are at most ten', async () => {
    const id = await makeProduct(it);
    const unknown = await attach(it, id, randomUUID());
    assert.deepEqual([unknown.status, unknown.body.errors[0].title], [404, 'Variation not found']);
    assert.equal((await attach(it, id, 'nonsense')).status, 422);
    assert.equal((await attach(it, randomUUID())).status, 404);
    const many = [];
    for (let index = 0; index < 11; index += 1) many.push(await makeVariation(it, `V${index}`));
    assert.equal((await attach(it, id, ...many)).status, 422);
    assert.deepEqual((await product(it, id)).relationships, {});
    const url = `/v2/products/${id}/relationships/variations`;
    assert.equal((await it.shopper('POST', url, links(many[0]))).status, 403);
    assert.equal((await it.shopper('POST', `/v2/products/${id}/build`)).status, 403);
  });
});

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

  test('without variations deletes the children; deleting the base does too', async () => {
    const size = await makeChoice(it, 'Size', ['S']);
    const base = await makeProduct(it);
    await attach(it, base, size.variation);
    const [first] = await built(it, base);
    await attach(it, base);
    assert.deepEqual(await built(it, base), []);
    assert.equal((await it.admin('GET', `/v2/products/${first?.id}`)).status, 404);
    await attach(it, base, size.variation);
    const [second] = await built(it, base);
    assert.equal((await it.admin('DELETE', `/v2/products/${base}`)).status, 204);
    assert.equal((await it.admin('GET', `/v2/products/${second?.id}`)).status, 404);
  });

  test('that breaks a rule is 422 and leaves the children as they were', async () => {
    const size = await makeChoice(it, 'Size', ['S']);
    const base = await makeProduct(it, { slug: 'ruled', sku: 'RULED' });
    await attach(it, base, size.variation);
    const [child] = await built(it, base);
    const refused = async (variations: string[], detail: RegExp) => {
      await attach(it, base, ...variations);
      const { status, body } = await build(it, base);
      assert.equal(status, 422, JSON.stringify(body));
      assert.match(JSON.stringify(body), detail);
      assert.deepEqual((await product(it, base)).relationships.children.data, [{ type: 'product', id: child?.id }]);
    };
    await refused([await makeVariation(it, 'Empty')], /The variation Empty has no options/);
    const bare = await makeVariation(it, 'Bare');
    const option = await makeOption(it, bare, 'B');
    await refused([bare], /The option B of Bare needs a modifier of the sku/);
    await makeModifier(it, bare, option, 'sku_append', '-B');
    await refused([bare], /needs a modifier of the slug/);
    await makeModifier(it, bare, option, 'slug_builder', { seek: 'no such', set: 'x' });
    await refused([bare], /Two products would have the slug ruled/);
    const cheap = await makeChoice(it, 'Cheap', ['cheap']);
    const discount = await makeModifier(it, cheap.variation, cheap.options.cheap ?? '', 'price_decrement', [
      { amount: 1001, currency: 'USD' },
    ]);
    await refused([cheap.variation], /The price of RULED-cheap in USD would be -1/);
    const path = `/v2/variations/${cheap.variation}/options/${cheap.options.cheap}/modifiers`;
    await it.admin('PUT', `${path}/${discount}`, { data: { modifier_type: 'sku_append', value: 'x'.repeat(250) } });
    await refused([cheap.variation], /sku would be longer than 255/);
    const sixteen = Array.from({ length: 16 }, (_, index) => `${index}`);
    const [rows, columns] = [await makeChoice(it, 'Rows', sixteen), await makeChoice(it, 'Columns', sixteen)];
    await refused([rows.variation, columns.variation], /at most 250 children, and these would be 256/);
    await makeProduct(it, { sku: 'RULED-0' });
    await refused([rows.variation], /data\.sku field is already taken/);
    assert.equal((await build(it, child?.id ?? '')).status, 422);
    assert.equal((await attach(it, child?.id ?? '', rows.variation)).status, 422);
    await attach(it, base, size.variation, cheap.variation);
    const headers = { 'x-moltin-language': 'no language' };
    assert.equal((await it.admin('POST', `/v2/products/${base}/build`, undefined, headers)).status, 400);
    assert.deepEqual((await product(it, base)).relationships.children.data, [{ type: 'product', id: child?.id }]);
    assert.equal((await build(it, randomUUID())).status, 404);
    assert.equal((await build(it, 'nonsense')).status, 404);
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

describe('children', () => {
  test('go into carts, and a draft child is hidden from shoppers', async () => {
    const choice = await makeChoice(it, 'State', ['shown', 'hidden']);
    await makeModifier(it, choice.variation, choice.options.hidden ?? '', 'status', 'draft');
    const base = await makeProduct(it);
    await attach(it, base, choice.variation);
    const [shown, hidden] = await built(it, base);
    const seen = (await it.shopper('GET', `/v2/products/${base}`)).body.data;
    assert.deepEqual(seen.meta.variation_matrix, { [choice.options.shown ?? '']: shown?.id });
    assert.deepEqual(seen.relationships.children.data, [{ type: 'product', id: shown?.id }]);
    assert.equal(Object.keys((await product(it, base)).meta.variation_matrix).length, 2);
    assert.equal((await it.shopper('GET', `/v2/products/${hidden?.id}`)).status, 404);
    await it.admin('PUT', `/v2/products/${base}`, { data: { status: 'draft' } });
    assert.deepEqual((await it.shopper('GET', `/v2/products/${shown?.id}`)).body.data.relationships, {});
    const line = { type: 'cart_item', id: shown?.id, quantity: 1 };
    const cart = await it.shopper('POST', `/v2/carts/${randomUUID()}/items`, { data: line });
    assert.deepEqual([cart.status, cart.body.data[0].sku], [201, shown?.sku]);
  });

  test('are left out of lists by a setting', async () => {
    const size = await makeChoice(it, 'Size', ['S']);
    const sku = randomUUID();
    const base = await makeProduct(it, { sku });
    await attach(it, base, size.variation);
    const [child] = await built(it, base);
    const listed = async () => {
      const { body } = await it.shopper('GET', `/v2/products?filter=like(sku,${sku}*)`);
      return [body.meta.results.total, ...body.data.map(({ id }: Built) => id)];
    };
    assert.deepEqual(await listed(), [2, base, child?.id]);
    const setting = (list_child_products: boolean) =>
      it.admin('PUT', '/v2/settings', { data: { type: 'settings', list_child_products } });
    await setting(false);
    assert.deepEqual(await listed(), [1, base]);
    assert.equal((await it.shopper('GET', `/v2/products/${child?.id}`)).status, 200);
    const named = (await it.shopper('GET', `/v2/products?filter=in(id,${child?.id})`)).body.data;
    assert.equal(named[0].id, child?.id, 'its id names it');
    await setting(true);
  });
});
