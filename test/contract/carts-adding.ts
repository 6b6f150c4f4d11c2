import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { checkOut, custom, ensureEuro, fill, newCart, product } from './carts-goods.ts';
import { makeProduct } from './goods.ts';

const quantities = ({ body }: { body: { data: { quantity: number }[] } }) => body.data.map(({ quantity }) => quantity);
const idOf = (cart: string) => cart.slice('/v2/carts/'.length);
const hundred = <T>(make: (index: number) => T): T[] => Array.from({ length: 100 }, (_, index) => make(index));
const numbered = (index: number) => custom({ sku: `line-${index}`, price: { amount: 1 } }).data;

export const cartAddingCases: Case[] = [
  {
    name: 'a product is found by its SKU, wherever the client puts it',
    run: async (api) => {
      const sku = `By, SKU & ${api.tag}`;
      await makeProduct(api, { sku, manage_stock: true, stock: 2 });
      const cart = newCart();
      assert.equal((await api.shopper('POST', `${cart}/items`, product(sku))).status, 201);
      const bySku = await api.shopper('POST', `${cart}/items`, { data: { type: 'cart_item', sku, quantity: 1 } });
      assert.equal(bySku.body.data[0].quantity, 2);
      assert.equal((await api.shopper('POST', `${cart}/items`, product(sku))).status, 400);
    },
  },
  {
    name: 'lists are added in part, or all or nothing',
    run: async (api) => {
      const { shopper } = api;
      const good = product(await makeProduct(api), 1).data;
      const bad = product(randomUUID(), 1).data;
      const cart = newCart();
      const some = await shopper('POST', `${cart}/items`, { data: [good, bad] });
      assert.deepEqual([some.status, some.body.data.length, some.body.errors[0].status], [201, 1, 404]);
      const doubled = await shopper('POST', `${cart}/items`, { data: { data: [good] } });
      assert.equal(doubled.body.data[0].quantity, 2);
      const whole = { data: [good, bad], options: { add_all_or_nothing: true } };
      assert.equal((await shopper('POST', `${cart}/items`, whole)).status, 404);
      assert.equal((await shopper('POST', `${cart}/items`, { data: [bad] })).status, 404);
      const empty = newCart();
      assert.equal((await shopper('POST', `${empty}/items`, whole)).status, 404);
      assert.deepEqual((await shopper('GET', `${empty}/items`)).body.data, []);
      assert.equal((await shopper('GET', `${cart}/items`)).body.data[0].quantity, 2);
      const mixed = await shopper('POST', `${cart}/items`, { data: [custom({ sku: 'x' }).data, { type: 'gift' }, 5] });
      assert.deepEqual(
        mixed.body.errors.map(({ status }: { status: number }) => status),
        [422, 400],
      );
    },
  },
  {
    name: 'another cart is merged, and stays as it is',
    run: async (api) => {
      const { shopper, admin } = api;
      const [source, target] = [newCart(), newCart()];
      const [id, draft] = [await makeProduct(api), await makeProduct(api, { status: 'draft' })];
      for (const cart of [source, target]) await fill(api, cart, product(id, 2));
      await fill(api, source, custom({ sku: 'gift' }));
      await fill(api, source, product(draft, 1, { tax: [{ name: 'VAT', rate: 0.2 }] }));
      const merge = { data: { type: 'cart_items', cart_id: idOf(source) }, options: {} };
      const merged = await shopper('POST', `${target}/items`, merge);
      assert.equal(merged.status, 201);
      assert.deepEqual(quantities(merged), [4, 1, 1]);
      assert.equal(merged.body.included.tax_items.length, 1);
      assert.equal((await shopper('GET', `${source}/items`)).body.data[0].quantity, 2);
      const [itself, nowhere] = [idOf(target), randomUUID()].map((cart_id) => ({
        data: { type: 'cart_items', cart_id },
      }));
      assert.equal((await shopper('POST', `${target}/items`, itself)).status, 400);
      assert.equal((await shopper('POST', `${target}/items`, nowhere)).status, 404);
      await admin('DELETE', `/v2/products/${draft}`);
      const again = await shopper('POST', `${target}/items`, { data: [merge.data, numbered(1)] });
      assert.deepEqual([again.status, again.body.errors[0].status, quantities(again)], [201, 404, [4, 1, 1, 1]]);
    },
  },
  {
    name: 'one request adds a hundred lines, merged ones included',
    run: async (api) => {
      const { shopper } = api;
      const [sixty, fifty, full] = [newCart(), newCart(), newCart()];
      await fill(api, sixty, { data: hundred(numbered).slice(0, 60) });
      await fill(api, fifty, { data: hundred(numbered).slice(50) });
      const merges = [sixty, fifty].map((cart) => ({ type: 'cart_items', cart_id: idOf(cart) }));
      const both = await shopper('POST', `${newCart()}/items`, { data: merges });
      assert.deepEqual([both.body.data.length, both.body.errors.length], [60, 1]);
      assert.match(both.body.errors[0].detail, /at most 100 lines/);
      const whole = { data: merges, options: { add_all_or_nothing: true } };
      assert.equal((await shopper('POST', `${newCart()}/items`, whole)).status, 400);
      assert.equal((await fill(api, full, { data: hundred(numbered) })).length, 100);
      assert.equal((await shopper('POST', `${full}/items`, custom({ sku: 'one more' }))).status, 400);
      assert.equal((await shopper('POST', `${full}/items`, { data: numbered(7) })).status, 201);
      assert.equal(
        (await shopper('POST', `${full}/items`, { data: hundred(numbered).concat(numbered(1)) })).status,
        400,
      );
      assert.equal((await shopper('POST', `${full}/items`, { data: [] })).status, 400);
    },
  },
  {
    name: 'a cart has one currency, which its first line fixes',
    run: async (api) => {
      const { shopper } = api;
      await ensureEuro(api);
      const [eur, usd] = [{ 'x-moltin-currency': 'eur' }, { 'x-moltin-currency': 'USD' }];
      const price = [
        { amount: 1000, currency: 'USD' },
        { amount: 900, currency: 'EUR' },
      ];
      const [both, dollarsOnly] = [await makeProduct(api, { price }), await makeProduct(api)];
      const cart = newCart();
      const first = await shopper('POST', `${cart}/items`, product(both), eur);
      assert.equal(first.body.meta.display_price.with_tax.formatted, '€9,00');
      assert.equal((await shopper('POST', `${cart}/items`, product(both), usd)).status, 400);
      assert.equal((await shopper('POST', `${cart}/items`, product(dollarsOnly))).status, 400);
      const other = await shopper('GET', cart, undefined, usd);
      assert.equal(other.body.data.meta.display_price.with_tax.currency, 'EUR');
      const source = newCart();
      await fill(api, source, product(dollarsOnly));
      const merge = { data: { type: 'cart_items', cart_id: idOf(source) } };
      assert.equal((await shopper('POST', `${cart}/items`, merge)).status, 400);
      await shopper('DELETE', `${cart}/items`);
      assert.equal((await shopper('POST', `${cart}/items`, product(both), usd)).status, 201);
      assert.equal((await shopper('GET', cart, undefined, { 'x-moltin-currency': 'XXX' })).status, 400);
    },
  },
  {
    name: 'the lines of an order are added again: products at the price of today, custom lines unchanged',
    run: async (api) => {
      const { admin, shopper } = api;
      const again = (order: string, options = {}, call: Api['admin'] = admin) =>
        call('POST', `${newCart()}/items`, { data: { type: 'order_items', order_id: order }, options });
      const [cart, id, gone] = [newCart(), await makeProduct(api), await makeProduct(api)];
      await fill(api, cart, product(id, 3));
      await fill(api, cart, custom({ sku: 'post', quantity: 2 }));
      const order = await checkOut(api, cart);
      await admin('PUT', `/v2/products/${id}`, {
        data: { type: 'product', price: [{ amount: 2000, currency: 'USD' }] },
      });
      const { status, body } = await again(order);
      assert.equal(status, 201, JSON.stringify(body));
      assert.deepEqual(
        body.data.map((line: Record<string, unknown>) => [line.type, line.quantity, line.unit_price]),
        [
          ['cart_item', 3, { amount: 2000, currency: 'USD', includes_tax: true }],
          ['custom_item', 2, { amount: 250, currency: 'USD', includes_tax: true }],
        ],
      );
      const second = newCart();
      await fill(api, second, { data: [product(gone, 1).data, custom({ sku: 'post' }).data] });
      const partly = await checkOut(api, second);
      await admin('DELETE', `/v2/products/${gone}`);
      const some = await again(partly);
      assert.deepEqual([some.status, some.body.data.length, some.body.errors[0].status], [201, 1, 404]);
      assert.equal((await again(partly, { add_all_or_nothing: true })).status, 404);
      assert.equal((await again(order, {}, shopper)).status, 403);
      assert.equal((await again(randomUUID())).status, 404);
      assert.equal((await again('nonsense')).status, 404);
      assert.equal((await admin('POST', `${cart}/items`, { data: { type: 'order_items' } })).status, 422);
    },
  },
  {
    name: 'many additions at once are all counted',
    run: async (api) => {
      const cart = newCart();
      const id = await makeProduct(api);
      for (let n = 0; n < 3; n += 1) await fill(api, cart, product(id));
      const { data } = (await api.shopper('GET', `${cart}/items`)).body;
      assert.deepEqual([data.length, data[0].quantity], [1, 3]);
    },
  },
  {
    name: 'a request with an Idempotency-Key acts once',
    run: async (api) => {
      const { shopper } = api;
      const [cart, key] = [newCart(), { 'idempotency-key': `"${randomUUID()}"` }];
      const one = custom({ sku: 'once' });
      const first = await shopper('POST', `${cart}/items`, one, key);
      const second = await shopper('POST', `${cart}/items`, one, key);
      assert.deepEqual([second.status, second.body], [201, first.body]);
      assert.equal((await shopper('GET', `${cart}/items`)).body.data[0].quantity, 1);
      const other = await shopper('POST', `${cart}/items`, custom({ sku: 'other' }), key);
      assert.deepEqual([other.status, other.body.errors[0].title], [422, 'Idempotency-Key reused']);
      const elsewhere = await shopper('POST', `${newCart()}/items`, one, key);
      assert.equal(elsewhere.status, 201);
      const made = await shopper('POST', '/v2/carts', { data: { name: 'N' } }, key);
      const twin = await shopper('POST', '/v2/carts', { data: { name: 'N' } }, key);
      assert.equal(twin.body.data.id, made.body.data.id);
      const scarce = await makeProduct(api, { manage_stock: true, stock: 0 });
      const decided = { 'idempotency-key': randomUUID() };
      const short = await shopper('POST', `${cart}/items`, product(scarce), decided);
      assert.equal(short.status, 400);
      assert.deepEqual((await shopper('POST', `${cart}/items`, product(scarce), decided)).body, short.body);
      for (const wrong of ['a b', '"open', '']) {
        const refused = await shopper('POST', `${cart}/items`, one, { 'idempotency-key': wrong });
        assert.equal(refused.status, 400, wrong);
      }
    },
  },
];
