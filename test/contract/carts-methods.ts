import assert from 'node:assert/strict';
import type { Api, Case, Reply } from './api.ts';
import { custom, fill, newCart, product, tryCheckOut } from './carts-goods.ts';
import { amounts, enter, makeCode, prices } from './carts-promotions.ts';
import { makeProduct } from './goods.ts';
import { put, restored } from './settings.ts';

interface Priced {
  type: string;
  unit_price: { amount: number };
  meta: { display_price: Record<'with_tax' | 'without_tax' | 'tax', { value: { amount: number } }> };
}

/** Puts a custom item with a tax on a cart. */
async function addTaxed(
  api: Api,
  cart: string,
  line: [amount: number, gross: boolean, quantity: number, rate: number],
) {
  const [amount, includes_tax, quantity, rate] = line;
  const tax = rate === 0 ? [] : [{ name: 'T', rate }];
  await fill(api, cart, custom({ sku: `line ${api.next()}`, price: { amount, includes_tax }, quantity, tax }));
}

/** Switches the method, and waits until all sides price by it. */
async function priceBy(api: Api, method: 'simple' | 'line'): Promise<void> {
  const probe = newCart();
  // The tax of one unit is half a minor unit, that of the line is one and a half.
  await addTaxed(api, probe, [10, false, 3, 0.05]);
  assert.equal((await put(api, { calculation_method: method })).status, 200);
  const wanted = method === 'line' ? 32 : 33;
  await api.eventually(probe, ({ body }) => body.data.meta.display_price.with_tax.amount === wanted);
}

/** What the lines of a cart or of an order say, which is what the whole costs. */
const sumOf = (items: readonly Priced[]) =>
  (['with_tax', 'without_tax', 'tax'] as const).map((part) =>
    items.reduce((sum, { meta }) => sum + meta.display_price[part].value.amount, 0),
  );
const promotionsOf = ({ body }: Reply) =>
  body.data
    .filter(({ type }: Priced) => type === 'promotion_item')
    .map(({ unit_price, meta: { display_price } }: Priced) => [
      unit_price.amount,
      display_price.with_tax.value.amount,
      display_price.without_tax.value.amount,
      display_price.tax.value.amount,
    ]);

/** Reads a cart from every side, and returns its items as the last one shows them. They must add up to the cart. */
async function itemsOf(api: Api, cart: string): Promise<Reply> {
  const [first, second] = [await api.shopper('GET', `${cart}/items`), await api.shopper('GET', `${cart}/items`)];
  assert.deepEqual(second.body, first.body, 'all sides show the same');
  assert.deepEqual(sumOf(second.body.data), amounts(second), 'the items add up');
  assert.deepEqual(await prices(api, cart), amounts(second));
  return second;
}

/** Checks a cart out. The order must cost what the cart shows, and its items must add up. */
async function order(api: Api, cart: string): Promise<Reply> {
  const wanted = await prices(api, cart);
  const made = await tryCheckOut(api, cart);
  assert.deepEqual([made.status, amounts(made)], [201, wanted], JSON.stringify(made.body));
  assert.deepEqual(sumOf(made.body.included.items), wanted);
  return made;
}

