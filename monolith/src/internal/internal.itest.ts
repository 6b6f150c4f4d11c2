import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop([], { introspection: { clientId: 'services', clientSecret: 'let me ask' } });
});
after(() => it.close());

const basic = `Basic ${Buffer.from('services:let me ask').toString('base64')}`;
const ask = async (path: string, authorization = basic) => {
  const reply = await it.app.inject({ url: path, headers: { authorization } });
  return { status: reply.statusCode, body: reply.json() };
};

test('services read the products of groups, also of groups that are not kept here', async () => {
  const data = { type: 'brand', name: 'B', slug: randomUUID() };
  const brand = (await it.admin('POST', '/v2/brands', { data })).body.data.id;
  const [live, draft] = [await makeProduct(it), await makeProduct(it, { status: 'draft' })];
  for (const product of [draft, live]) {
    await it.admin('POST', `/v2/products/${product}/relationships/brands`, { data: [{ type: 'brand', id: brand }] });
  }
  const path = `/internal/links/brands?ids=${brand},${randomUUID()}`;
  assert.deepEqual((await ask(path)).body, { data: [{ id: brand, products: [live, draft] }] });
  assert.deepEqual((await ask(`${path}&live=true`)).body, { data: [{ id: brand, products: [live] }] });
  const ordered = (await ask(`${path}&order=true`)).body;
  assert.deepEqual(ordered, { data: [{ id: brand, products: [live, draft] }], meta: { order: [live, draft] } });
  for (const ids of ['', 'x', `${brand},`, Array(101).fill(brand).join(',')]) {
    assert.equal((await ask(`/internal/links/brands?ids=${ids}`)).status, 400, ids);
  }
});

test('services read the length of a page', async () => {
  assert.deepEqual((await ask('/internal/settings')).body, { data: { page_length: 100 } });
});

test('services ask who a customer token belongs to', async () => {
  const [email, password] = [`${randomUUID()}@example.com`, 'secret'];
  const customer = { type: 'customer', name: 'Ada', email, password };
  const { id } = (await it.admin('POST', '/v2/customers', { data: customer })).body.data;
  const signIn = { data: { type: 'token', email, password } };
  const { token, expires } = (await it.shopper('POST', '/v2/customers/tokens', signIn)).body.data;
  const introspect = async (text: string, hint = 'customer_token') => {
    const headers = { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' };
    const payload = new URLSearchParams({ token: text, token_type_hint: hint }).toString();
    return (await it.app.inject({ method: 'POST', url: '/oauth/introspect', headers, payload })).json();
  };
  assert.deepEqual(await introspect(token), { active: true, sub: id, exp: expires });
  for (const wrong of [`${token}x`, 'x', it.adminToken.slice('Bearer '.length)]) {
    assert.deepEqual(await introspect(wrong), { active: false });
  }
  assert.deepEqual(await introspect(token, 'access_token'), { active: false });
  await it.admin('DELETE', `/v2/customers/${id}`);
  assert.deepEqual(await introspect(token), { active: false });
});

test('clients of the API do not', async () => {
  for (const path of ['/internal/settings', `/internal/links/brands?ids=${randomUUID()}`]) {
    for (const authorization of [it.adminToken, it.shopperToken, `Basic x`, '']) {
      assert.equal((await ask(path, authorization)).status, 401, `${path} ${authorization}`);
    }
  }
});
