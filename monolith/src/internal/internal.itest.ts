import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fieldOn, flowNamed } from '../flows/testing.ts';
import { makeCode, makePromotion } from '../promotions/testing.ts';
import { makeOrder, makeProduct } from '../testing/goods.ts';
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

test('services read the fields of an entity, and which targets of links exist', async () => {
  assert.deepEqual((await ask('/internal/fields?slug=brands')).body, { data: { flow: null, fields: [] } });
  const flow = await flowNamed(it, 'brands');
  const rule = { type: 'one-to-many', to: 'product' };
  const linked = await fieldOn(it, 'brands', {
    slug: 'b',
    order: 2,
    field_type: 'relationship',
    validation_rules: [rule],
  });
  const id = await fieldOn(it, 'brands', { slug: 'a', order: 1, unique: true });
  await fieldOn(it, 'brands', { slug: 'off', enabled: false });
  const { data } = (await ask('/internal/fields?slug=brands')).body;
  assert.deepEqual(data.flow, { id: flow, slug: 'brands' });
  assert.deepEqual(data.fields[0], {
    ...{ id, slug: 'a', name: 'a', description: '', field_type: 'string', required: false, unique: true },
    ...{ default: null, omit_null: false, validation_rules: [] },
  });
  assert.deepEqual([data.fields[1].id, data.fields[1].validation_rules, data.fields.length], [linked, [rule], 2]);
  assert.deepEqual(data.fields[1].target, { plural: 'products', seen_by: 'everyone' });
  await it.admin('PUT', '/v2/flows/brands', { data: { enabled: false } });
  assert.deepEqual((await ask('/internal/fields?slug=brands')).body.data.fields, []);
  await it.admin('DELETE', '/v2/flows/brands');

  const product = await makeProduct(it);
  const targets = (to: string, ids: readonly string[]) =>
    ask(`/internal/fields/targets?to=${to}${ids.map((id) => `&id=${encodeURIComponent(id)}`).join('')}`);
  const found = await targets('product', [product, randomUUID(), 'x, é&']);
  assert.deepEqual(found.body, { data: { type: 'product', ids: [product] } });
  assert.deepEqual((await targets('nothing', [product])).body, { data: { type: null, ids: [] } });
  assert.deepEqual((await targets('product', [])).body, { data: { type: 'product', ids: [] } });
  assert.equal((await targets('product', Array(101).fill(product))).status, 400);
  assert.equal((await ask(`/internal/fields/targets?to=product&id=${product}%00`)).status, 400);
  assert.deepEqual((await ask(`/internal/targets/product?id=${product}&id=${randomUUID()}`)).body, { data: [product] });
  for (const none of ['flow', 'products', 'toString']) {
    assert.equal((await ask(`/internal/targets/${none}?id=${product}`)).status, 404, none);
  }
});

test('services read who owns what a field leads to and who sees it, and the entries of a flow', async () => {
  const authors = await flowNamed(it, 'authors');
  await fieldOn(it, 'authors', { slug: 'called' });
  await flowNamed(it, 'brands');
  const leadsTo = ['customer', 'promotion', 'authors', 'cart'];
  for (const [order, to] of leadsTo.entries()) {
    const validation_rules = [{ type: 'one-to-one', to }];
    await fieldOn(it, 'brands', { slug: `f${order}`, order, field_type: 'relationship', validation_rules });
  }
  const { fields } = (await ask('/internal/fields?slug=brands')).body.data;
  assert.deepEqual(
    fields.map(({ target }: { target: object | null }) => target),
    [
      { plural: 'customers', seen_by: 'administrators_alone' },
      { plural: 'promotions', seen_by: 'administrators' },
      null,
      null,
    ],
  );
  const data = { type: 'entry', called: 'Ada' };
  const ada = (await it.admin('POST', '/v2/flows/authors/entries', { data })).body.data;
  const entries = (to: string, ...ids: string[]) => ask(`/internal/fields/entries?to=${to}&ids=${ids.join(',')}`);
  assert.deepEqual((await entries('authors', randomUUID(), ada.id, 'x')).body, { data: [ada] });
  for (const to of ['cart', 'none', 'carts']) assert.deepEqual((await entries(to, ada.id)).body, { data: [] });
  await it.admin('DELETE', `/v2/flows/${authors}`);
  await it.admin('DELETE', '/v2/flows/brands');
});

