import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { enableManual, makeOrder, makeProduct, sampleAddress } from './testing/goods.ts';
import { openTestShop, type Reply, type TestShop } from './testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
  await it.shop.db.query(
    `create function not_ours() returns trigger language plpgsql as
     $$ begin raise exception 'owned elsewhere' using errcode = 'BN421'; end $$`,
  );
});
after(() => it.close());

/** Hands a table to another program for the time of `work`. `deferred`: the trigger fires at the commit. */
async function ownedElsewhere(table: string, work: () => Promise<void>, deferred = false): Promise<void> {
  const { db } = it.shop;
  await db.query(
    deferred
      ? `create constraint trigger fence after insert or update or delete on ${table} deferrable initially deferred
         for each row execute function not_ours()`
      : `create trigger fence before insert or update or delete on ${table} for each row execute function not_ours()`,
  );
  try {
    await work();
  } finally {
    await db.query(`drop trigger fence on ${table}`);
  }
}

function isMisdirected({ status, body }: Reply): void {
  assert.equal(status, 421, JSON.stringify(body));
  const [error, ...more] = body.errors;
  assert.equal(more.length, 0);
  assert.deepEqual([error.status, error.title], [421, 'Misdirected Request']);
  assert.equal(typeof error.detail, 'string');
}

const count = async (table: string) =>
  Number((await it.shop.db.query<{ n: string }>(`select count(*) as n from ${table}`)).rows[0]?.n);

describe('a write of a resource that another program owns is 421 and changes nothing', () => {
  test('for each way to write it, while reads go on', async () => {
    const data = { type: 'brand', name: 'Before', slug: randomUUID() };
    const { id } = (await it.admin('POST', '/v2/brands', { data })).body.data;
    const audits = await count('audit_log');
    await ownedElsewhere('brands', async () => {
      isMisdirected(await it.admin('POST', '/v2/brands', { data: { ...data, slug: randomUUID() } }));
      isMisdirected(await it.admin('PUT', `/v2/brands/${id}`, { data: { type: 'brand', name: 'After' } }));
      isMisdirected(await it.admin('DELETE', `/v2/brands/${id}`));
      assert.equal((await it.admin('GET', `/v2/brands/${id}`)).body.data.name, 'Before');
    });
    assert.equal(await count('audit_log'), audits);
  });

  test('in the middle of a payment: no transaction, no change of the order, no key', async () => {
    await enableManual(it);
    const product = await makeProduct(it, { manage_stock: true, stock: 5 });
    const order = await makeOrder(it, randomUUID(), product);
    const key = { 'idempotency-key': randomUUID() };
    const pay = () =>
      it.admin('POST', `/v2/orders/${order}/payments`, { data: { gateway: 'manual', method: 'purchase' } }, key);
    await ownedElsewhere('stock', async () => isMisdirected(await pay()));
    await ownedElsewhere('transactions', async () => isMisdirected(await pay()));
    assert.equal((await it.admin('GET', `/v2/orders/${order}`)).body.data.payment, 'unpaid');
    assert.equal((await it.admin('GET', `/v2/inventories/${product}`)).body.data.allocated, 0);
    assert.deepEqual((await it.admin('GET', `/v2/orders/${order}/transactions`)).body.data, []);
    assert.equal((await pay()).status, 201, 'the same key acts once the resource is back');
  });

  test('at the commit of a checkout: no order', async () => {
    const cart = randomUUID();
    const line = { type: 'cart_item', id: await makeProduct(it), quantity: 1 };
    await it.shopper('POST', `/v2/carts/${cart}/items`, { data: line });
    const data = {
      customer: { name: 'Ada', email: 'ada@example.com' },
      billing_address: sampleAddress,
      shipping_address: sampleAddress,
    };
    const orders = await count('orders');
    const checkOut = () => it.admin('POST', `/v2/carts/${cart}/checkout`, { data });
    await ownedElsewhere('orders', async () => isMisdirected(await checkOut()), true);
    assert.equal(await count('orders'), orders);
    assert.equal((await checkOut()).status, 201);
  });

  test('among the lines of one request: no line is added', async () => {
    const cart = randomUUID();
    const product = await makeProduct(it);
    const lines = [1, 2].map((quantity) => ({ type: 'cart_item', id: product, quantity }));
    await ownedElsewhere('cart_items', async () => {
      isMisdirected(await it.shopper('POST', `/v2/carts/${cart}/items`, { data: lines }));
    });
    assert.deepEqual((await it.shopper('GET', `/v2/carts/${cart}/items`)).body.data, []);
  });
});

/** Deletes a row as another program does: no trigger, no cascade. */
async function deletedElsewhere(table: string, id: string, { shop } = it): Promise<void> {
  const client = await shop.db.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await client.query(`delete from ${table} where id = $1`, [id]);
    await client.query('commit');
  } finally {
    client.release();
  }
}

