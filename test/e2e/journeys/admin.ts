import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client, Reply } from '../client.ts';
import { keepFlows } from './flows.ts';
import { promote } from './promotions.ts';
import type { RawCall } from './raw-call.ts';
import type { Purchase } from './shopper.ts';

/**
 * An administrator's day with client credentials: settings, catalog, prices, stock, flows, promotions, and the order
 * that a shopper left behind, captured, shipped and refunded.
 */
export async function administer(client: Client, raw: RawCall, purchase: Purchase): Promise<void> {
  const token = await client.Authenticate();
  assert.equal(token.identifier, 'client_credentials');
  await settings(client);
  const productId = await catalog(client, raw);
  await stock(client, productId);
  await keepFlows(client, productId);
  await promote(client, raw, productId);
  await fulfill(client, purchase);
}

async function settings(client: Client): Promise<void> {
  const before = await client.Settings.All!();
  const updated = await client.Settings.Update!({ page_length: 50 });
  assert.equal(updated.data.page_length, 50);
  await client.Settings.Update!({ page_length: before.data.page_length });

  const gateway = await client.Gateways.Enabled!('manual', true);
  assert.equal(gateway.data.enabled, true);
}

async function catalog(client: Client, raw: RawCall): Promise<string> {
  const mark = randomUUID().slice(0, 8);
  const named = (what: string) => ({ name: `${what} ${mark}`, slug: `${what}-${mark}`, status: 'live' });
  const brand = await client.Brands.Create!(named('brand'));
  const parent = await client.Categories.Create!(named('parent'));
  const child = await client.Categories.Create!(named('child'));
  const collection = await client.Collections.Create!(named('collection'));

  const linked = await raw('PUT', `/v2/categories/${child.data.id}/relationships/parent`, {
    type: 'category',
    id: parent.data.id,
  });
  assert.equal(linked.status, 200);
  const tree = await client.Categories.Tree!();
  const root = tree.data.find((category: Reply) => category.id === parent.data.id);
  assert.deepEqual(
    root.children.map((category: Reply) => category.id),
    [child.data.id],
  );

  const created = await client.Products.Create!({
    ...named('product'),
    sku: `SKU-${mark}`,
    description: 'Made by a test',
    manage_stock: true,
    stock: 4,
    commodity_type: 'physical',
    price: [{ amount: 1999, currency: 'USD', includes_tax: true }],
  });
  const id = created.data.id;
  await client.Products.CreateRelationships!(id, 'category', child.data.id);
  await client.Products.CreateRelationships!(id, 'brand', brand.data.id);
  await client.Products.CreateRelationships!(id, 'collection', [collection.data.id]);

  const repriced = await client.Products.Update!(id, {
    price: [{ amount: 2499, currency: 'USD', includes_tax: true }],
  });
  assert.equal(repriced.data.price[0].amount, 2499);

  const found = await client.Products.With(['brands', 'categories', 'collections']).Filter({
    eq: { sku: `SKU-${mark}` },
  }).All!();
  assert.equal(found.data.length, 1);
  assert.equal(found.meta.results.total, 1);
  assert.equal(found.included.brands[0].id, brand.data.id);
  assert.equal(found.included.categories[0].id, child.data.id);
  assert.equal(found.included.collections[0].id, collection.data.id);

  await client.Products.UpdateRelationships!(id, 'collection', null);
  const bare = await client.Products.Get!(id);
  assert.equal(bare.data.relationships.collections, undefined, 'an emptied relation is absent');
  return id;
}

async function stock(client: Client, productId: string): Promise<void> {
  await client.Inventories.IncrementStock!(productId, 6);
  await client.Inventories.AllocateStock!(productId, 2);
  const level = await client.Inventories.Get!(productId);
  assert.deepEqual(
    { total: level.data.total, available: level.data.available, allocated: level.data.allocated },
    { total: 10, available: 8, allocated: 2 },
  );
  await assert.rejects(client.Inventories.DecrementStock!(productId, 99), (refusal: Reply) => {
    assert.equal(refusal.errors[0].status, 422);
    return true;
  });
  const moves = await client.Inventories.GetTransactions!(productId);
  assert.deepEqual(moves.data.map((move: Reply) => move.action).sort(), ['allocate', 'create', 'increment']);
}

async function fulfill(client: Client, purchase: Purchase): Promise<void> {
  const waiting = await client.Orders.Filter({ eq: { payment: 'authorized' } })
    .Sort('-created_at')
    .With('items').All!();
  assert.ok(
    waiting.data.some((order: Reply) => order.id === purchase.orderId),
    'the order waits for its capture',
  );
  const path = { order: purchase.orderId, transaction: purchase.transactionId };
  const transactions = await client.Transactions.All!({ order: purchase.orderId });
  assert.equal(transactions.data.length, 1);

  await client.Transactions.Capture!(path);
  const paid = await client.Orders.Get!(purchase.orderId);
  assert.deepEqual([paid.data.status, paid.data.payment], ['complete', 'paid']);

  const shipped = await client.Orders.Update!(purchase.orderId, { shipping: 'fulfilled' });
  assert.equal(shipped.data.shipping, 'fulfilled');

  await client.Transactions.Refund!(path);
  const refunded = await client.Orders.Get!(purchase.orderId);
  assert.equal(refunded.data.payment, 'refunded');
}