test('services read products by id and SKU with all prices, drafts too, and their stock', async () => {
  const price = [
    { amount: 1000, currency: 'USD', includes_tax: true },
    { amount: 900, currency: 'EUR', includes_tax: false },
  ];
  const sku = `sku, with & comma ${randomUUID()}`;
  const [one, other] = [
    await makeProduct(it, { price, status: 'draft', manage_stock: true, stock: 7 }),
    await makeProduct(it, { sku }),
  ];
  const path = `/internal/products?id=${one}&id=${randomUUID()}&sku=${encodeURIComponent(sku)}&sku=none`;
  const { body } = await ask(path);
  const found = new Map<string, Record<string, unknown>>(body.data.map((row: { id: string }) => [row.id, row]));
  assert.deepEqual([...found.keys()].sort(), [one, other].sort());
  assert.deepEqual(found.get(one)?.prices, {
    USD: { amount: 1000, includes_tax: true },
    EUR: { amount: 900, includes_tax: false },
  });
  assert.deepEqual([found.get(one)?.status, found.get(one)?.manage_stock, found.get(other)?.sku], ['draft', true, sku]);
  const stock = await ask(`/internal/stock?id=${one}`);
  assert.deepEqual(stock.body, { data: [{ id: one, available: 7 }] });
  assert.deepEqual((await ask(`/internal/images?id=${one}`)).body, { data: [] });
  for (const wrong of ['id=x', 'sku=%00', `${'sku=a&'.repeat(101)}`]) {
    assert.equal((await ask(`/internal/products?${wrong}`)).status, 400, wrong);
  }
});

test('services ask which customers exist', async () => {
  const data = { type: 'customer', name: 'Ada', email: `${randomUUID()}@example.com` };
  const { id } = (await it.admin('POST', '/v2/customers', { data })).body.data;
  assert.deepEqual((await ask(`/internal/customers?id=${id}&id=${randomUUID()}`)).body, { data: [{ id }] });
});

test('services read codes with their promotions, and the automatic promotions that run', async () => {
  const ended = await makePromotion(it, { end: '2018-06-01' });
  const automatic = await makePromotion(it, { automatic: true });
  const old = await makePromotion(it, { automatic: true, end: '2018-06-01' });
  const [used, mine] = [await makeCode(it, {}, { uses: 1 }), await makeCode(it, {}, { user: 'Eve@example.com' })];
  await it.shop.db.query('insert into promotion_code_counts select id, 1 from promotion_codes where code = $1', [used]);
  const gone = randomUUID();
  const codes = { type: 'promotion_codes', codes: [{ code: gone }] };
  await it.admin('POST', `/v2/promotions/${ended}/codes`, { data: codes });
  const { body } = await ask(`/internal/promotions?code=${used}&code=${mine}&code=${gone}&code=none&automatic=true`);
  const shown = body.data.map((row: { running: boolean; code: object | null }) => [row.running, row.code]);
  assert.deepEqual(
    new Set(shown.slice(0, 3).map((row: unknown) => JSON.stringify(row))),
    new Set(
      [
        [true, { text: used, for_customer: null, used_up: true }],
        [true, { text: mine, for_customer: 'Eve@example.com', used_up: false }],
        [false, { text: gone, for_customer: null, used_up: false }],
      ].map((row) => JSON.stringify(row)),
    ),
  );
  const [last, ...others] = body.data.slice(3);
  assert.deepEqual([last.id, last.automatic, last.code, others], [automatic, true, null, []]);
  assert.deepEqual(last.schema, { currencies: [{ currency: 'USD', amount: 500 }] });
  assert.ok(Date.parse(last.created_at) > 0 && last.promotion_type === 'fixed_discount');
  assert.deepEqual((await ask(`/internal/promotions?code=${mine}`)).body.data.length, 1);
  assert.equal((await ask('/internal/promotions?code=%00')).status, 400);
  for (const id of [automatic, old]) await it.admin('DELETE', `/v2/promotions/${id}`);
});

