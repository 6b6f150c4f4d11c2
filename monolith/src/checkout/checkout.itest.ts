import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { makeCode } from '../promotions/testing.ts';
import { enableManual, makeProduct, sampleAddress } from '../testing/goods.ts';
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

describe('an order costs what its cart shows, to the minor unit', () => {
  type Price = Record<'with_tax' | 'without_tax' | 'tax', { amount: number }>;
  const parts = ['with_tax', 'without_tax', 'tax'] as const;
  const amounts = (price: Price) => parts.map((part) => price[part].amount);
  const sums = (items: { meta: { display_price: Record<keyof Price, { value: { amount: number } }> } }[]) =>
    parts.map((part) => items.reduce((sum, { meta }) => sum + meta.display_price[part].value.amount, 0));
  const setMethod = async (calculation_method: string) =>
    assert.equal((await it.admin('PUT', '/v2/settings', { data: { calculation_method } })).status, 200);

  const lines = fc.array(
    fc.record({
      price: fc.record({ amount: fc.integer({ min: 0, max: 5_000 }), includes_tax: fc.boolean() }),
      quantity: fc.integer({ min: 1, max: 9 }),
      tax: fc.array(fc.record({ rate: fc.constantFrom(0, 0.05, 0.2, 0.055, 10.2) }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 6 },
  );

  for (const method of ['simple', 'line']) {
    test(`by the method \`${method}\`, whatever its lines and promotions`, async () => {
      await setMethod(method);
      const schema = { currencies: [{ currency: 'USD', percentage: 12.345 }] };
      const codes = [await makeCode(it), await makeCode(it, { promotion_type: 'percent_discount', schema })];
      await fc.assert(
        fc.asyncProperty(lines, fc.subarray(codes), async (goods, entered) => {
          const cart = newCart();
          const data = goods.map((line, index) => ({ type: 'custom_item', name: 'N', sku: `n${index}`, ...line }));
          assert.equal((await it.admin('POST', `${cart}/items`, { data })).status, 201);
          // A code that takes nothing off is refused.
          for (const code of entered)
            await it.shopper('POST', `${cart}/items`, { data: { type: 'promotion_item', code } });
          const shown = (await it.shopper('GET', `${cart}/items`)).body;
          const wanted = amounts(shown.meta.display_price);
          assert.deepEqual(sums(shown.data), wanted);
          const { body } = await checkOut(cart);
          assert.deepEqual([amounts(body.data.meta.display_price), sums(body.included.items)], [wanted, wanted]);
        }),
        { numRuns: 20 },
      );
      await setMethod('simple');
    });
  }

  test('by the method `line`, it is paid and refunded in full', async () => {
    await enableManual(it);
    await setMethod('line');
    const cart = newCart();
    const line = { type: 'custom_item', name: 'N', quantity: 3, price: { amount: 1010, includes_tax: false } };
    await it.admin('POST', `${cart}/items`, { data: { ...line, tax: [{ rate: 0.055 }] } });
    await it.shopper('POST', `${cart}/items`, { data: { type: 'promotion_item', code: await makeCode(it) } });
    const { id } = (await checkOut(cart)).body.data;
    await setMethod('simple');
    const due = Math.round((3 * 1010 - 500) * 1.055);
    const pay = { data: { gateway: 'manual', method: 'purchase' } };
    const paid = await it.shopper('POST', `/v2/orders/${id}/payments`, pay);
    assert.deepEqual([paid.status, paid.body.data.amount], [201, due]);
    const refund = `/v2/orders/${id}/transactions/${paid.body.data.id}/refund`;
    assert.equal((await it.admin('POST', refund, { data: { amount: due + 1 } })).status, 422);
    const refunded = await it.admin('POST', refund, { data: { amount: due } });
    assert.deepEqual([refunded.status, refunded.body.data.amount], [200, due], JSON.stringify(refunded.body));
  });
});
