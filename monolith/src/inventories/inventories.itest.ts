import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

const act = (id: string, action: string, quantity: unknown) =>
  it.admin('POST', `/v2/inventories/${id}/transactions`, { data: { type: 'stock-transaction', action, quantity } });
const stock = async (id: string) => {
  const { total, available, allocated } = (await it.shopper('GET', `/v2/inventories/${id}`)).body.data;
  return [total, available, allocated];
};

describe('stock', () => {
  test('each action changes its own columns', async () => {
    const id = await makeProduct(it, { stock: 10 });
    assert.deepEqual(await stock(id), [10, 10, 0]);
    const made = await act(id, 'allocate', 4);
    assert.equal(made.status, 201);
    assert.equal(made.body.data.product_id, id);
    assert.deepEqual(await stock(id), [10, 6, 4]);
    await act(id, 'deallocate', 1);
    await act(id, 'decrement', 2);
    await act(id, 'increment', 5);
    assert.deepEqual(await stock(id), [13, 10, 3]);

    const { body } = await it.admin('GET', `/v2/inventories/${id}/transactions`);
    assert.deepEqual(
      body.data.map((row: { action: string; quantity: number }) => [row.action, row.quantity]),
      [
        ['create', 10],
        ['allocate', 4],
        ['deallocate', 1],
        ['decrement', 2],
        ['increment', 5],
      ],
    );
    const one = await it.admin('GET', `/v2/inventories/${id}/transactions/${made.body.data.id}`);
    assert.deepEqual(one.body.data, made.body.data);
  });

  test('422 below zero, and nothing is recorded', async () => {
    const id = await makeProduct(it, { stock: 1 });
    for (const action of ['decrement', 'allocate', 'deallocate']) {
      const { status, body } = await act(id, action, 2);
      assert.equal(status, 422);
      assert.equal(body.errors[0].detail, 'Your request could not be completed due to insufficient stock levels');
    }
    assert.equal((await it.admin('GET', `/v2/inventories/${id}/transactions`)).body.data.length, 1);
  });

  test('invalid quantities and actions are 422', async () => {
    const id = await makeProduct(it);
    for (const quantity of [-1, 0, 1.5, '3', 1e300, null])
      assert.equal((await act(id, 'increment', quantity)).status, 422);
    assert.equal((await act(id, 'create', 1)).status, 422);
    assert.deepEqual(await stock(id), [0, 0, 0]);
  });

  test('concurrent requests cannot allocate more than the last units', async () => {
    const id = await makeProduct(it, { stock: 3 });
    const replies = await Promise.all(Array.from({ length: 8 }, () => act(id, 'allocate', 1)));
    assert.equal(replies.filter(({ status }) => status === 201).length, 3);
    assert.deepEqual(await stock(id), [3, 0, 3]);
  });

  test('an unknown product is 404; shoppers may read but not change stock', async () => {
    for (const id of ['nonsense', randomUUID()]) {
      assert.equal((await it.shopper('GET', `/v2/inventories/${id}`)).status, 404);
      assert.equal((await act(id, 'increment', 1)).status, 404);
    }
    const id = await makeProduct(it);
    const data = { type: 'stock-transaction', action: 'increment', quantity: 1 };
    assert.equal((await it.shopper('POST', `/v2/inventories/${id}/transactions`, { data })).status, 403);
    const many = await it.shopper('POST', '/v2/inventories/multiple', { data: [{ id }, { id: 'nonsense' }] });
    assert.deepEqual(many.body.data, [{ id, type: 'stock', total: 0, available: 0, allocated: 0 }]);
    assert.ok((await it.shopper('GET', '/v2/inventories?page[limit]=1')).body.meta.results.total > 1);
  });

  test('a record can be created, and deleted unless some of its goods are allocated', async () => {
    const id = await makeProduct(it, { stock: 5 });
    await act(id, 'allocate', 1);
    assert.equal((await it.admin('DELETE', `/v2/inventories/${id}`)).status, 422);
    await act(id, 'deallocate', 1);
    assert.equal((await it.admin('DELETE', `/v2/inventories/${id}`)).status, 204);
    assert.deepEqual(await stock(id), [0, 0, 0]);
    assert.equal((await it.admin('POST', `/v2/inventories/${id}`, { data: { quantity: 2 } })).status, 201);
    assert.deepEqual(await stock(id), [2, 2, 0]);
  });
});
