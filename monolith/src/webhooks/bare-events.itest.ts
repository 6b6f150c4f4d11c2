import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { cartResources } from '../carts/cart.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { type Complete, dispatchEvents } from './dispatch.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

const complete: Complete = (db, _key, id) => cartResources(it.shop, db, id);
const write = async (key: string, entityId: string, resources: object) => {
  const { rows } = await it.shop.db.query<{ id: string }>(
    'insert into shop_events (key, entity_id, resources, created_at) values ($1, $2, $3, $4) returning id',
    [key, entityId, JSON.stringify(resources), it.shop.now()],
  );
  return rows[0]?.id;
};
const resourcesOf = async (id: string | undefined) =>
  (await it.shop.db.query<{ resources: object }>('select resources from shop_events where id = $1', [id])).rows[0]
    ?.resources;

test('an event without its entity is completed with the entity as it is, when its deliveries are planned', async () => {
  const cart = randomUUID();
  const line = { type: 'custom_item', name: 'é', sku: 'a', price: { amount: 250 } };
  assert.equal((await it.shopper('POST', `/v2/carts/${cart}/items`, { data: line })).status, 201);
  const bare = await write('cart.updated', cart, { type: 'cart', id: cart });
  const missing = await write('cart.updated', 'none', { type: 'cart', id: 'none' });
  const deleted = await write('cart.deleted', cart, { type: 'cart', id: cart });
  const whole = await write('brand.updated', 'b', { data: { id: 'b' } });
  await dispatchEvents(it.shop.db, it.shop.now(), complete);
  const shown = (await it.shopper('GET', `/v2/carts/${cart}?include=items`)).body;
  assert.deepEqual(await resourcesOf(bare), shown);
  const { rows } = await it.shop.db.query<{ resources: object }>(
    "select resources from shop_events where key = 'cart.updated' and entity_id = $1 order by seq limit 1",
    [cart],
  );
  assert.deepEqual(rows[0]?.resources, shown, 'as the shop itself tells of a cart');
  assert.deepEqual(await resourcesOf(missing), { type: 'cart', id: 'none' }, 'the cart has gone meanwhile');
  assert.deepEqual(await resourcesOf(deleted), { type: 'cart', id: cart });
  assert.deepEqual(await resourcesOf(whole), { data: { id: 'b' } });
});