test('services read the length of a page and the calculation method', async () => {
  const put = (data: object) => it.admin('PUT', '/v2/settings', { data });
  const shown = async () => (await ask('/internal/settings')).body;
  assert.deepEqual(await shown(), { data: { page_length: 100, calculation_method: 'simple' } });
  await put({ calculation_method: 'line' });
  assert.deepEqual(await shown(), { data: { page_length: 100, calculation_method: 'line' } });
  await put({ calculation_method: 'simple' });
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
  // The same as a GET, which has the token in its usual header.
  const read = async (text: string) => {
    const headers = { authorization: basic, 'x-moltin-customer-token': text };
    const reply = await it.app.inject({ url: '/internal/customers/token', headers });
    return [reply.statusCode, reply.headers['cache-control'], reply.json()];
  };
  assert.deepEqual(await read(token), [200, 'no-store', { active: true, sub: id, exp: expires }]);
  assert.deepEqual(await read(`${token}x`), [200, 'no-store', { active: false }]);
  assert.equal((await read(''))[0], 400);
  await it.admin('DELETE', `/v2/customers/${id}`);
  assert.deepEqual(await introspect(token), { active: false });
  assert.deepEqual((await read(token))[2], { active: false });
});

test('clients of the API do not', async () => {
  const goods = ['products', 'images', 'stock', 'customers', 'promotions'].map((name) => `/internal/${name}`);
  for (const path of [
    '/internal/settings',
    '/internal/customers/token',
    '/internal/fields?slug=brands',
    '/internal/fields/entries?to=authors',
    '/internal/fields/targets?to=product',
    '/internal/targets/product',
    `/internal/links/brands?ids=${randomUUID()}`,
    ...goods,
  ]) {
    for (const authorization of [it.adminToken, it.shopperToken, `Basic x`, '']) {
      assert.equal((await ask(path, authorization)).status, 401, `${path} ${authorization}`);
    }
  }
});

test('services read the orders, and then only those that changed since, whatever commits when', async () => {
  const ids = (body: { data: { data: { id: string } }[] }) => body.data.map(({ data }) => data.id).sort();
  const product = await makeProduct(it);
  const orders = await Promise.all([1, 2, 3].map(() => makeOrder(it, randomUUID(), product)));
  const all = (await ask('/internal/orders')).body;
  assert.deepEqual([ids(all), all.meta.total, all.meta.more, all.meta.whole], [orders.toSorted(), 3, false, true]);
  const [first] = all.data;
  const [shown] = (await it.admin('GET', `/v2/orders/${first.data.id}?include=items`)).body.included.items;
  assert.deepEqual(first.included.items, [shown]);

  // A transaction that began before the next position was read, and commits after it.
  const slow = await it.shop.db.connect();
  await slow.query('begin');
  await slow.query('update orders set updated_at = now() where id = $1', [orders[0]]);
  await it.shop.db.query('update orders set updated_at = now() where id = $1', [orders[1]]);
  const some = (await ask(`/internal/orders?since=${all.meta.position}`)).body;
  assert.equal(some.meta.whole, false);
  assert.ok(ids(some).includes(orders[1] ?? ''));
  await slow.query('commit');
  slow.release();
  const late = (await ask(`/internal/orders?since=${some.meta.position}`)).body;
  assert.ok(ids(late).includes(orders[0] ?? ''), 'the one that committed late');
  const none = (await ask(`/internal/orders?since=${late.meta.position}`)).body;
  assert.deepEqual([ids(none), none.meta.total], [[], 3]);

  assert.deepEqual(ids((await ask(`/internal/orders?ids=${orders[2]}`)).body), [orders[2]]);
  const [least, ...others] = orders.toSorted();
  assert.deepEqual(ids((await ask(`/internal/orders?after=${least}`)).body), others);
  const foreign = (await ask('/internal/orders?since=999999999999')).body;
  assert.deepEqual([ids(foreign).length, foreign.meta.whole], [3, true], 'a position of another store');
  for (const wrong of ['since=x', 'ids=x', 'after=x', 'since=-1', 'ids=']) {
    assert.equal((await ask(`/internal/orders?${wrong}`)).status, 400, wrong);
  }
});
