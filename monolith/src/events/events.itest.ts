import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { uploadFile } from '../testing/forms.ts';
import { enableManual, makeOrder, makeProduct, sampleAddress } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { eventKeys } from './keys.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

interface Recorded {
  key: string;
  entity_id: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read events as receivers do, member by member.
  resources: any;
}

/** The events that `work` records, in order. */
async function eventsOf(work: () => Promise<unknown>): Promise<Recorded[]> {
  await it.shop.db.query('delete from shop_events');
  await work();
  return (await it.shop.db.query<Recorded>('select key, entity_id, resources from shop_events order by seq')).rows;
}

const seen = new Set<string>();

/** Checks that `work` records exactly these events; returns what they hold. */
async function records(keys: readonly string[], work: () => Promise<unknown>): Promise<Recorded[]> {
  const events = await eventsOf(work);
  assert.deepEqual(
    events.map(({ key }) => key),
    keys,
  );
  for (const key of keys) seen.add(key);
  return events;
}

const send = async (method: string, path: string, data?: unknown) => {
  const { status, body } = await it.admin(method, path, data === undefined ? undefined : { data });
  assert.ok(status < 300, `${method} ${path} -> ${status} ${JSON.stringify(body)}`);
  return body?.data;
};

/** Creates, changes and deletes an entity; each event holds the entity as the API shows it. */
async function life(path: string, type: string, made: object, change: object): Promise<void> {
  let id = '';
  const created = await eventsOf(async () => {
    id = (await send('POST', path, { type, ...made })).id;
  });
  const shown = async () => (await it.admin('GET', `${path}/${id}`)).body.data;
  const last = created.find(({ key }) => key === `${type}.created`);
  assert.deepEqual([last?.key, last?.entity_id], [`${type}.created`, id]);
  assert.partialDeepStrictEqual(await shown(), last?.resources.data);
  const [updated] = await records([`${type}.updated`], () => send('PUT', `${path}/${id}`, { type, ...change }));
  assert.partialDeepStrictEqual(await shown(), updated?.resources.data);
  assert.partialDeepStrictEqual(updated?.resources.data, change);
  const [deleted] = await records([`${type}.deleted`], () => send('DELETE', `${path}/${id}`));
  assert.deepEqual(deleted?.resources, { type, id });
  for (const what of ['created', 'updated', 'deleted']) seen.add(`${type}.${what}`);
}

