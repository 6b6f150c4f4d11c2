import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { signUp } from './buyers.ts';
import { custom, newCart } from './carts-goods.ts';
import { makeProduct } from './goods.ts';
import { enableManual, orderOf, pay } from './orders-goods.ts';
import { typeCases } from './types.ts';

/** Lists that a shopper may read, of each area. */
const publicLists = ['products', 'categories', 'brands', 'collections', 'currencies', 'files', 'flows', 'inventories'];

export const conventionCases: Case[] = [
  {
    name: 'a trailing slash does not change a path',
    run: async (api) => {
      for (const list of publicLists) assert.equal((await api.shopper('GET', `/v2/${list}/`)).status, 200, list);
      const id = await makeProduct(api);
      assert.equal((await api.shopper('GET', `/v2/products/${id}/`)).body.data.id, id);
      assert.equal((await api.admin('DELETE', `/v2/products/${id}/`)).status, 204);
    },
  },
  {
    name: 'browsers may send requests from any origin, with every method and header, and read why one failed',
    run: async ({ anonymous, shopper }) => {
      const origin = 'https://shop.example';
      for (const path of ['/v2/products', '/v2/carts/abc/items', '/v2/customers/tokens', '/oauth/access_token']) {
        const { status, headers } = await anonymous('OPTIONS', path, undefined, {
          origin,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'authorization,content-type,x-moltin-currency,x-moltin-sdk-version',
        });
        assert.equal(status, 204, path);
        assert.equal(headers.get('access-control-allow-origin'), '*', path);
        const methods = headers.get('access-control-allow-methods') ?? '';
        for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) assert.ok(methods.includes(method), path);
        assert.match(headers.get('access-control-allow-headers') ?? '', /x-moltin-currency/);
      }
      const denied = await anonymous('GET', '/v2/products', undefined, { origin });
      const unknown = await shopper('GET', '/v2/nothing', undefined, { origin });
      const seen = await shopper('GET', '/v2/products?page[limit]=1', undefined, { origin });
      for (const { headers } of [denied, unknown, seen]) {
        assert.equal(headers.get('access-control-allow-origin'), '*');
      }
    },
  },
  {
    name: 'the headers of a client are accepted, and unknown ones ignored',
    run: async (api) => {
      const { status } = await api.shopper('GET', '/v2/products?page[limit]=1', undefined, {
        ...{ 'X-MOLTIN-SDK-LANGUAGE': 'JS', 'X-MOLTIN-SDK-VERSION': '0.0.0-semantic-release' },
        ...{ 'X-MOLTIN-APPLICATION': 'epcc sdk', 'X-Moltin-Currency': 'USD', 'x-anything': 'at all' },
      });
      assert.equal(status, 200);
    },
  },
  {
    name: 'a currency that is not enabled is 400 on every resource',
    run: async (api) => {
      for (const path of [...publicLists, 'settings', 'orders', 'gateways', 'carts/x', 'variations', 'promotions']) {
        const { status, body } = await api.admin('GET', `/v2/${path}`, undefined, { 'x-moltin-currency': 'XXX' });
        const detail = 'The selected currency is not enabled on this store';
        assert.deepEqual([status, body.errors], [400, [{ status: 400, title: 'BadRequestError', detail }]], path);
      }
    },
  },
  {
    name: 'an empty body with a JSON content type is accepted where none is needed, and 400 where one is',
    run: async (api) => {
      const { admin, shopper } = api;
      await enableManual(api);
      assert.equal((await shopper('GET', '/v2/products?page[limit]=1')).status, 200);
      const id = await makeProduct(api);
      assert.equal((await admin('POST', `/v2/products/${id}/build`, '')).status, 200);
      assert.equal((await admin('DELETE', `/v2/products/${id}`, '')).status, 204);
      const order = await orderOf(api);
      const { data } = (await pay(api, order, 'authorize')).body;
      const transaction = `/v2/orders/${order}/transactions/${data.id}`;
      assert.equal((await admin('POST', `${transaction}/capture`, '')).status, 200);
      assert.equal((await admin('POST', `${transaction}/refund`, '')).status, 200);
      for (const list of ['products', 'categories', 'collections', 'customers', 'variations', 'flows', 'promotions']) {
        const { status, body } = await admin('POST', `/v2/${list}`, '');
        assert.deepEqual([status, body.errors[0].status], [400, 400], list);
      }
    },
  },
  {
    name: 'a body that is no JSON, or wrong in its shape, is 400 in the shape of the API',
    run: async ({ admin }) => {
      const texts = ['{"data":', '{"data": undefined, "options":{}}', 'nonsense', '[]', 'null', '5', '{"data":5}'];
      for (const list of ['products', 'categories', 'customers', 'variations', 'flows', 'fields', 'promotions']) {
        for (const text of [...texts, '{"data":{"__proto__":{"admin":true}}}', '{"data":[]}']) {
          const { status, body } = await admin('POST', `/v2/${list}`, text);
          assert.deepEqual([status, body.errors[0].status], [400, 400], `${list} ${text}`);
          assert.equal(typeof body.errors[0].title, 'string');
        }
        const form = await admin('POST', `/v2/${list}`, 'a=b', { 'content-type': 'text/html' });
        assert.deepEqual([form.status, form.body.errors[0].status], [415, 415], list);
      }
    },
  },
  {
    name: 'a body that is wrapped twice is unwrapped, with or without options beside it',
    run: async (api) => {
      const cart = newCart();
      const line = custom({ sku: 'x' });
      assert.equal((await api.shopper('POST', `${cart}/items`, { data: line })).status, 201);
      const options = { add_all_or_nothing: false };
      assert.equal((await api.shopper('POST', `${cart}/items`, { data: [line.data], options })).status, 201);
      const made = await api.shopper('POST', '/v2/carts', { data: { data: { name: 'Wrapped' } } });
      assert.deepEqual([made.status, made.body.data.name], [201, 'Wrapped']);
      const customer = { data: { type: 'customer', name: 'C', email: `${api.tag}@example.com` } };
      assert.equal((await api.shopper('POST', '/v2/customers', { data: customer })).status, 201);
    },
  },
  {
    name: 'members that are read-only or unknown are ignored in a new resource',
    run: async (api) => {
      const id = randomUUID();
      const created_at = '2001-01-01T00:00:00.000Z';
      const ignored = { id, created_at, meta: { timestamps: { created_at } }, links: { self: 'x' }, relationships: {} };
      const product = await makeProduct(api, ignored);
      assert.notEqual(product, id);
      const { data } = (await api.admin('GET', `/v2/products/${product}`)).body;
      assert.notEqual(data.meta.timestamps.created_at, created_at);
      assert.notEqual((await signUp(api, ignored)).id, id);
    },
  },
  {
    name: 'an id in the body that is not that of the path is 422',
    run: async (api) => {
      const [product, customer] = [await makeProduct(api), (await signUp(api)).id];
      const order = await orderOf(api);
      const paths = [`/v2/products/${product}`, `/v2/customers/${customer}`, `/v2/orders/${order}`];
      for (const path of paths) {
        const { status, body } = await api.admin('PUT', path, { data: { id: randomUUID() } });
        assert.deepEqual([status, body.errors[0].source], [422, 'data.id'], path);
        assert.equal((await api.admin('PUT', path, { data: { id: path.split('/').at(-1) } })).status, 200, path);
      }
    },
  },
  {
    name: 'ids are UUIDs, and moments are in UTC with milliseconds',
    run: async (api) => {
      const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
      const id = await makeProduct(api);
      assert.match(id, uuid);
      const { timestamps } = (await api.admin('GET', `/v2/products/${id}`)).body.data.meta;
      for (const moment of Object.values(timestamps)) {
        assert.match(moment as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      }
    },
  },
  {
    name: 'an unknown path is 404 in the shape of the API, whatever the request contains',
    run: async (api) => {
      for (const [method, path] of [
        ['GET', '/v2/nothing'],
        ['GET', '/v2/transactions/[object%20Object]'],
        ['GET', '/v2/subscriptions'],
        ['POST', '/v2/accounts'],
        ['POST', '/pcm/products'],
        ['GET', '/catalog/products'],
        ['PATCH', '/v2/products'],
      ] as const) {
        const { status, body } = await api.admin(method, path, method === 'GET' ? undefined : '[object FormData]');
        assert.deepEqual([status, body.errors[0].status], [404, 404], `${method} ${path}`);
        assert.equal(body.errors[0].title, 'Not Found');
      }
    },
  },
  { name: 'who may do what: an implicit token', run: mayDo },
  ...typeCases,
];

