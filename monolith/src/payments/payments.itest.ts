import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { enableManual, makeOrder, makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

const manual = (method: string, more = {}) => ({ data: { gateway: 'manual', method, ...more } });
const pay = (order: string, method: string) => it.shopper('POST', `/v2/orders/${order}/payments`, manual(method));
const order = async (members = {}, quantity = 1) =>
  makeOrder(it, randomUUID(), await makeProduct(it, members), quantity);
const state = async (id: string) => {
  const { status, payment } = (await it.admin('GET', `/v2/orders/${id}`)).body.data;
  return [status, payment];
};

test('a gateway is off at first, and its settings are kept', async () => {
  const unpaid = await order();
  const refused = await pay(unpaid, 'purchase');
  assert.equal(refused.status, 422);
  assert.deepEqual(await state(unpaid), ['incomplete', 'unpaid']);

  const list = await it.admin('GET', '/v2/gateways');
  assert.ok(list.body.data.length >= 8);
  assert.ok(list.body.data.every((gateway: { enabled: boolean }) => gateway.enabled === false));
  const stripe = await it.admin('PUT', '/v2/gateways/stripe', { data: { login: 'sk_test', enabled: true } });
  assert.deepEqual(stripe.body.data, {
    id: 'stripe',
    slug: 'stripe',
    type: 'gateway',
    name: 'Stripe',
    enabled: true,
    login: 'sk_test',
  });
  assert.equal((await it.admin('PUT', '/v2/gateways/stripe', { data: { enabled: 'yes' } })).status, 422);
  assert.equal((await it.admin('PUT', '/v2/gateways/stripe', { data: { login: 5 } })).status, 422);
  for (const slug of ['nothing', 'constructor']) {
    assert.equal((await it.admin('GET', `/v2/gateways/${slug}`)).status, 404);
    assert.equal((await it.admin('PUT', `/v2/gateways/${slug}`, { data: { enabled: true } })).status, 404);
  }
  assert.equal((await it.shopper('GET', '/v2/gateways')).status, 403);
  await enableManual(it);
  assert.equal((await it.admin('GET', '/v2/gateways/manual')).body.data.enabled, true);
});

describe('the manual gateway', () => {
  test('authorizes, captures, refunds', async () => {
    const id = await order({ manage_stock: true, stock: 4 }, 3);
    const made = await pay(id, 'authorize');
    assert.equal(made.status, 201);
    const { data } = made.body;
    assert.deepEqual(
      [data.transaction_type, data['transaction-type'], data.status],
      ['authorize', 'authorize', 'complete'],
    );
    assert.deepEqual([data.amount, data.currency, data.reference], [3000, 'USD', 'manual']);
    assert.equal(data.meta.display_price.formatted, '$30.00');
    assert.deepEqual(data.relationships.order.data, { type: 'order', id });
    assert.deepEqual(await state(id), ['processing', 'authorized']);

    const one = `/v2/orders/${id}/transactions/${data.id}`;
    assert.equal((await it.shopper('POST', `${one}/capture`)).status, 403);
    assert.equal((await it.admin('POST', `${one}/refund`)).status, 422);
    const captured = await it.admin('POST', `${one}/capture`, { data: { custom_reference: 'bank 7' } });
    assert.equal(captured.status, 200);
    assert.deepEqual([captured.body.data.transaction_type, captured.body.data.custom_reference], ['capture', 'bank 7']);
    assert.deepEqual(await state(id), ['complete', 'paid']);
    assert.equal((await it.admin('POST', `${one}/capture`)).status, 422);
    assert.equal((await pay(id, 'purchase')).status, 422);

    const refund = await it.admin('POST', `${one}/refund`, { data: {} });
    assert.deepEqual([refund.body.data.transaction_type, refund.body.data.amount], ['refund', 3000]);
    assert.deepEqual(await state(id), ['complete', 'refunded']);
    assert.equal((await it.admin('POST', `${one}/refund`)).status, 422);
    const all = await it.admin('GET', `/v2/orders/${id}/transactions`);
    assert.deepEqual(
      all.body.data.map((row: { transaction_type: string }) => row.transaction_type),
      ['capture', 'refund'],
    );
    assert.equal((await it.admin('GET', one)).body.data.id, data.id);
  });

  test('refunds in parts, and no more than was paid', async () => {
    const id = await order();
    const { data } = (await pay(id, 'purchase')).body;
    const refund = (amount: number) =>
      it.admin('POST', `/v2/orders/${id}/transactions/${data.id}/refund`, { data: { amount } });
    assert.equal((await refund(400)).body.data.amount, 400);
    assert.deepEqual(await state(id), ['complete', 'paid']);
    assert.equal((await refund(601)).status, 422);
    assert.equal((await refund(600)).status, 200);
    assert.deepEqual(await state(id), ['complete', 'refunded']);
    for (const amount of [-1, 0, 1.5, 1e300]) assert.equal((await refund(amount)).status, 422);
  });

  test('captures an authorization through a payment too', async () => {
    const id = await order();
    const { data } = (await pay(id, 'authorize')).body;
    const captured = await pay(id, 'capture');
    assert.equal(captured.body.data.id, data.id);
    assert.deepEqual(await state(id), ['complete', 'paid']);
  });

  test('refuses invalid requests', async () => {
    const id = await order();
    const tries = [
      {},
      { gateway: 'manual' },
      { gateway: 'manual', method: 'steal' },
      { gateway: 5, method: 'purchase' },
    ];
    const unusable = [
      { gateway: 'nothing', method: 'purchase' },
      { gateway: 'stripe', method: 'purchase' },
    ];
    const pay = async (data: object) => (await it.shopper('POST', `/v2/orders/${id}/payments`, { data })).status;
    for (const data of [...tries, ...unusable]) assert.equal(await pay(data), 422, JSON.stringify(data));
    assert.equal(await pay({ gateway: 'a\0b', method: 'purchase' }), 400, 'no body may hold NUL');
    assert.equal(
      (await it.shopper('POST', `/v2/orders/${id}/payments`, manual('purchase', { amount: 1 }))).status,
      422,
    );
    assert.equal((await it.shopper('POST', `/v2/orders/${id}/payments`, '{"data": undefined}')).status, 400);
    assert.equal((await it.admin('POST', `/v2/orders/${id}/transactions/nonsense/capture`)).status, 404);
    assert.equal((await it.admin('GET', `/v2/orders/${id}/transactions/${randomUUID()}`)).status, 404);
    assert.deepEqual(await state(id), ['incomplete', 'unpaid']);
  });
});

describe('concurrently', () => {
  test('only one of many payments of an order succeeds', async () => {
    const id = await order({ manage_stock: true, stock: 100 });
    const replies = await Promise.all(Array.from({ length: 12 }, () => pay(id, 'purchase')));
    assert.equal(replies.filter(({ status }) => status === 201).length, 1);
    assert.equal(replies.filter(({ status }) => status === 422).length, 11);
    assert.equal((await it.admin('GET', `/v2/orders/${id}/transactions`)).body.data.length, 1);
  });

  test('only one of many captures succeeds', async () => {
    const id = await order();
    const { data } = (await pay(id, 'authorize')).body;
    const capture = () => it.admin('POST', `/v2/orders/${id}/transactions/${data.id}/capture`);
    const replies = await Promise.all(Array.from({ length: 6 }, capture));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
  });

  test('stock is not oversold', async () => {
    const [one, two] = [
      await makeProduct(it, { manage_stock: true, stock: 3 }),
      await makeProduct(it, { manage_stock: true, stock: 3 }),
    ];
    const orders: string[] = [];
    for (let index = 0; index < 8; index += 1) {
      // Half of them in reverse order, so that careless locking would deadlock.
      const cart = randomUUID();
      const [first, second] = index % 2 === 0 ? [one, two] : [two, one];
      await it.shopper('POST', `/v2/carts/${cart}/items`, { data: { type: 'cart_item', id: first, quantity: 1 } });
      orders.push(await makeOrder(it, cart, second));
    }
    const replies = await Promise.all(orders.map((id) => pay(id, 'authorize')));
    assert.equal(replies.filter(({ status }) => status === 201).length, 3);
    assert.ok(replies.every(({ status, body }) => status === 201 || body.errors[0].title === 'Insufficient stock'));
    for (const id of [one, two]) {
      const { total, available, allocated } = (await it.admin('GET', `/v2/inventories/${id}`)).body.data;
      assert.deepEqual([total, available, allocated], [3, 0, 3]);
    }
  });

  test('many carts fill and check out without waiting for each other', async () => {
    const id = await makeProduct(it, { manage_stock: true, stock: 1000 });
    const made = await Promise.all(Array.from({ length: 30 }, () => makeOrder(it, randomUUID(), id)));
    assert.equal(new Set(made).size, 30);
  });
});