export const cartMethodCases: Case[] = [
  {
    name: 'a switch of the calculation method changes the prices of carts that exist, and of no order',
    run: restored(async (api) => {
      await priceBy(api, 'simple');
      const cart = newCart();
      await addTaxed(api, cart, [10, false, 3, 0.05]);
      await addTaxed(api, cart, [499, true, 4, 10.2]);
      assert.deepEqual(amounts(await itemsOf(api, cart)), [33 + 2016, 30 + 180, 3 + 1836]);
      const simple = await order(api, cart);
      await priceBy(api, 'line');
      assert.deepEqual(amounts(await itemsOf(api, cart)), [32 + 1994, 30 + 178, 2 + 1816]);
      const changed = await api.admin('PUT', cart, { data: { name: 'Renamed' } });
      assert.deepEqual(amounts(changed), [2026, 208, 1818], 'a write shows the same');
      const listed = (await api.admin('GET', '/v2/carts?page[limit]=2')).body.data;
      assert.equal(listed[1].meta.display_price.with_tax.amount, 2026);
      const line = await order(api, cart);
      await priceBy(api, 'simple');
      assert.deepEqual(amounts(await itemsOf(api, cart)), [2049, 210, 1839]);
      for (const made of [simple, line]) {
        const shown = await api.admin('GET', `/v2/orders/${made.body.data.id}?include=items`);
        assert.deepEqual([shown.body.data.meta, shown.body.included], [made.body.data.meta, made.body.included]);
      }
    }),
  },
  {
    name: 'by the method `line` discounts are spread over lines before tax, and tax falls with them',
    run: restored(async (api) => {
      await priceBy(api, 'line');
      const cart = newCart();
      await addTaxed(api, cart, [1000, false, 3, 0.2]);
      await addTaxed(api, cart, [999, true, 2, 0.055]);
      await addTaxed(api, cart, [333, false, 1, 0]);
      assert.deepEqual(amounts(await itemsOf(api, cart)), [5931, 5227, 704]);
      // 287 + 181 + 32: the first and the last line have the largest remainders.
      const fixed = await makeCode(api);
      assert.deepEqual(amounts(await enter(api, cart, fixed)), [5364, 4727, 637]);
      // Of 5227. Spread over what is left: 370 + 234 + 41.
      const schema = { currencies: [{ currency: 'USD', percentage: 12.345 }] };
      assert.equal(
        (await enter(api, cart, await makeCode(api, { promotion_type: 'percent_discount', schema }))).status,
        201,
      );
      const items = await itemsOf(api, cart);
      assert.deepEqual(amounts(items), [4632, 4082, 550]);
      assert.deepEqual(promotionsOf(items), [
        [-500, -567, -500, -67],
        [-645, -732, -645, -87],
      ]);
      const { discount, without_discount } = items.body.meta.display_price;
      assert.deepEqual([discount.amount, without_discount.amount], [-1299, 5931]);
      const made = await order(api, cart);
      const used = made.body.included.items.slice(3).map(({ unit_price }: Priced) => unit_price.amount);
      assert.deepEqual(used, [-500, -645]);
      await priceBy(api, 'simple');
      const later = await api.admin('GET', `/v2/orders/${made.body.data.id}/items`);
      assert.deepEqual(later.body.data, made.body.included.items);
    }),
  },
  {
    name: 'by the method `line` promotions count prices before tax, and no total is below zero',
    run: restored(async (api) => {
      await priceBy(api, 'line');
      const cart = newCart();
      const sku = `taxed-${api.tag}`;
      const price = [{ amount: 1200, currency: 'USD', includes_tax: true }];
      const id = await makeProduct(api, { sku, price });
      await fill(api, cart, product(id, 3, { tax: [{ name: 'T', rate: 0.2 }] }));
      assert.deepEqual(await prices(api, cart), [3600, 3000, 600]);
      const usd = (amount: number) => [{ currency: 'USD', amount }];
      const dear = await makeCode(api, { min_cart_value: usd(3001) });
      assert.equal((await enter(api, cart, dear)).status, 422, 'before tax it is worth less');
      const free = await makeCode(api, { promotion_type: 'x_for_y', schema: { x: 3, y: 2, targets: [sku] } });
      assert.deepEqual(amounts(await enter(api, cart, free)), [2400, 2000, 400], 'one unit is free');
      const part = { currencies: [{ currency: 'USD', percentage: 100 }] };
      await enter(api, cart, await makeCode(api, { promotion_type: 'percent_discount', schema: part }));
      assert.deepEqual(amounts(await itemsOf(api, cart)), [0, 0, 0]);
      assert.equal((await enter(api, cart, await makeCode(api))).status, 201);
      const items = await itemsOf(api, cart);
      assert.deepEqual(promotionsOf(items).at(-1), [0, 0, 0, 0]);
      await order(api, cart);
    }),
  },
];