describe('every change that integrations can observe is recorded in its transaction', () => {
  for (const [plural, type] of [
    ['categories', 'category'],
    ['brands', 'brand'],
    ['collections', 'collection'],
  ] as const) {
    test(plural, async () => {
      await life(`/v2/${plural}`, type, { name: 'G', slug: randomUUID() }, { name: 'H' });
      const [one, two] = [randomUUID(), randomUUID()];
      const parent = (await send('POST', `/v2/${plural}`, { type, name: one, slug: one })).id;
      const child = (await send('POST', `/v2/${plural}`, { type, name: two, slug: two })).id;
      const [moved] = await records([`${type}.updated`], () =>
        send('POST', `/v2/${plural}/${child}/relationships/parent`, { type, id: parent }),
      );
      assert.equal(moved?.resources.data.relationships.parent.data.id, parent);
    });
  }

  test('products, with links and stock', async () => {
    const made = { name: 'P', slug: randomUUID(), sku: randomUUID(), description: '', price: [] };
    await life(
      '/v2/products',
      'product',
      { ...made, manage_stock: true, commodity_type: 'digital', stock: 3 },
      { name: 'Q' },
    );
    let id = '';
    const [told, stocked] = await records(['product.created', 'stock-transaction.created'], async () => {
      id = await makeProduct(it, { manage_stock: true, stock: 3 });
    });
    assert.equal(told?.resources.data.meta.stock.level, 3, 'the stock that was asked for');
    assert.deepEqual([stocked?.resources.data.quantity, stocked?.resources.data.product_id], [3, id]);
    const brand = (await send('POST', '/v2/brands', { type: 'brand', name: 'B', slug: randomUUID() })).id;
    const link = [{ type: 'brand', id: brand }];
    const [linked] = await records(['product.updated'], () =>
      send('POST', `/v2/products/${id}/relationships/brands`, link),
    );
    assert.deepEqual(linked?.resources.data.relationships.brands.data, link);
    await records(['stock-transaction.created'], () =>
      send('POST', `/v2/inventories/${id}/transactions`, {
        type: 'stock-transaction',
        action: 'increment',
        quantity: 1,
      }),
    );
  });

  test('customers and their addresses, without passwords', async () => {
    const email = `${randomUUID()}@example.com`;
    await life('/v2/customers', 'customer', { name: 'Ada', email, password: 'secret' }, { name: 'Eve' });
    const customer = await send('POST', '/v2/customers', { type: 'customer', name: 'Ada', email });
    await life(`/v2/customers/${customer.id}/addresses`, 'address', sampleAddress, { city: 'Paris' });
  });

  test('currencies, and the old default with a new one', async () => {
    await life('/v2/currencies', 'currency', { code: 'EUR', format: '{price} €' }, { format: '€{price}' });
    const { id } = await send('POST', '/v2/currencies', { code: 'GBP', format: '£{price}' });
    const [usd] = (await it.admin('GET', '/v2/currencies')).body.data;
    const [old, now] = await records(['currency.updated', 'currency.updated'], () =>
      send('PUT', `/v2/currencies/${id}`, { default: true }),
    );
    assert.deepEqual([old?.entity_id, old?.resources.data.default], [usd.id, false]);
    assert.deepEqual([now?.entity_id, now?.resources.data.default], [id, true]);
    await send('PUT', `/v2/currencies/${usd.id}`, { default: true });
  });

  test('settings and gateways, without the passwords of gateways', async () => {
    const [settings] = await records(['settings.updated'], () => send('PUT', '/v2/settings', { page_length: 50 }));
    assert.equal(settings?.resources.data.page_length, 50);
    const [gateway] = await records(['payment-gateway.updated'], () =>
      send('PUT', '/v2/gateways/adyen', { enabled: false, password: 'hunter2' }),
    );
    assert.equal(gateway?.entity_id, 'adyen');
    assert.doesNotMatch(JSON.stringify(gateway), /hunter2/);
  });

  test('integrations, without their secret keys', async () => {
    const configuration = { url: 'https://hooks.example.com/', secret_key: 'hunter2' };
    const made = { name: 'I', description: '', integration_type: 'webhook', observes: ['cart.deleted'], configuration };
    const events = await eventsOf(() => send('POST', '/v2/integrations', { type: 'integration', ...made }));
    assert.doesNotMatch(JSON.stringify(events), /hunter2/);
    await life(
      '/v2/integrations',
      'integration',
      { ...made, configuration: { url: configuration.url } },
      { name: 'J' },
    );
  });

  test('carts: each change once, with the lines', async () => {
    const cart = randomUUID();
    const line = { type: 'cart_item', id: await makeProduct(it), quantity: 2 };
    const [added] = await records(['cart.updated'], () => send('POST', `/v2/carts/${cart}/items`, line));
    assert.equal(added?.resources.data.id, cart);
    assert.equal(added?.resources.included.items[0].quantity, 2);
    await records(['cart.updated'], () => send('PUT', `/v2/carts/${cart}`, { name: 'Mine' }));
    const [deleted] = await records(['cart.deleted'], () => send('DELETE', `/v2/carts/${cart}`));
    assert.deepEqual(deleted?.resources, { type: 'cart', id: cart });
    await records([], () => send('DELETE', `/v2/carts/${cart}`));
  });

  test('orders and payments, with the items', async () => {
    await enableManual(it);
    const product = await makeProduct(it, { manage_stock: true, stock: 9 });
    let order = '';
    const made = await records(['cart.updated', 'order.created'], async () => {
      order = await makeOrder(it, randomUUID(), product);
    });
    assert.equal(made[1]?.resources.included.items[0].product_id, product);
    const pay = (method: string) => send('POST', `/v2/orders/${order}/payments`, { gateway: 'manual', method });
    const moved = ['stock-transaction.created', 'order.updated'];
    await records([...moved, 'order.authorized', 'transaction.created'], () => pay('authorize'));
    const [, paid] = await records(['order.updated', 'order.paid', 'transaction.updated'], () => pay('capture'));
    assert.deepEqual([paid?.entity_id, paid?.resources.data.payment], [order, 'paid']);
    const url = `/v2/orders/${order}`;
    const address = { ...sampleAddress, city: 'Paris' };
    await records(['order.updated'], () => send('PUT', url, { type: 'order', shipping_address: address }));
    await records([...moved, 'order.fulfilled'], () => send('PUT', url, { type: 'order', shipping: 'fulfilled' }));
    await records([], () => send('PUT', url, { type: 'order', shipping: 'fulfilled' }));
    const [transaction] = await send('GET', `${url}/transactions`);
    await records(['order.updated', 'order.refunded', 'transaction.created'], () =>
      send('POST', `${url}/transactions/${transaction.id}/refund`),
    );
    const other = await makeOrder(it, randomUUID(), product);
    await records(['order.updated'], () => send('PUT', `/v2/orders/${other}`, { type: 'order', status: 'cancelled' }));
  });

  test('files', async () => {
    let id = '';
    const [created] = await records(['file.created'], async () => {
      id = await uploadFile(it, 'some bytes');
    });
    assert.deepEqual(created?.resources.data, await send('GET', `/v2/files/${id}`));
    await records(['file.deleted'], () => send('DELETE', `/v2/files/${id}`));
  });

  test('no key is forgotten', () => {
    // Settings exist from the start and cannot be deleted.
    const never = ['settings.created', 'settings.deleted'];
    assert.deepEqual([...seen, ...never].sort(), eventKeys.toSorted());
  });
});

