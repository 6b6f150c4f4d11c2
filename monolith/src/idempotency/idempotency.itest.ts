import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { enableManual, makeOrder, makeProduct, sampleAddress } from '../testing/goods.ts';
import { holdOpen, lockWaiters } from '../testing/locks.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { forgetKeys } from './store.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
  await enableManual(it);
});
after(() => it.close());

const keyed = (key: string) => ({ 'idempotency-key': key });
const order = async (members = {}) => makeOrder(it, randomUUID(), await makeProduct(it, members));
const pay = (id: string, key: string, method = 'purchase', more = {}) =>
  it.shopper('POST', `/v2/orders/${id}/payments`, { data: { gateway: 'manual', method } }, { ...keyed(key), ...more });
const transactions = async (id: string) => (await it.admin('GET', `/v2/orders/${id}/transactions`)).body.data;

describe('a repeated request with the same Idempotency-Key', () => {
  test('creates one order for one checkout', async () => {
    const cart = randomUUID();
    const line = { type: 'cart_item', id: await makeProduct(it), quantity: 1 };
    await it.shopper('POST', `/v2/carts/${cart}/items`, { data: line });
    const data = { customer: { name: 'Ada', email: `${cart}@example.com` }, billing_address: sampleAddress };
    const checkOut = (key: string) => it.shopper('POST', `/v2/carts/${cart}/checkout`, { data }, keyed(key));

    const first = await checkOut('"one"');
    assert.equal(first.status, 201);
    assert.deepEqual(await checkOut('one'), first, 'the bare form is the same key');
    const other = await checkOut('two');
    assert.notEqual(other.body.data.id, first.body.data.id);
    const list = await it.admin('GET', `/v2/orders?filter=eq(email,${cart}@example.com)`);
    assert.equal(list.body.meta.results.total, 2);
  });

  test('pays, captures and refunds once', async () => {
    const id = await order();
    const paid = await pay(id, 'p', 'authorize');
    assert.equal(paid.status, 201);
    assert.deepEqual(await pay(id, 'p', 'authorize'), paid);
    const transaction = `/v2/orders/${id}/transactions/${paid.body.data.id}`;
    const captured = await it.admin('POST', `${transaction}/capture`, undefined, keyed('c'));
    assert.equal(captured.status, 200);
    assert.deepEqual(await it.admin('POST', `${transaction}/capture`, undefined, keyed('c')), captured);
    const part = { data: { amount: 100 } };
    const refunded = await it.admin('POST', `${transaction}/refund`, part, keyed('r'));
    assert.equal(refunded.status, 200);
    assert.deepEqual(await it.admin('POST', `${transaction}/refund`, part, keyed('r')), refunded);
    assert.deepEqual(
      (await transactions(id)).map((row: { transaction_type: string }) => row.transaction_type),
      ['capture', 'refund'],
    );
  });

  test('moves stock once', async () => {
    const id = await makeProduct(it, { stock: 10 });
    const act = () => {
      const data = { type: 'stock-transaction', action: 'decrement', quantity: 3 };
      return it.admin('POST', `/v2/inventories/${id}/transactions`, { data }, keyed('s'));
    };
    assert.deepEqual(await act(), await act());
    const create = () => it.admin('POST', `/v2/inventories/${id}`, { data: { quantity: 5 } }, keyed('t'));
    assert.deepEqual(await create(), await create());
    assert.equal((await it.admin('GET', `/v2/inventories/${id}`)).body.data.available, 12);
  });

  test('is refused with another body, and belongs to its client and its path', async () => {
    const id = await order();
    assert.equal((await pay(id, 'k', 'authorize')).status, 201);
    const reused = await pay(id, 'k', 'purchase');
    assert.equal(reused.status, 422);
    assert.equal(reused.body.errors[0].title, 'Idempotency-Key reused');
    assert.equal((await pay(await order(), 'k', 'purchase')).status, 201, 'another path');
    const body = { data: { gateway: 'manual', method: 'authorize' } };
    const other = await it.admin('POST', `/v2/orders/${id}/payments`, body, keyed('k'));
    assert.equal(other.body.errors[0].title, 'Cannot complete request', 'another kind of token is another client');
    assert.equal((await pay(id, '')).status, 400);
  });

  test('repeats a decision, but no invalid or not-found reply', async () => {
    const product = await makeProduct(it, { manage_stock: true, stock: 1 });
    const [id, rival] = [await makeOrder(it, randomUUID(), product), await makeOrder(it, randomUUID(), product)];
    await pay(rival, 'rival');
    const short = await pay(id, 'short');
    assert.equal(short.status, 400);
    await it.admin('POST', `/v2/inventories/${product}`, { data: { quantity: 5 } });
    assert.deepEqual(await pay(id, 'short'), short, 'decided');
    assert.equal((await pay(id, 'next')).status, 201);

    const path = `/v2/orders/${await order()}/payments`;
    const wrong = { gateway: 'manual', method: 'purchase', amount: 1 };
    assert.equal((await it.shopper('POST', path, { data: wrong }, keyed('v'))).status, 422);
    const right = { gateway: 'manual', method: 'purchase' };
    assert.equal((await it.shopper('POST', path, { data: right }, keyed('v'))).status, 201);
  });

  test('is new again after a day, and the clean-up forgets it', async () => {
    const id = await makeProduct(it, { stock: 10 });
    const act = (quantity: number) => {
      const data = { type: 'stock-transaction', action: 'decrement', quantity };
      return it.admin('POST', `/v2/inventories/${id}/transactions`, { data }, keyed('day'));
    };
    assert.equal((await act(3)).status, 201);
    assert.equal((await act(4)).status, 422);
    it.advance(25 * 3_600_000);
    assert.equal((await act(4)).status, 201);
    assert.equal((await it.admin('GET', `/v2/inventories/${id}`)).body.data.available, 3);
    assert.ok((await forgetKeys(it.shop.db, it.shop.now())) > 0, 'those of the day before');
    assert.equal((await act(4)).status, 201, 'given again: this key is of today');
    assert.equal((await it.admin('GET', `/v2/inventories/${id}`)).body.data.available, 3);
  });
});

