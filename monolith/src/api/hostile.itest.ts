import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { makeOrder, makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { makeOption, makeVariation } from '../testing/variants.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

/** Every path of these areas; the test replaces `:id` with the id of an existing record. */
async function paths(): Promise<[method: string, path: string][]> {
  const product = await makeProduct(it);
  const cart = randomUUID();
  const order = await makeOrder(it, cart, product);
  const [line] = (await it.admin('GET', `/v2/carts/${cart}/items`)).body.data;
  const variation = await makeVariation(it, 'V');
  const option = await makeOption(it, variation, 'O');
  const data = { type: 'category', name: 'C', slug: randomUUID(), status: 'live' };
  const category = (await it.admin('POST', '/v2/categories', { data })).body.data.id;
  return [
    ['POST', '/v2/products'],
    ['PUT', `/v2/products/${product}`],
    ['POST', `/v2/products/${product}/relationships/categories`],
    ['PUT', `/v2/products/${product}/relationships/main-image`],
    ['DELETE', `/v2/products/${product}/relationships/files`],
    ['PUT', `/v2/products/${product}/relationships/variations`],
    ['POST', `/v2/products/${product}/build`],
    ['POST', '/v2/variations'],
    ['PUT', `/v2/variations/${variation}`],
    ['POST', `/v2/variations/${variation}/options`],
    ['POST', `/v2/variations/${variation}/options/${option}/modifiers`],
    ['POST', '/v2/files'],
    ['POST', '/v2/categories'],
    ['PUT', `/v2/categories/${category}`],
    ['POST', `/v2/categories/${category}/relationships/parent`],
    ['PUT', `/v2/categories/${category}/relationships/children`],
    ['POST', `/v2/categories/${category}/relationships/categories`],
    ['POST', `/v2/inventories/${product}`],
    ['POST', `/v2/inventories/${product}/transactions`],
    ['POST', '/v2/inventories/multiple'],
    ['POST', '/v2/carts'],
    ['PUT', `/v2/carts/${cart}`],
    ['POST', `/v2/carts/${cart}/items`],
    ['PUT', `/v2/carts/${cart}/items`],
    ['PUT', `/v2/carts/${cart}/items/${line.id}`],
    ['POST', `/v2/carts/${cart}/items/${line.id}/taxes`],
    ['POST', `/v2/carts/${cart}/taxes`],
    ['POST', `/v2/carts/${cart}/relationships/customers`],
    ['POST', `/v2/carts/${cart}/checkout`],
    ['PUT', `/v2/orders/${order}`],
    ['POST', `/v2/orders/${order}/payments`],
    ['POST', `/v2/orders/${order}/transactions/${randomUUID()}/capture`],
    ['POST', `/v2/orders/${order}/transactions/${randomUUID()}/refund`],
    ['PUT', '/v2/gateways/manual'],
  ];
}

const bottomless = '['.repeat(2000) + ']'.repeat(2000);
const values = [
  'a\0b',
  '\ud800',
  'x'.repeat(70_000),
  '',
  -1,
  1e308,
  2 ** 53,
  0.1,
  null,
  true,
  [],
  [[]],
  {},
  { id: {} },
];
const members = [
  'id type name slug sku description status price stock manage_stock weight material parent children',
  'quantity cart_id tax rate code currency amount customer billing_address shipping_address shipping',
  'gateway method action paymentmethod_meta custom_reference enabled relationships modifier_type value file_name',
].flatMap((line) => line.split(' '));

/** Bodies that no real client sends: nothing, nonsense, and every member with every strange value. */
function* bodies(): Generator<string> {
  yield* ['', 'null', '5', '"x"', '[]', '{}', '{"data": undefined}', '{', `{"data": ${bottomless}}`, '{"data":null}'];
  yield '{"data":{"__proto__":{"id":1},"id":"x"}}';
  yield '{"data":{"constructor":{"prototype":{}},"id":"x"}}';
  for (const type of ['cart_item', 'custom_item', 'cart_items']) {
    for (const value of values) {
      const odd = Object.fromEntries(members.map((member) => [member, value]));
      const id = randomUUID();
      for (const data of [
        { ...odd, type },
        { type, id, cart_id: id, name: value, price: { amount: value }, sku: value },
      ]) {
        yield JSON.stringify({ data });
        yield JSON.stringify({ data: [data] });
      }
    }
  }
}

test('no body makes the shop fail: each error is the client’s, in the shape of the API', async () => {
  for (const [method, path] of await paths()) {
    for (const body of bodies()) {
      const reply = await it.admin(method, path, body);
      const shown = `${method} ${path} ${body.slice(0, 200)} -> ${reply.status} ${JSON.stringify(reply.body)?.slice(0, 300)}`;
      assert.ok(reply.status < 500, shown);
      if (reply.status >= 400) {
        assert.ok(Array.isArray(reply.body.errors) && reply.body.errors[0].status === reply.status, shown);
      }
    }
  }
});

test('no query makes the shop fail', async () => {
  const strange = [
    '%00',
    '%ED%A0%80',
    '%',
    "'",
    '1e308',
    '-1',
    '9'.repeat(30),
    '('.repeat(3000),
    'a'.repeat(5000),
    '%F0%9F%92%A9',
  ];
  for (const list of [
    'products',
    'categories',
    'brands',
    'collections',
    'inventories',
    'variations',
    'files',
    'carts',
    'orders',
    'gateways',
  ]) {
    for (const value of strange) {
      const filters = [
        'eq(name,V)',
        'like(name,*V*)',
        'eq(id,V)',
        'gt(created_at,V)',
        'eq(V,x)',
        'V',
        'gt(with_tax,V)',
      ];
      const queries = filters.map((filter) => `filter=${filter.replace('V', value)}`);
      for (const query of [
        ...queries,
        `sort=${value}`,
        `include=${value}`,
        `page[limit]=${value}`,
        `page[offset]=${value}`,
        'page[limit]=1&page[limit]=2',
      ]) {
        const { status, body } = await it.admin('GET', `/v2/${list}?${query}`);
        assert.ok(status < 500, `${list}?${query.slice(0, 80)} -> ${status} ${JSON.stringify(body).slice(0, 300)}`);
      }
    }
  }
});

test('no id makes the shop fail', async () => {
  const variation = await makeVariation(it, 'V');
  const ids = ['%00', '%ED%A0%80', "'", '%2e%2e', '0', 'x'.repeat(400), '%F0%9F%92%A9', '__proto__', 'constructor'];
  const places = [
    ...['/v2/products/ID', '/v2/categories/ID', '/v2/inventories/ID', '/v2/inventories/ID/transactions'],
    ...['/v2/carts/ID', '/v2/carts/ID/items', '/v2/carts/x/items/ID', '/v2/orders/ID', '/v2/orders/ID/items'],
    ...[
      '/v2/variations/ID',
      `/v2/variations/${variation}/options/ID`,
      '/v2/files/ID',
      '/v2/files/ID/content',
      '/files/ID',
    ],
    ...['/v2/orders/ID/transactions', '/v2/gateways/ID', '/v2/gateways/ID/attributes'],
  ];
  for (const place of places) {
    for (const id of ids) {
      const { status } = await it.admin('GET', place.replace('ID', id));
      assert.ok(status < 500, `${place} ${id} -> ${status}`);
    }
  }
});
