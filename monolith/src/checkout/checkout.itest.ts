import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { makeProduct, sampleAddress } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

const guest = {
  customer: { name: 'Ada', email: 'ada@example.com' },
  billing_address: sampleAddress,
  shipping_address: sampleAddress,
};

async function fill(cart: string): Promise<void> {
  const line = { type: 'cart_item', id: await makeProduct(it), quantity: 2 };
  assert.equal((await it.shopper('POST', `${cart}/items`, { data: line })).status, 201);
}
const newCart = () => `/v2/carts/${randomUUID()}`;
const checkOut = (cart: string) => it.shopper('POST', `${cart}/checkout`, { data: guest });

// What the API promises is in test/contract/checkout.ts.
describe('checkout', () => {
  test('is the same when debt 23 is paid', async () => {
    const paid = await openTestShop(['checkout-locks', 'audit-rows-in-request']);
    try {
      const id = await makeProduct(paid, { manage_stock: true, stock: 2 });
      const cart = newCart();
      await paid.shopper('POST', `${cart}/items`, { data: { type: 'cart_item', id, quantity: 2 } });
      assert.equal((await paid.shopper('POST', `${cart}/checkout`, { data: guest })).status, 201);
      const rows = await paid.shop.db.query('select from audit_log');
      assert.equal(rows.rowCount, 0);
    } finally {
      await paid.close();
    }
  });

  test('leaves an audit row of who did it', async () => {
    const cart = newCart();
    await fill(cart);
    const { id } = (await checkOut(cart)).body.data;
    const { rows } = await it.shop.db.query('select actor, action, entity from audit_log where entity_id = $1', [id]);
    assert.deepEqual(rows, [{ actor: 'tests', action: 'created', entity: 'order' }]);
  });
});
