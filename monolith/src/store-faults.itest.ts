import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { storeFault } from './store-faults.ts';
import { uploadFile } from './testing/forms.ts';
import { makeProduct } from './testing/goods.ts';
import { holdOpen, lockWaiters } from './testing/locks.ts';
import { openTestShop, type Reply, type TestShop } from './testing/open-shop.ts';
import { makeVariation } from './testing/variants.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

const group = async (plural: string, type: string) => {
  const data = { type, name: 'G', slug: randomUUID() };
  return (await it.admin('POST', `/v2/${plural}`, { data })).body.data.id as string;
};
const customer = async () => {
  const data = { type: 'customer', name: 'Ada', email: `${randomUUID()}@example.com` };
  return (await it.admin('POST', '/v2/customers', { data })).body.data.id as string;
};
const sampleAddress = {
  type: 'address',
  first_name: 'Ada',
  last_name: 'Byron',
  line_1: '1 Row',
  postcode: 'N1',
  county: 'London',
  country: 'GB',
};
const post = (path: string, data: unknown) => it.admin('POST', path, { data });

/** Resources with a parent: the table of the parent, how to create one, and the request to send during its deletion. */
const pairs: readonly {
  what: string;
  table: string;
  parent: () => Promise<string>;
  child: (parent: string) => Promise<Reply>;
}[] = [
  {
    what: 'an address of a customer',
    table: 'customers',
    parent: customer,
    child: (id) => post(`/v2/customers/${id}/addresses`, sampleAddress),
  },
  {
    what: 'a change of a customer',
    table: 'customers',
    parent: customer,
    child: (id) => it.admin('PUT', `/v2/customers/${id}`, { data: { type: 'customer', name: 'B' } }),
  },
  {
    what: 'stock of a product',
    table: 'products',
    parent: () => makeProduct(it),
    child: (id) =>
      post(`/v2/inventories/${id}/transactions`, { type: 'stock-transaction', action: 'increment', quantity: 1 }),
  },
  {
    what: 'a price of a product',
    table: 'products',
    parent: () => makeProduct(it),
    child: (id) =>
      it.admin('PUT', `/v2/products/${id}`, { data: { type: 'product', price: [{ amount: 1, currency: 'USD' }] } }),
  },
  {
    what: 'a file of a product',
    table: 'products',
    parent: () => makeProduct(it),
    child: async (id) => {
      const file = { type: 'file', id: await uploadFile(it, 'a file') };
      return post(`/v2/products/${id}/relationships/files`, [file]);
    },
  },
  {
    what: 'the main image of a product',
    table: 'files',
    parent: () => uploadFile(it, 'an image'),
    child: async (id) =>
      post(`/v2/products/${await makeProduct(it)}/relationships/main-image`, { type: 'main_image', id }),
  },
  {
    what: 'a variation of a product',
    table: 'variations',
    parent: () => makeVariation(it, 'Size'),
    child: async (id) =>
      post(`/v2/products/${await makeProduct(it)}/relationships/variations`, [{ type: 'product-variation', id }]),
  },
  {
    what: 'an option of a variation',
    table: 'variations',
    parent: () => makeVariation(it, 'Size'),
    child: (id) => post(`/v2/variations/${id}/options`, { type: 'option', name: 'S' }),
  },
  {
    what: 'the children of a product',
    table: 'products',
    parent: () => makeProduct(it),
    child: (id) => it.admin('POST', `/v2/products/${id}/build`),
  },
  ...(
    [
      ['categories', 'category'],
      ['brands', 'brand'],
      ['collections', 'collection'],
    ] as const
  ).flatMap(([plural, type]) => [
    {
      what: `a product in one of the ${plural}`,
      table: plural,
      parent: () => group(plural, type),
      child: async (id: string) =>
        post(`/v2/products/${await makeProduct(it)}/relationships/${plural}`, [{ type, id }]),
    },
    {
      what: `a child in ${plural}`,
      table: plural,
      parent: () => group(plural, type),
      child: async (id: string) =>
        post(`/v2/${plural}/${await group(plural, type)}/relationships/parent`, { type, id }),
    },
  ]),
];

describe('a parent that is deleted while a child is made is not found', () => {
  for (const { what, table, parent, child } of pairs) {
    test(what, async () => {
      const id = await parent();
      const deletion = await holdOpen(it, `delete from ${table} where id = $1`, [id]);
      const reply = child(id);
      await lockWaiters(it, 1);
      await deletion.end('commit');
      const { status, body } = await reply;
      assert.equal(status, 404, JSON.stringify(body));
      assert.equal(body.errors[0].status, 404);
    });
  }
});

describe('a statement that the store gives up', () => {
  test('is 503 with Retry-After', async () => {
    const id = await customer();
    const change = await holdOpen(it, 'update customers set name = name where id = $1', [id]);
    const reply = it.app.inject({
      method: 'PUT',
      url: `/v2/customers/${id}`,
      headers: { authorization: it.adminToken },
      payload: { data: { type: 'customer', name: 'B' } },
    });
    const [waiter] = await lockWaiters(it, 1);
    // The same error as `statement_timeout`.
    await it.shop.db.query('select pg_cancel_backend($1)', [waiter]);
    const given = await reply;
    await change.end('rollback');
    assert.equal(given.statusCode, 503);
    assert.equal(given.headers['retry-after'], '1');
    assert.equal(given.json().errors[0].status, 503);
  });

  test('is a 503 whatever it waited for, and a wrong statement stays a 500', () => {
    const failed = (code: string) => storeFault(Object.assign(new pg.DatabaseError('x', 1, 'error'), { code }))?.code;
    for (const code of ['57014', '55P03', '40P01', '40001', '57P01']) assert.equal(failed(code), 'store_unavailable');
    assert.equal(failed('23503'), 'not_found');
    assert.equal(failed('23505'), 'conflict');
    assert.equal(failed('22021'), 'bad_request');
    assert.equal(failed('BN421'), 'misdirected');
    for (const code of ['42601', '42P01', '23514']) assert.equal(failed(code), undefined);
    assert.equal(storeFault(new TypeError('x')), undefined);
  });
});
