import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

// What the API promises is in test/contract/products-translations.ts.
test('deleting a product deletes its translations', async () => {
  const id = await makeProduct(it);
  await it.admin('PUT', `/v2/products/${id}`, { data: { type: 'product', name: 'X' } }, { 'x-moltin-language': 'fr' });
  assert.equal((await it.admin('DELETE', `/v2/products/${id}`)).status, 204);
  const { rows } = await it.shop.db.query('select from product_translations where product_id = $1', [id]);
  assert.equal(rows.length, 0);
});