describe('rows that dangle are not shown and do no harm', () => {
  const groups = [
    ['categories', 'category'],
    ['brands', 'brand'],
    ['collections', 'collection'],
  ] as const;

  for (const [plural, type] of groups) {
    describe(plural, () => {
      let gone = '';
      let kept = '';
      let product = '';
      const make = async () => {
        const data = { type, name: 'G', slug: randomUUID(), status: 'live' };
        return (await it.admin('POST', `/v2/${plural}`, { data })).body.data.id as string;
      };
      const links = (...ids: string[]) => ({ data: ids.map((id) => ({ type, id })) });
      beforeEach(async () => {
        [gone, kept, product] = [await make(), await make(), await makeProduct(it)];
        await it.admin('POST', `/v2/products/${product}/relationships/${plural}`, links(gone, kept));
        await it.admin('POST', `/v2/${plural}/${kept}/relationships/parent`, { data: { type, id: gone } });
        await deletedElsewhere(plural, gone);
      });

      test('a product shows the other links only, alone, in lists and as an include', async () => {
        const one = (await it.shopper('GET', `/v2/products/${product}?include=${plural}`)).body;
        assert.deepEqual(one.data.relationships[plural], links(kept));
        assert.deepEqual(
          one.included[plural].map(({ id }: { id: string }) => id),
          [kept],
        );
        const list = (await it.admin('GET', `/v2/products?filter=eq(id,${product})&include=${plural}`)).body;
        assert.deepEqual(list.data[0].relationships[plural], links(kept));
        const byGone = await it.admin('GET', `/v2/products?filter=eq(${type}.id,${gone})`);
        assert.deepEqual([byGone.status, byGone.body.data], [200, []]);
      });

      test('links can be changed, and the reply has those that exist', async () => {
        const other = await make();
        const url = `/v2/products/${product}/relationships/${plural}`;
        assert.deepEqual((await it.admin('POST', url, links(other))).body, links(kept, other));
        assert.equal((await it.admin('POST', url, links(gone))).status, 404);
        assert.equal((await it.admin('DELETE', url, links(gone))).status, 204);
        assert.deepEqual((await it.admin('PUT', url, links(other))).body, links(other));
      });

      test('a child without its parent has none, is a root of the tree, and can be changed', async () => {
        const shown = async () => (await it.admin('GET', `/v2/${plural}/${kept}`)).body.data;
        assert.equal((await shown()).relationships.parent, undefined);
        const tree = await it.admin('GET', `/v2/${plural}/tree`);
        assert.ok(tree.body.data.some(({ id }: { id: string }) => id === kept));
        const put = await it.admin('PUT', `/v2/${plural}/${kept}`, { data: { type, name: 'New' } });
        assert.equal(put.status, 200, JSON.stringify(put.body));
        const child = await make();
        await it.admin('POST', `/v2/${plural}/${child}/relationships/parent`, { data: { type, id: kept } });
        assert.equal((await shown()).relationships.children.data[0].id, child);
      });
    });
  }

  test('a group shows the products that exist only', async () => {
    const data = { type: 'brand', name: 'B', slug: randomUUID() };
    const { id } = (await it.admin('POST', '/v2/brands', { data })).body.data;
    const [gone, kept] = [await makeProduct(it), await makeProduct(it)];
    for (const product of [gone, kept]) {
      await it.admin('POST', `/v2/products/${product}/relationships/brands`, { data: [{ type: 'brand', id }] });
    }
    await deletedElsewhere('products', gone);
    const { body } = await it.admin('GET', `/v2/brands/${id}?include=products`);
    assert.deepEqual(body.data.relationships.products.data, [{ type: 'product', id: kept }]);
    assert.equal(body.included.products.length, 1);
    assert.equal((await it.admin('GET', `/v2/inventories/${gone}`)).status, 404);
  });

  test('addresses of a customer that is gone are not found', async () => {
    const data = { type: 'customer', name: 'Ada', email: `${randomUUID()}@example.com` };
    const { id } = (await it.admin('POST', '/v2/customers', { data })).body.data;
    const path = `/v2/customers/${id}/addresses`;
    const address = (await it.admin('POST', path, { data: { type: 'address', ...sampleAddress } })).body.data;
    await deletedElsewhere('customers', id);
    assert.equal((await it.admin('GET', path)).status, 404);
    assert.equal((await it.admin('GET', `${path}/${address.id}`)).status, 404);
    const change = { data: { type: 'address', city: 'Paris' } };
    assert.equal((await it.admin('PUT', `${path}/${address.id}`, change)).status, 404);
    assert.equal((await it.admin('DELETE', `${path}/${address.id}`)).status, 404);
  });
});

describe('the tree in memory', () => {
  test('has the same roots as the tree by queries when a parent is gone', async () => {
    const paid = await openTestShop(['tree-by-queries']);
    const make = async () => {
      const data = { type: 'category', name: 'G', slug: randomUUID(), status: 'live' };
      return (await paid.admin('POST', '/v2/categories', { data })).body.data.id as string;
    };
    const [gone, kept] = [await make(), await make()];
    await paid.admin('POST', `/v2/categories/${kept}/relationships/parent`, { data: { type: 'category', id: gone } });
    await deletedElsewhere('categories', gone, paid);
    const { body } = await paid.shopper('GET', '/v2/categories/tree');
    assert.deepEqual(
      body.data.map(({ id }: { id: string }) => id),
      [kept],
    );
    await paid.close();
  });
});