describe('with the debt of events that are read back paid', () => {
  test('the catalog records what an enabled integration observes, and nothing else', async () => {
    const paid = await openTestShop(['events-read-back']);
    const data = { type: 'integration', name: 'I', description: '', integration_type: 'webhook', enabled: true };
    const configuration = { url: 'https://hooks.example.com' };
    const observes = ['product.created', 'brand.updated'];
    await paid.admin('POST', '/v2/integrations', { data: { ...data, observes, configuration } });
    const id = await makeProduct(paid);
    await paid.admin('PUT', `/v2/products/${id}`, { data: { type: 'product', name: 'Q' } });
    const brand = { type: 'brand', name: 'B', slug: 'b' };
    await paid.admin('POST', '/v2/brands', { data: brand });
    const { rows } = await paid.shop.db.query<Recorded>("select key from shop_events where key ~ 'product|brand'");
    assert.deepEqual(rows, [{ key: 'product.created' }]);
    await paid.close();
  });
});

describe('a change that fails records nothing', () => {
  test('a refused request, and one whose transaction is undone', async () => {
    const slug = randomUUID();
    await send('POST', '/v2/brands', { type: 'brand', name: 'B', slug });
    const events = await eventsOf(async () => {
      assert.equal((await it.admin('POST', '/v2/brands', { data: { type: 'brand', name: 'B', slug } })).status, 422);
      const product = await makeProduct(it, { manage_stock: true, stock: 1 });
      const data = { type: 'stock-transaction', action: 'decrement', quantity: 5 };
      assert.equal((await it.admin('POST', `/v2/inventories/${product}/transactions`, { data })).status, 422);
    });
    assert.deepEqual(
      events.map(({ key }) => key),
      ['product.created', 'stock-transaction.created'],
    );
  });

  test('a repeated request with one Idempotency-Key records once', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const line = { type: 'cart_item', id: await makeProduct(it), quantity: 2 };
    const cart = `/v2/carts/${randomUUID()}/items`;
    await records(['cart.updated'], async () => {
      for (let round = 0; round < 3; round += 1) {
        assert.equal((await it.admin('POST', cart, { data: line }, key)).status, 201);
      }
    });
  });
});
