import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { enableManual, makeOrder, makeProduct, sampleAddress } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
  await enableManual(it);
});
after(() => it.close());

const purchase = { data: { gateway: 'manual', method: 'purchase' } };
const fulfil = (id: string) => it.admin('PUT', `/v2/orders/${id}`, { data: { type: 'order', shipping: 'fulfilled' } });

async function signUp(): Promise<{ id: string; headers: Record<string, string> }> {
  const data = { type: 'customer', name: 'Ada', email: `${randomUUID()}@example.com`, password: 'correct horse' };
  const { id } = (await it.shopper('POST', '/v2/customers', { data })).body.data;
  const { body } = await it.shopper('POST', '/v2/customers/tokens', { data: { ...data, type: 'token' } });
  return { id, headers: { 'x-moltin-customer-token': body.data.token } };
}

describe('orders', () => {
  test('are listed newest first, filtered, sorted, paged, with their items', async () => {
    const product = await makeProduct(it, { sku: 'LISTED' });
    const ids: string[] = [];
    for (const quantity of [1, 3, 2]) ids.push(await makeOrder(it, randomUUID(), product, quantity));
    await it.admin('POST', `/v2/orders/${ids[1]}/payments`, purchase);

    const list = await it.admin('GET', '/v2/orders?include=items&filter=eq(product_sku,LISTED)');
    assert.deepEqual(
      list.body.data.map(({ id }: { id: string }) => id),
      [...ids].reverse(),
    );
    assert.equal(list.body.included.items.length, 3);
    const byPrice = await it.admin('GET', '/v2/orders?sort=with_tax&page[limit]=1&filter=eq(product_sku,LISTED)');
    assert.equal(byPrice.body.data[0].id, ids[0]);
    assert.equal(byPrice.body.meta.results.total, 3);
    const today = new Date().toISOString().slice(0, 10);
    const matching = [
      `eq(product_id,${product}):eq(payment,paid)`,
      `eq(product_sku,LISTED):gt(with_tax,2500)`,
      `eq(product_sku,LISTED):eq(status,complete):like(email,ADA@*):eq(name,Ada):ge(created_at,${today})`,
      `eq(id,${ids[1]}):eq(shipping_name,Ada Byron):like(billing_postcode,n1*):eq(currency,USD)`,
    ];
    for (const filter of matching) {
      const { body } = await it.admin('GET', `/v2/orders?filter=${filter}`);
      assert.deepEqual(
        body.data?.map(({ id }: { id: string }) => id),
        [ids[1]],
        filter,
      );
    }
    for (const query of ['filter=eq(total,1)', 'filter=eq(with_tax,x)', 'sort=name', 'page[offset]=10001']) {
      assert.equal((await it.admin('GET', `/v2/orders?${query}`)).status, 400, query);
    }
    assert.deepEqual((await it.admin('GET', '/v2/orders?filter=eq(customer_id,x)')).body.data, []);
  });

  test('show the same with the items read in one query', async () => {
    const paid = await openTestShop(['order-items-one-by-one']);
    try {
      const product = await makeProduct(paid);
      const ids = [await makeOrder(paid, 'a', product), await makeOrder(paid, 'b', product)];
      const { body } = await paid.admin('GET', '/v2/orders?include=items');
      assert.deepEqual(
        body.data.map((order: { id: string; relationships: { items: { data: [] } } }) => [
          order.id,
          order.relationships.items.data.length,
        ]),
        ids.reverse().map((id) => [id, 1]),
      );
      assert.equal(body.included.items.length, 2);
    } finally {
      await paid.close();
    }
  });

  test('belong to their customers', async () => {
    const product = await makeProduct(it);
    const [ada, eve] = [await signUp(), await signUp()];
    const id = await makeOrder(it, randomUUID(), product, 1, { id: ada.id });
    const own = await it.shopper('GET', '/v2/orders?include=items', undefined, ada.headers);
    assert.deepEqual(
      own.body.data.map((order: { id: string }) => order.id),
      [id],
    );
    assert.equal((await it.shopper('GET', `/v2/orders/${id}/items`, undefined, ada.headers)).body.data.length, 1);
    assert.deepEqual((await it.shopper('GET', '/v2/orders', undefined, eve.headers)).body.data, []);
    for (const path of [`/v2/orders/${id}`, `/v2/orders/${id}/items`]) {
      assert.equal((await it.shopper('GET', path, undefined, eve.headers)).status, 404);
      assert.equal((await it.shopper('GET', path)).status, 403);
    }
    assert.equal((await it.shopper('POST', `/v2/orders/${id}/payments`, purchase, eve.headers)).status, 404);
    const update = { data: { type: 'order', shipping: 'fulfilled' } };
    assert.equal((await it.shopper('PUT', `/v2/orders/${id}`, update, ada.headers)).status, 403);
  });

  test('can be fulfilled once paid, which removes the stock', async () => {
    const product = await makeProduct(it, { manage_stock: true, stock: 5 });
    const id = await makeOrder(it, randomUUID(), product, 2);
    assert.equal((await fulfil(id)).status, 422);
    await it.admin('POST', `/v2/orders/${id}/payments`, purchase);
    const address = { ...sampleAddress, first_name: 'Grace' };
    const moved = await it.admin('PUT', `/v2/orders/${id}`, { data: { shipping_address: address } });
    assert.equal(moved.body.data.shipping_address.first_name, 'Grace');
    const { body } = await fulfil(id);
    assert.deepEqual([body.data.shipping, body.data.payment], ['fulfilled', 'paid']);
    const { total, available, allocated } = (await it.admin('GET', `/v2/inventories/${product}`)).body.data;
    assert.deepEqual([total, available, allocated], [3, 3, 0]);
    const again = await fulfil(id);
    assert.deepEqual([again.status, again.body.data.shipping], [200, 'fulfilled'], 'the state is reached already');
    assert.equal((await it.admin('GET', `/v2/inventories/${product}`)).body.data.total, 3, 'the stock goes once');
    const same = { data: { shipping: 'fulfilled', shipping_address: address } };
    assert.equal((await it.admin('PUT', `/v2/orders/${id}`, same)).status, 200);
    assert.equal(
      (await it.admin('PUT', `/v2/orders/${id}`, { data: { shipping_address: sampleAddress } })).status,
      422,
    );
    assert.equal((await it.admin('PUT', `/v2/orders/${id}`, { data: { status: 'cancelled' } })).status, 422);
  });

  test('give their goods back when they are cancelled', async () => {
    const product = await makeProduct(it, { manage_stock: true, stock: 5 });
    const id = await makeOrder(it, randomUUID(), product, 2);
    await it.admin('POST', `/v2/orders/${id}/payments`, { data: { gateway: 'manual', method: 'authorize' } });
    const { body } = await it.admin('PUT', `/v2/orders/${id}`, { data: { status: 'cancelled' } });
    assert.deepEqual([body.data.status, body.data.payment], ['cancelled', 'authorized']);
    const again = await it.admin('PUT', `/v2/orders/${id}`, { data: { status: 'cancelled' } });
    assert.deepEqual([again.status, again.body.data.status], [200, 'cancelled']);
    assert.equal((await fulfil(id)).status, 422);
    assert.equal((await it.admin('GET', `/v2/inventories/${product}`)).body.data.available, 5);
    assert.equal((await it.admin('POST', `/v2/orders/${id}/payments`, purchase)).status, 422);
  });

  test('are 404 for an unknown id', async () => {
    for (const id of ['nonsense', randomUUID()]) {
      assert.equal((await it.admin('GET', `/v2/orders/${id}`)).status, 404);
      assert.equal((await it.admin('GET', `/v2/orders/${id}/items`)).status, 404);
      assert.equal((await it.admin('POST', `/v2/orders/${id}/payments`, purchase)).status, 404);
      assert.equal((await fulfil(id)).status, 404);
    }
  });
});
