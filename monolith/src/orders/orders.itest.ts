import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeOrder, makeProduct } from '../testing/goods.ts';
import { openTestShop } from '../testing/open-shop.ts';

// What the API promises is in test/contract/orders.ts.
describe('orders', () => {
  test('show the same with the items read in one query', async () => {
    const paid = await openTestShop(['order-items-one-by-one']);
    try {
      const product = await makeProduct(paid);
      const ids = [await makeOrder(paid, 'a', product), await makeOrder(paid, 'b', product)];
      const { body } = await paid.admin('GET', '/v2/orders?include=items');
      assert.deepEqual(
        body.data.map((order: { id: string; relationships: { items: { data: [] } } }) => [
          order.id,
          order.relationships.items.data.length,
        ]),
        ids.reverse().map((id) => [id, 1]),
      );
      assert.equal(body.included.items.length, 2);
    } finally {
      await paid.close();
    }
  });
});
