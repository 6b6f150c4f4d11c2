import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

const french = { 'x-moltin-language': 'fr' };
const texts = async (path: string, headers = {}) => {
  const { data } = (await it.shopper('GET', path, undefined, headers)).body;
  const { name, description } = Array.isArray(data) ? data[0] : data;
  return [name, description];
};

test('a translation shows in its language only, and untranslated texts stay unchanged', async () => {
  const id = await makeProduct(it, { name: 'Chair', description: 'Oak', slug: 'chair' });
  const path = `/v2/products/${id}`;
  const change = { data: { type: 'product', name: 'Chaise', slug: 'chair-2' } };
  const { status, body } = await it.admin('PUT', path, change, french);
  assert.deepEqual([status, body.data.name, body.data.description], [200, 'Chaise', 'Oak']);
  assert.equal(body.data.slug, 'chair-2', 'what is no text belongs to the product');

  assert.deepEqual(await texts(path), ['Chair', 'Oak']);
  assert.deepEqual(await texts(path, french), ['Chaise', 'Oak']);
  assert.deepEqual(await texts(path, { 'x-moltin-language': 'FR-ca' }), ['Chaise', 'Oak']);
  assert.deepEqual(await texts(path, { 'x-moltin-language': 'de' }), ['Chair', 'Oak']);
  const list = '/v2/products?filter=eq(slug,chair-2)';
  assert.deepEqual(await texts(list, french), ['Chaise', 'Oak']);
  assert.deepEqual(await texts(list), ['Chair', 'Oak']);

  await it.admin('PUT', path, { data: { type: 'product', description: 'Chêne' } }, french);
  await it.admin('PUT', path, { data: { type: 'product', name: 'Seat' } });
  assert.deepEqual(await texts(path, french), ['Chaise', 'Chêne']);
  assert.deepEqual(await texts(path), ['Seat', 'Oak']);
});

test('a header that names no language is refused before anything is written', async () => {
  const id = await makeProduct(it, { name: 'Table' });
  for (const language of ['french', 'f', 'fr,de', "fr'", '1']) {
    const headers = { 'x-moltin-language': language };
    const { status } = await it.admin('PUT', `/v2/products/${id}`, { data: { type: 'product', name: 'X' } }, headers);
    assert.equal(status, 400, language);
  }
  assert.equal((await texts(`/v2/products/${id}`))[0], 'Table');
  assert.equal((await texts(`/v2/products/${id}`, { 'x-moltin-language': '' }))[0], 'Table');
});

test('deleting a product deletes its translations', async () => {
  const id = await makeProduct(it);
  await it.admin('PUT', `/v2/products/${id}`, { data: { type: 'product', name: 'X' } }, french);
  assert.equal((await it.admin('DELETE', `/v2/products/${id}`)).status, 204);
  const { rows } = await it.shop.db.query('select from product_translations where product_id = $1', [id]);
  assert.equal(rows.length, 0);
});
