import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case, Reply } from './api.ts';
import { fill, makeCustomer, newCart, product, tryCheckOut } from './carts-goods.ts';
import { makeProduct } from './goods.ts';

/** A running promotion of 5 dollars, as a body. */
const fiveOff = {
  ...{ type: 'promotion', name: 'Five off', description: 'For all', enabled: true, promotion_type: 'fixed_discount' },
  schema: { currencies: [{ currency: 'USD', amount: 500 }] },
  ...{ start: '2018-01-01', end: '2099-01-01' },
};

/** Makes a promotion, `fiveOff` with other members, and returns its id. */
async function makePromotion({ admin }: Api, members: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await admin('POST', '/v2/promotions', { data: { ...fiveOff, ...members } });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

async function addCode({ admin }: Api, promotion: string, limits: { uses?: number; user?: string } = {}) {
  const code = randomUUID();
  const data = { type: 'promotion_codes', codes: [{ code, ...limits }] };
  const { status, body } = await admin('POST', `/v2/promotions/${promotion}/codes`, { data });
  assert.equal(status, 201, JSON.stringify(body));
  return code;
}

/** Makes a promotion with one code, and returns the code. */
export const makeCode = async (
  api: Api,
  members: Record<string, unknown> = {},
  limits: { uses?: number; user?: string } = {},
) => addCode(api, await makePromotion(api, members), limits);

/** A new cart with goods of 10 dollars each. */
async function cartOf(api: Api, quantity: number, members: Record<string, unknown> = {}): Promise<string> {
  const cart = newCart();
  await fill(api, cart, product(await makeProduct(api, members), quantity));
  return cart;
}

export const enter = ({ shopper }: Api, cart: string, code: unknown, headers = {}) =>
  shopper('POST', `${cart}/items`, { data: { type: 'promotion_item', code } }, headers);

/** Enters two codes into a cart with goods, and returns them. */
export async function promoted(api: Api, cart: string): Promise<string[]> {
  const codes = [await makeCode(api), await makeCode(api)];
  for (const code of codes) assert.equal((await enter(api, cart, code)).status, 201);
  return codes;
}

export const amounts = ({ body }: Reply) => {
  const { with_tax, without_tax, tax } = (body.data.meta ?? body.meta).display_price;
  return [with_tax.amount, without_tax.amount, tax.amount];
};
export const prices = async ({ shopper }: Api, cart: string) => amounts(await shopper('GET', cart));

export const cartPromotionCases: Case[] = [
  {
    name: 'a code is a line of the cart, once, with a message',
    run: async (api) => {
      const code = await makeCode(api);
      const cart = await cartOf(api, 2);
      const added = await enter(api, cart, code);
      assert.equal(added.status, 201, JSON.stringify(added.body));
      const [, { id, promotion_id, meta, ...rest }] = added.body.data;
      const price = { amount: -500, currency: 'USD', includes_tax: false };
      assert.ok(id && promotion_id);
      assert.deepEqual(rest, {
        ...{ type: 'promotion_item', name: 'Five off', description: 'For all', sku: code, quantity: 1 },
        ...{ manage_stock: false, image: { mime_type: '', file_name: '', href: '' }, links: {} },
        ...{ unit_price: price, value: price },
      });
      assert.equal(meta.display_price.with_tax.unit.formatted, '-$5.00');
      assert.deepEqual(added.body.meta.messages, [
        {
          source: { type: 'promotion_item', id },
          title: 'Promotion Added',
          description: 'Five off has been added to your cart',
        },
      ]);
      assert.deepEqual(amounts(added), [1500, 1500, 0]);
      const again = await enter(api, cart, code);
      assert.deepEqual([again.status, again.body.data.length, again.body.data[1].id], [201, 2, id]);
      const shown = (await api.shopper('GET', `${cart}?include=items`)).body;
      assert.equal(shown.included.items.length, 2);
      assert.equal(shown.data.relationships.items.data.length, 2);
      assert.equal(shown.data.meta.display_price.discount.amount, -500);
      assert.equal(shown.data.meta.display_price.without_discount.amount, 2000);
      const { body } = await api.admin('GET', '/v2/carts?page[limit]=1');
      assert.equal(body.data[0].meta.display_price.with_tax.amount, 1500);
    },
  },
  {
    name: 'wrong codes: unknown, disabled, ended, not begun are 404; an empty cart is 422',
    run: async (api) => {
      const cart = await cartOf(api, 1);
      const disabled = await makeCode(api, { enabled: false });
      const ended = await makeCode(api, { end: '2018-06-01' });
      const early = await makeCode(api, { start: '2098-01-01' });
      const auto = await makePromotion(api, { automatic: true, enabled: false });
      for (const code of ['NONE', 'a, b&c=d', disabled, ended, early, `auto_${auto}`]) {
        const { status, body } = await enter(api, cart, code);
        assert.deepEqual([status, body.errors[0].detail], [404, 'No promotion could be found with the given code.']);
      }
      for (const wrong of ['', 'x'.repeat(256), 5, null]) assert.equal((await enter(api, cart, wrong)).status, 422);
      assert.equal((await enter(api, newCart(), await makeCode(api))).status, 422);
      const dear = await makeCode(api, { min_cart_value: [{ currency: 'USD', amount: 5000 }] });
      assert.equal((await enter(api, cart, dear)).status, 422, 'the cart does not qualify');
      for (const path of ['NONE', 'a%00b']) {
        const { status } = await api.shopper('DELETE', `${cart}/discounts/${path}`);
        assert.equal(status, path === 'NONE' ? 404 : 400);
      }
    },
  },
  {
    name: 'the discount follows the cart, and leaves with the last goods',
    run: async (api) => {
      const { shopper } = api;
      const half = { currencies: [{ currency: 'USD', percentage: 50 }] };
      const code = await makeCode(api, { promotion_type: 'percent_discount', schema: half });
      const cart = await cartOf(api, 2);
      const [item, line] = (await enter(api, cart, code)).body.data;
      assert.deepEqual(await prices(api, cart), [1000, 1000, 0]);
      const more = await shopper('PUT', `${cart}/items/${item.id}`, { data: { quantity: 4 } });
      assert.deepEqual([amounts(more), more.body.data[1].value.amount], [[2000, 2000, 0], -2000]);
      assert.equal((await shopper('PUT', `${cart}/items/${line.id}`, { data: { quantity: 2 } })).status, 400);
      assert.equal((await shopper('PUT', `${cart}/items/${line.id}`, { data: { quantity: 1 } })).status, 200);
      const gone = await shopper('DELETE', `${cart}/items/${line.id.toUpperCase()}`);
      assert.deepEqual([amounts(gone), gone.body.data.length], [[4000, 4000, 0], 1]);
      const [, second] = (await enter(api, cart, code)).body.data;
      const zero = [{ id: second.id, quantity: 0 }];
      assert.equal((await shopper('PUT', `${cart}/items`, { data: zero })).body.data.length, 1);
      await enter(api, cart, code);
      assert.equal((await shopper('DELETE', `${cart}/discounts/${code}`)).status, 204);
      assert.equal((await shopper('DELETE', `${cart}/discounts/${code}`)).status, 404);
      assert.deepEqual(await prices(api, cart), [4000, 4000, 0]);
      await enter(api, cart, code);
      assert.deepEqual((await shopper('DELETE', `${cart}/items`)).body.data, []);
      await fill(api, cart, product(await makeProduct(api), 1));
      assert.deepEqual(await prices(api, cart), [1000, 1000, 0], 'the code left with the goods');
    },
  },
  {
    name: 'no total is below zero, whatever the codes and the taxes',
    run: async (api) => {
      const cart = await cartOf(api, 1, { price: [{ amount: 1000, currency: 'USD', includes_tax: false }] });
      const [item] = (await api.shopper('GET', `${cart}/items`)).body.data;
      const tax = { type: 'tax_item', name: 'V', rate: 0.2 };
      await api.admin('POST', `${cart}/items/${item.id}/taxes`, { data: tax });
      assert.deepEqual(await prices(api, cart), [1200, 1000, 200]);
      await enter(api, cart, await makeCode(api, { schema: { currencies: [{ currency: 'USD', amount: 1100 }] } }));
      assert.deepEqual(await prices(api, cart), [100, 0, 100]);
      await enter(api, cart, await makeCode(api));
      assert.deepEqual(await prices(api, cart), [0, 0, 0]);
      const order = await tryCheckOut(api, cart);
      assert.deepEqual([order.status, amounts(order)], [201, [0, 0, 0]]);
    },
  },
  {
    name: 'an order costs what its cart showed, and its items add up',
    run: async (api) => {
      const code = await makeCode(api);
      const cart = await cartOf(api, 3);
      await enter(api, cart, code);
      const order = await tryCheckOut(api, cart);
      assert.equal(order.status, 201, JSON.stringify(order.body));
      assert.deepEqual(amounts(order), await prices(api, cart));
      const { items } = order.body.included;
      const values = items.map((each: { value: { amount: number } }) => each.value.amount);
      assert.deepEqual([values, items[1].sku], [[3000, -500], code]);
    },
  },
  {
    name: 'a code that ended refuses the checkout until it is removed',
    run: async (api) => {
      const id = await makePromotion(api);
      const code = await addCode(api, id);
      const cart = await cartOf(api, 1);
      await enter(api, cart, code);
      await api.admin('PUT', `/v2/promotions/${id}`, { data: { enabled: false } });
      const shown = await api.shopper('GET', `${cart}/items`);
      assert.deepEqual([amounts(shown), shown.body.data[1].value.amount], [[1000, 1000, 0], 0]);
      assert.match((await tryCheckOut(api, cart)).body.errors[0].detail, /no longer applies/);
      await api.admin('DELETE', `/v2/promotions/${id}`);
      assert.equal((await api.shopper('GET', `${cart}/items`)).body.data.length, 2, 'the line outlives its promotion');
      await api.shopper('DELETE', `${cart}/discounts/${code}`);
      assert.equal((await tryCheckOut(api, cart)).status, 201);
    },
  },
  {
    name: 'a code has as many uses as it says',
    run: async (api) => {
      const code = await makeCode(api, {}, { uses: 1 });
      const carts = [await cartOf(api, 1), await cartOf(api, 1)];
      for (const cart of carts) assert.equal((await enter(api, cart, code)).status, 201);
      assert.equal((await tryCheckOut(api, carts[0] ?? '')).status, 201);
      assert.deepEqual(await prices(api, carts[1] ?? ''), [1000, 1000, 0], 'it is used up and worth nothing');
      assert.equal((await tryCheckOut(api, carts[1] ?? '')).status, 422);
      const used = await enter(api, await cartOf(api, 1), code);
      assert.deepEqual([used.status, used.body.errors[0].title], [422, 'Cannot complete request']);
    },
  },
  {
    name: 'a code of one customer is for that customer',
    run: async (api) => {
      const { id, as } = await makeCustomer(api);
      const other = await makeCustomer(api);
      const code = await makeCode(api, {}, { user: id });
      const cart = await cartOf(api, 1);
      assert.equal((await enter(api, cart, code, other.as)).status, 404);
      assert.equal((await enter(api, cart, code, as)).status, 201);
      assert.equal((await tryCheckOut(api, cart)).status, 422, 'another buyer');
      assert.equal((await tryCheckOut(api, cart, { customer: { id } })).status, 201);
    },
  },
  {
    name: 'an automatic promotion needs no code, and shows only in carts that qualify',
    run: async (api) => {
      const min_cart_value = [{ currency: 'USD', amount: 7000 }];
      const id = await makePromotion(api, { automatic: true, min_cart_value });
      const old = await makePromotion(api, { automatic: true, end: '2018-06-01' });
      const cart = await cartOf(api, 6);
      assert.deepEqual(await prices(api, cart), [6000, 6000, 0]);
      const [item] = (await api.shopper('GET', `${cart}/items`)).body.data;
      const { body } = await api.shopper('PUT', `${cart}/items/${item.id}`, { data: { quantity: 7 } });
      const [, line] = body.data;
      assert.deepEqual([line.type, line.promotion_id, line.sku], ['promotion_item', id, `auto_${id}`]);
      assert.deepEqual(await prices(api, cart), [6500, 6500, 0]);
      const again = (await api.shopper('GET', `${cart}/items`)).body.data[1];
      assert.equal(again.id, line.id, 'the same id at each reading');
      assert.equal((await api.shopper('DELETE', `${cart}/items/${line.id}`)).status, 404);
      const order = await tryCheckOut(api, cart);
      assert.deepEqual([order.status, amounts(order)], [201, [6500, 6500, 0]]);
      for (const each of [id, old]) await api.admin('DELETE', `/v2/promotions/${each}`);
    },
  },
  {
    name: 'each type of promotion takes off what it says',
    run: async (api) => {
      const [one, two] = [`one-${api.tag}`, `TWO-${api.tag}`];
      const cart = newCart();
      await fill(api, cart, product(await makeProduct(api, { sku: one }), 3));
      const dear = [{ amount: 2500, currency: 'USD', includes_tax: true }];
      const id = await makeProduct(api, { sku: two, price: dear });
      await fill(api, cart, product(id, 2));
      const usd = (amount: number) => [{ currency: 'USD', amount }];
      for (const [promotion_type, schema, off] of [
        ['x_for_y', { x: 3, y: 2, targets: [one, two] }, 1000],
        ['x_for_amount', { x: 2, currencies: usd(3000), targets: [one, id.toUpperCase()] }, 2000],
        ['bundle_fixed_discount', { requirements: [{ targets: [one], quantity: 1 }], currencies: usd(100) }, 300],
        ['item_fixed_discount', { targets: [two.toLowerCase()], currencies: usd(700) }, 1400],
        ['item_percent_discount', { targets: [two], percent: 33.3333 }, 1667],
        ['percent_discount', { currencies: [{ currency: 'USD', percentage: 12.345 }] }, 988],
      ] as const) {
        const code = await makeCode(api, { promotion_type, schema, max_discount_value: usd(5_000) });
        const added = await enter(api, cart, code);
        assert.equal(added.body.data?.[2]?.value.amount, -off, promotion_type);
        await api.shopper('DELETE', `${cart}/discounts/${code}`);
      }
    },
  },
  {
    name: 'in a list, the code may come with its goods; a merge leaves codes behind',
    run: async (api) => {
      const code = await makeCode(api);
      const id = await makeProduct(api);
      const data = [
        { type: 'cart_item', id, quantity: 1 },
        { type: 'promotion_item', code },
        { type: 'promotion_item', code: 'NONE' },
      ];
      const cart = newCart();
      const { status, body } = await api.shopper('POST', `${cart}/items`, { data });
      assert.deepEqual([status, body.data.length, body.errors[0].status], [201, 2, 404]);
      const merged = newCart();
      const source = cart.slice('/v2/carts/'.length);
      const reply = await api.shopper('POST', `${merged}/items`, { data: { type: 'cart_items', cart_id: source } });
      assert.deepEqual([reply.status, reply.body.data.length], [201, 1]);
      const key = { 'idempotency-key': randomUUID() };
      const first = await enter(api, merged, code, key);
      assert.deepEqual((await enter(api, merged, code, key)).body, first.body);
    },
  },
  {
    name: 'a cart holds twenty codes at most',
    run: async (api) => {
      const promotion = await makePromotion(api);
      const codes = Array.from({ length: 21 }, () => ({ code: randomUUID() }));
      const given = await api.admin('POST', `/v2/promotions/${promotion}/codes`, {
        data: { type: 'promotion_codes', codes },
      });
      assert.equal(given.status, 201);
      const cart = await cartOf(api, 21);
      for (const { code } of codes.slice(0, 20)) assert.equal((await enter(api, cart, code)).status, 201);
      assert.equal((await enter(api, cart, codes[20]?.code)).status, 400);
    },
  },
];