describe('a concurrent request with the same key', () => {
  const hold = (id: string) => holdOpen(it, 'select from orders where id = $1 for update', [id]);

  test('waits for its reply', async () => {
    const id = await order();
    const held = await hold(id);
    const first = pay(id, 'twin');
    await lockWaiters(it, 1);
    const second = pay(id, 'twin');
    await lockWaiters(it, 2);
    await held.end('rollback');
    assert.equal((await first).status, 201);
    assert.deepEqual(await second, await first);
    assert.equal((await transactions(id)).length, 1);
  });

  test('is refused with Retry-After when its caller runs out of time', async () => {
    const id = await order();
    const held = await hold(id);
    const first = pay(id, 'late');
    await lockWaiters(it, 1);
    const path = `/v2/orders/${id}/payments`;
    const second = await it.app.inject({
      method: 'POST',
      url: path,
      headers: {
        authorization: it.shopperToken,
        'content-type': 'application/json',
        'idempotency-key': 'late',
        'x-request-timeout-ms': '50',
      },
      payload: JSON.stringify({ data: { gateway: 'manual', method: 'purchase' } }),
    });
    assert.equal(second.statusCode, 409);
    assert.equal(second.headers['retry-after'], '1');
    assert.equal(second.json().errors[0].status, 409);
    await held.end('rollback');
    assert.equal((await first).status, 201);
  });

  test('does the work if the first request fails', async () => {
    const id = await order();
    const held = await hold(id);
    const first = pay(id, 'dies');
    const [process] = await lockWaiters(it, 1);
    const second = pay(id, 'dies');
    await lockWaiters(it, 2);
    await it.shop.db.query('select pg_terminate_backend($1)', [process]);
    assert.equal((await first).status, 503);
    await held.end('rollback');
    assert.equal((await second).status, 201);
    assert.equal((await transactions(id)).length, 1);
  });
});
