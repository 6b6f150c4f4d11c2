import assert from 'node:assert/strict';
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

// What the API promises is in test/contract/inventories.ts.
describe('stock', () => {
  test('concurrent requests cannot allocate more than the last units', async () => {
    const id = await makeProduct(it, { stock: 3 });
    const replies = await Promise.all(Array.from({ length: 8 }, () => act(id, 'allocate', 1)));
    assert.equal(replies.filter(({ status }) => status === 201).length, 3);
    assert.deepEqual(await stock(id), [3, 0, 3]);
  });
});
