import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { DebtName } from '../debts.ts';
import { enableManual, makeProduct, sampleAddress } from '../testing/goods.ts';
import { holdOpen, lockWaiters } from '../testing/locks.ts';
import { openTestShop, type Reply, type TestShop } from '../testing/open-shop.ts';
import { makeCode, makePromotion } from './testing.ts';

const debts: [string, DebtName[]][] = [
  ['debts owed', []],
  ['debts paid', ['promotions-read-whole']],
];

for (const [title, paid] of debts) {
  describe(`discounts, ${title}`, () => {
    let it: TestShop;
    before(async () => {
      it = await openTestShop(paid);
      await enableManual(it);
    });
    after(() => it.close());

    /** A new cart with goods of 10 dollars each. */
    async function cartOf(quantity: number, members: Record<string, unknown> = {}): Promise<string> {
      const path = `/v2/carts/${randomUUID()}`;
      const id = await makeProduct(it, members);
      const added = await it.shopper('POST', `${path}/items`, { data: { type: 'cart_item', id, quantity } });
      assert.equal(added.status, 201);
      return path;
    }
    const enter = (cart: string, code: string) =>
      it.shopper('POST', `${cart}/items`, { data: { type: 'promotion_item', code } });
    const buyer = { customer: { name: 'Ada', email: 'ada@example.com' }, billing_address: sampleAddress };
    const checkOut = (cart: string, members: object = {}) =>
      it.shopper('POST', `${cart}/checkout`, { data: { ...buyer, ...members } });
    const amounts = ({ body }: Reply) => {
      const { with_tax, without_tax, tax } = (body.data.meta ?? body.meta).display_price;
      return [with_tax.amount, without_tax.amount, tax.amount];
    };
    const prices = async (cart: string) => amounts(await it.shopper('GET', cart));

    test('a code is a line of the cart, once, with a message', async () => {
      const code = await makeCode(it);
      const cart = await cartOf(2);
      const added = await enter(cart, code);
      assert.equal(added.status, 201, JSON.stringify(added.body));
      const [, line] = added.body.data;
      const minusFive = { amount: -500, currency: 'USD', formatted: '-$5.00' };
      const none = { amount: 0, currency: 'USD', formatted: '$0.00' };
      const price = { amount: -500, currency: 'USD', includes_tax: false };
      const { id, promotion_id, meta, ...rest } = line;
      assert.ok(id && promotion_id);
      assert.deepEqual(rest, {
        ...{ type: 'promotion_item', name: 'Five off', description: 'For all', sku: code, quantity: 1 },
        ...{ manage_stock: false, image: { mime_type: '', file_name: '', href: '' }, links: {} },
        ...{ unit_price: price, value: price },
      });
      assert.deepEqual(meta.display_price, {
        with_tax: { unit: minusFive, value: minusFive },
        without_tax: { unit: minusFive, value: minusFive },
        tax: { unit: none, value: none },
      });
      assert.deepEqual(added.body.meta.messages, [
        {
          source: { type: 'promotion_item', id },
          title: 'Promotion Added',
          description: 'Five off has been added to your cart',
        },
      ]);
      assert.deepEqual(amounts(added), [1500, 1500, 0]);
      const again = await enter(cart, code);
      assert.deepEqual([again.status, again.body.data.length], [201, 2]);
      const shown = (await it.shopper('GET', `${cart}?include=items`)).body;
      assert.equal(shown.included.items.length, 2);
      assert.equal(shown.data.relationships.items.data.length, 2);
      assert.equal(shown.data.meta.display_price.discount.amount, -500);
      assert.equal(shown.data.meta.display_price.without_discount.amount, 2000);
      const { body } = await it.admin('GET', '/v2/carts');
      const listed = body.data.find((one: { id: string }) => `/v2/carts/${one.id}` === cart);
      assert.equal(listed.meta.display_price.with_tax.amount, 1500);
    });

    test('wrong codes: unknown, disabled, ended, not begun are 404; an empty cart is 422', async () => {
      const cart = await cartOf(1);
      const disabled = await makeCode(it, { enabled: false });
      const ended = await makeCode(it, { end: '2018-06-01' });
      const early = await makeCode(it, { start: '2098-01-01' });
      const auto = await makePromotion(it, { automatic: true, enabled: false });
      for (const code of ['NONE', disabled, ended, early, `auto_${auto}`]) {
        const { status, body } = await enter(cart, code);
        assert.deepEqual(
          [status, body.errors[0].detail],
          [404, 'No promotion could be found with the given code.'],
          code,
        );
      }
      assert.equal((await enter(cart, '')).status, 422);
      const { status, body } = await enter(`/v2/carts/${randomUUID()}`, await makeCode(it));
      assert.equal(status, 422);
      assert.equal(
        body.errors[0].detail,
        'At least one product must be included in your cart to qualify for this offer',
      );
      const dear = await makeCode(it, { min_cart_value: [{ currency: 'USD', amount: 5000 }] });
      assert.equal((await enter(cart, dear)).status, 422, 'the cart does not qualify');
    });

    test('the discount follows the cart, and leaves with the last goods', async () => {
      const half = { currencies: [{ currency: 'USD', percentage: 50 }] };
      const code = await makeCode(it, { promotion_type: 'percent_discount', schema: half });
      const cart = await cartOf(2);
      const [item, line] = (await enter(cart, code)).body.data;
      assert.deepEqual(await prices(cart), [1000, 1000, 0]);
      const more = await it.shopper('PUT', `${cart}/items/${item.id}`, { data: { quantity: 4 } });
      assert.deepEqual([amounts(more), more.body.data[1].value.amount], [[2000, 2000, 0], -2000]);
      assert.equal((await it.shopper('PUT', `${cart}/items/${line.id}`, { data: { quantity: 2 } })).status, 400);
      assert.equal((await it.shopper('PUT', `${cart}/items/${line.id}`, { data: { quantity: 1 } })).status, 200);
      const gone = await it.shopper('DELETE', `${cart}/items/${line.id}`);
      assert.deepEqual([amounts(gone), gone.body.data.length], [[4000, 4000, 0], 1]);
      await enter(cart, code);
      assert.equal((await it.shopper('DELETE', `${cart}/discounts/${code}`)).status, 204);
      assert.equal((await it.shopper('DELETE', `${cart}/discounts/${code}`)).status, 404);
      assert.deepEqual(await prices(cart), [4000, 4000, 0]);
      await enter(cart, code);
      const empty = await it.shopper('DELETE', `${cart}/items`);
      assert.deepEqual(empty.body.data, []);
      const id = await makeProduct(it);
      await it.shopper('POST', `${cart}/items`, { data: { type: 'cart_item', id, quantity: 1 } });
      assert.deepEqual(await prices(cart), [1000, 1000, 0], 'the code left with the goods');
    });

    test('no total is below zero, whatever the codes and the taxes', async () => {
      const cart = await cartOf(1, { price: [{ amount: 1000, currency: 'USD', includes_tax: false }] });
      const [item] = (await it.shopper('GET', `${cart}/items`)).body.data;
      await it.admin('POST', `${cart}/items/${item.id}/taxes`, { data: { type: 'tax_item', name: 'V', rate: 0.2 } });
      assert.deepEqual(await prices(cart), [1200, 1000, 200]);
      const most = { currencies: [{ currency: 'USD', amount: 1100 }] };
      await enter(cart, await makeCode(it, { schema: most }));
      assert.deepEqual(await prices(cart), [100, 0, 100]);
      await enter(cart, await makeCode(it));
      assert.deepEqual(await prices(cart), [0, 0, 0]);
      const order = await checkOut(cart);
      assert.deepEqual([order.status, amounts(order)], [201, [0, 0, 0]]);
    });

    test('an order costs what its cart showed, and its items add up', async () => {
      const code = await makeCode(it);
      const cart = await cartOf(3);
      await enter(cart, code);
      const order = await checkOut(cart);
      assert.equal(order.status, 201, JSON.stringify(order.body));
      assert.deepEqual(amounts(order), await prices(cart));
      const { items } = order.body.included;
      const values = items.map((each: { value: { amount: number } }) => each.value.amount);
      assert.deepEqual(values, [3000, -500]);
      assert.deepEqual([items[1].type, items[1].sku], ['order_item', code]);
      assert.equal(order.body.data.relationships.items.data.length, 2);
      const read = await it.admin('GET', `/v2/orders/${order.body.data.id}/items`);
      assert.deepEqual(read.body.data, items);
      const listed = (await it.admin('GET', '/v2/orders?include=items')).body;
      assert.ok(listed.included.items.some((each: { id: string }) => each.id === items[1].id));
      const path = `/v2/orders/${order.body.data.id}/payments`;
      const payment = await it.shopper('POST', path, { data: { gateway: 'manual', method: 'purchase' } });
      assert.deepEqual([payment.status, payment.body.data.amount], [201, 2500]);
    });

    test('a code that ended, was used or was deleted refuses the checkout until it is removed', async () => {
      const id = await makePromotion(it);
      const codes = { type: 'promotion_codes', codes: [{ code: randomUUID() }] };
      await it.admin('POST', `/v2/promotions/${id}/codes`, { data: codes });
      const cart = await cartOf(1);
      const code = codes.codes[0]?.code ?? '';
      await enter(cart, code);
      await it.admin('PUT', `/v2/promotions/${id}`, { data: { enabled: false } });
      assert.deepEqual(await prices(cart), [1000, 1000, 0]);
      const refused = await checkOut(cart);
      assert.equal(refused.status, 422);
      assert.match(refused.body.errors[0].detail, /no longer applies/);
      await it.shopper('DELETE', `${cart}/discounts/${code}`);
      assert.equal((await checkOut(cart)).status, 201);
    });

    test('a code has as many uses as it says; two checkouts at a time: one wins, and the other leaves no order', async () => {
      const code = await makeCode(it, {}, { uses: 1 });
      const carts = [await cartOf(1), await cartOf(1), await cartOf(1)];
      for (const cart of carts) assert.equal((await enter(cart, code)).status, 201);
      const before = (await it.admin('GET', '/v2/orders')).body.meta.results.total;
      const replies = await Promise.all(carts.map((cart) => checkOut(cart)));
      assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 422, 422]);
      assert.equal((await it.admin('GET', '/v2/orders')).body.meta.results.total, before + 1);
      const used = await it.admin('GET', `/v2/promotions?filter=eq(code,${code})`);
      const listed = await it.admin('GET', `/v2/promotions/${used.body.data[0].id}/codes`);
      assert.deepEqual(listed.body.data, [{ code, uses: 1, used: 1 }]);
      assert.equal((await enter(await cartOf(1), code)).status, 422);
    });

    test('the last use belongs to the transaction that holds it, and is free again when that fails', async () => {
      const code = await makeCode(it, {}, { uses: 1 });
      const cart = await cartOf(1);
      await enter(cart, code);
      const held = await holdOpen(
        it,
        'insert into promotion_code_counts (code_id, used) select id, 1 from promotion_codes where code = $1',
        [code],
      );
      const waiting = checkOut(cart);
      await lockWaiters(it, 1);
      await held.end('rollback');
      assert.equal((await waiting).status, 201);
    });

    test('the same checkout twice makes two orders of a code with two uses, and no third', async () => {
      const code = await makeCode(it, {}, { uses: 2 });
      const cart = await cartOf(1);
      await enter(cart, code);
      assert.deepEqual([(await checkOut(cart)).status, (await checkOut(cart)).status], [201, 201]);
      assert.equal((await checkOut(cart)).status, 422);
      const { rows } = await it.shop.db.query('select from promotion_uses where code = $1', [code]);
      assert.equal(rows.length, 2);
    });

    test('a code of one customer is for that customer', async () => {
      const code = await makeCode(it, {}, { user: 'Eve@example.com' });
      const cart = await cartOf(1);
      await enter(cart, code);
      assert.equal((await checkOut(cart)).status, 422);
      const eve = { customer: { name: 'Eve', email: 'eve@EXAMPLE.com' } };
      assert.equal((await checkOut(cart, eve)).status, 201);
    });

    test('an automatic promotion needs no code, and shows only in carts that qualify', async () => {
      const min_cart_value = [{ currency: 'USD', amount: 7000 }];
      const id = await makePromotion(it, { automatic: true, min_cart_value });
      const old = await makePromotion(it, { automatic: true, end: '2018-06-01' });
      const cart = await cartOf(6);
      assert.deepEqual(await prices(cart), [6000, 6000, 0]);
      const [item] = (await it.shopper('GET', `${cart}/items`)).body.data;
      const { body } = await it.shopper('PUT', `${cart}/items/${item.id}`, { data: { quantity: 7 } });
      const [, line] = body.data;
      assert.deepEqual([line.type, line.promotion_id, line.sku], ['promotion_item', id, `auto_${id}`]);
      assert.deepEqual(await prices(cart), [6500, 6500, 0]);
      assert.equal((await it.shopper('GET', `${cart}/items`)).body.data[1].id, line.id, 'the same id at each reading');
      assert.equal((await it.shopper('DELETE', `${cart}/items/${line.id}`)).status, 404);
      const order = await checkOut(cart);
      assert.deepEqual([order.status, amounts(order)], [201, [6500, 6500, 0]]);
      for (const each of [id, old]) await it.admin('DELETE', `/v2/promotions/${each}`);
    });

    test('targets: the third of three is free', async () => {
      const product = await makeProduct(it, { sku: `T-${randomUUID()}` });
      const { sku } = (await it.admin('GET', `/v2/products/${product}`)).body.data;
      const code = await makeCode(it, { promotion_type: 'x_for_y', schema: { x: 3, y: 2, targets: [sku] } });
      const cart = `/v2/carts/${randomUUID()}`;
      const add = (quantity: number) =>
        it.shopper('POST', `${cart}/items`, { data: { type: 'cart_item', id: product, quantity } });
      await add(2);
      assert.equal((await enter(cart, code)).status, 422);
      await add(1);
      assert.deepEqual(amounts(await enter(cart, code)), [2000, 2000, 0]);
    });

    test('in a list, the code may come with its goods', async () => {
      const code = await makeCode(it);
      const id = await makeProduct(it);
      const data = [
        { type: 'cart_item', id, quantity: 1 },
        { type: 'promotion_item', code },
        { type: 'promotion_item', code: 'NONE' },
      ];
      const { status, body } = await it.shopper('POST', `/v2/carts/${randomUUID()}/items`, { data });
      assert.deepEqual([status, body.data.length, body.errors[0].status], [201, 2, 404]);
    });
  });
}
