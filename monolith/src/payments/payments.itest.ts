import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { enableManual, makeOrder, makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
  await enableManual(it);
});
after(() => it.close());

const pay = (order: string, method: string) =>
  it.shopper('POST', `/v2/orders/${order}/payments`, { data: { gateway: 'manual', method } });
const order = async (members = {}, quantity = 1) =>
  makeOrder(it, randomUUID(), await makeProduct(it, members), quantity);
// What the API promises is in test/contract/payments.ts.
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