/** What an implicit token may do without a customer: the status of each method, `200` for every success. */
async function mayDo(api: Api): Promise<void> {
  const id = randomUUID();
  const denied = [
    ...['orders', 'gateways', 'integrations', 'promotions', 'settings', 'jobs', 'variations', 'customers', 'carts'],
    ...[`orders/${id}`, `orders/${id}/items`, `orders/${id}/transactions`, `customers/${id}`],
    ...[`customers/${id}/addresses`, `promotions/${id}/codes`, 'integrations/logs', 'gateways/manual'],
  ];
  for (const path of denied) assert.equal((await api.shopper('GET', `/v2/${path}`)).status, 403, path);
  for (const list of [...publicLists, 'fields']) {
    assert.equal((await api.shopper('GET', `/v2/${list}`)).status, 200, list);
  }
  const written = ['products', 'categories', 'brands', 'collections', 'currencies', 'files', 'flows', 'fields'];
  for (const list of [...written, 'gateways', 'integrations', 'promotions', 'jobs', 'variations']) {
    if (list !== 'gateways') assert.equal((await api.shopper('POST', `/v2/${list}`, { data: {} })).status, 403, list);
    if (list === 'files' || list === 'jobs') continue;
    const one = `/v2/${list}/${list === 'gateways' ? 'manual' : id}`;
    assert.equal((await api.shopper('PUT', one, { data: {} })).status, 403, one);
  }
  for (const action of ['capture', 'refund']) {
    const path = `/v2/orders/${id}/transactions/${id}/${action}`;
    assert.equal((await api.shopper('POST', path)).status, 403, action);
  }
  const move = { type: 'stock-transaction', action: 'increment', quantity: 1 };
  assert.equal((await api.shopper('POST', `/v2/inventories/${id}/transactions`, { data: move })).status, 403);
  assert.equal((await api.shopper('POST', `/v2/inventories/${id}`, { data: { quantity: 1 } })).status, 403);
  assert.equal((await api.shopper('DELETE', `/v2/inventories/${id}`)).status, 403);
}
