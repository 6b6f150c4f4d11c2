import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Instance, startInstance } from '@banyan/carts/testing';
import { digestOf, type State, versionOf } from '@banyan/kit/import';
import { type FakeMesh, serviceAt, startFakeMesh } from '@banyan/kit/testing';
import { carts as moved } from '@banyan/migration/carts';
import { type Api, openApi } from './api.ts';
import { custom, fill, makeCustomer, newCart, product } from './carts-goods.ts';
import { promoted } from './carts-promotions.ts';
import { makeProduct } from './goods.ts';
import { type Monolith, startMonolith } from './sides.ts';

/** The monolith and the service, with the states of carts brought from one to the other by hand. */
let monolith: Monolith;
let mesh: FakeMesh;
let service: Instance;
let [there, here]: [Api, Api] = [] as never;
let counter = 0;

before(async () => {
  monolith = await startMonolith();
  const all = serviceAt(monolith.url);
  const owners = [
    'monolith',
    'products',
    'inventories',
    'customers',
    'orders',
    'settings',
    'currencies',
    'promotions',
    'flows',
  ];
  mesh = await startFakeMesh(Object.fromEntries(owners.map((name) => [name, all])));
  service = await startInstance(mesh.url, { MIGRATION_TOKEN: 'a token of the migration' });
  await service.service.ready;
  const api = (url: string) => openApi({ urls: [url], tokens: monolith.tokens, tag: randomUUID() });
  [there, here] = [api(monolith.url), api(service.service.url)];
});
after(async () => {
  await service?.close();
  mesh?.close();
  await monolith?.shop.close();
});

const db = () => monolith.shop.shop.db;
const idOf = (cart: string) => decodeURIComponent(cart.slice('/v2/carts/'.length));
const statesThere = async (ids: readonly string[]): Promise<Map<string, State>> => {
  const { rows } = await db().query<{ key: string; state: State }>(moved.states, [ids]);
  return new Map(rows.map(({ key, state }) => [key, state]));
};
const statesHere = async (ids: readonly string[]) => {
  const { members = [] } = await service.service.store.moves.digests('carts', {
    keys: [...ids],
    after: null,
    to: null,
    members: true,
  });
  return new Map(members.map(({ key, digest }) => [key, digest]));
};
const own = async (side: 'service' | 'monolith') => {
  const { moves } = service.service.store;
  const { ownership } = await moves.ownership('carts');
  const state = side === 'service' ? ('owner' as const) : ('follower' as const);
  await moves.changeOwnership('carts', ownership, { epoch: ownership.epoch + 1, state, wayBack: side === 'service' });
};
const bringHere = async (ids: readonly string[]) => {
  const states = await statesThere(ids);
  counter += 1;
  const { moves } = service.service.store;
  const { epoch } = (await moves.ownership('carts')).ownership;
  const changes = ids.map((key) => ({ key, version: versionOf(epoch, counter), state: states.get(key) ?? null }));
  const outcomes = await moves.apply('carts', epoch, changes);
  assert.deepEqual(new Set(outcomes.map(({ outcome }) => outcome)), new Set(['applied']), JSON.stringify(outcomes));
};
const sameStates = async (ids: readonly string[]) => {
  const expected = new Map([...(await statesThere(ids))].map(([key, state]) => [key, digestOf(key, state)]));
  assert.deepEqual(new Map([...(await statesHere(ids))].sort()), new Map([...expected].sort()));
};

test('carts of the monolith are the same in the service, and come back the same', async () => {
  await own('monolith');
  const { id: customer, as } = await makeCustomer(there);
  const odd = `/v2/carts/${encodeURIComponent(`é \u{1f600}:{%}${randomUUID()}`)}`;
  const [plain, named, gone] = [newCart(), newCart(), newCart()];
  const key = { 'idempotency-key': randomUUID() };
  const taxed = product(await makeProduct(there), 3, { tax: [{ name: 'VAT', rate: 0.1 }, { rate: 1e-7 }] });
  await fill(there, odd, taxed);
  await fill(there, odd, custom({ sku: 'é ', name: ' trailing ', description: '\u{1f600}' }), key);
  await fill(there, plain, custom({ price: { amount: 1, includes_tax: false } }));
  const codes = await promoted(there, plain);
  await db().query(`insert into cart_field_values values ($1, $2, '{"a": [1.50, "é"]}'), ($3, $2, 'true')`, [
    idOf(plain),
    randomUUID(),
    idOf(odd),
  ]);
  await db().query(
    `insert into cart_item_field_values select id, gen_random_uuid(), '"of a line"' from cart_items where cart_id = $1`,
    [idOf(odd)],
  );
  await there.shopper('POST', '/v2/carts', { data: { name: 'Named', id: idOf(named) } }, as);
  await fill(there, gone, custom({}), { 'idempotency-key': randomUUID() });
  await there.shopper('DELETE', gone);
  const ids = [odd, plain, named, gone].map(idOf);
  await bringHere(ids);
  await sameStates(ids);
  for (const cart of [odd, plain, named, gone]) {
    const path = `${cart}?include=items`;
    assert.deepEqual((await here.shopper('GET', path)).body, (await there.shopper('GET', path)).body);
  }
  assert.deepEqual(
    (await here.shopper('GET', '/v2/carts', undefined, as)).body,
    (await there.shopper('GET', '/v2/carts', undefined, as)).body,
  );

  await own('service');
  // The replay of a request that the monolith had, with its key.
  const replayed = await here.admin(
    'POST',
    `${odd}/items`,
    custom({ sku: 'é ', name: ' trailing ', description: '\u{1f600}' }),
    key,
  );
  assert.deepEqual([replayed.status, replayed.body.data.length, replayed.body.data[1].quantity], [201, 2, 1]);
  const own2 = { 'idempotency-key': randomUUID() };
  const first = await here.shopper('POST', `${plain}/items`, custom({ sku: 'two', quantity: 2 }), own2);
  await here.shopper('DELETE', `${plain}/discounts/${codes[0]}`);
  await here.shopper('DELETE', named);
  await here.admin('DELETE', `${odd}/items/${replayed.body.data[0].id}`);
  await here.shopper('POST', `${named}/items`, custom({ sku: 'again' }));
  const { changes } = await service.service.store.moves.changes('carts', 100);
  assert.deepEqual(changes.map(({ key: one }) => one).sort(), [odd, plain, named].map(idOf).sort());
  await moved.apply(db(), changes);
  await sameStates(ids);
  assert.deepEqual(
    (await there.shopper('POST', `${plain}/items`, custom({ sku: 'two', quantity: 2 }), own2)).body,
    first.body,
  );
  const { rows } = await db().query('select from cart_customers where customer_id = $1', [customer]);
  assert.equal(rows.length, 0, 'the cart that was made again belongs to no customer');
});

test('a cart id that is used again after a delete or after its time is the new cart on both sides', async () => {
  await own('monolith');
  const [deleted, expired] = [newCart(), newCart()];
  const ids = [deleted, expired].map(idOf);
  for (const cart of [deleted, expired]) await fill(there, cart, custom({ sku: 'old' }));
  await bringHere(ids);
  await there.shopper('DELETE', deleted);
  await db().query("update carts set updated_at = updated_at - interval '7 days' where id = $1", [idOf(expired)]);
  assert.equal((await statesThere(ids)).size, 0);
  await bringHere(ids);
  await sameStates(ids);
  for (const cart of [deleted, expired]) {
    assert.deepEqual((await here.shopper('GET', `${cart}/items`)).body.data, []);
    await fill(there, cart, custom({ sku: 'new' }));
  }
  await bringHere(ids);
  await sameStates(ids);
  for (const cart of [deleted, expired]) {
    assert.equal((await here.shopper('GET', `${cart}/items`)).body.data[0].sku, 'new');
  }
});

test('keys come in the order of their bytes, with carts of which only replies are left', async () => {
  await own('monolith');
  const made = ['a', 'B', 'é', '\u{1f600}', '\uffee'].map((text) => `/v2/carts/${encodeURIComponent(`${text}-order`)}`);
  for (const cart of made) await fill(there, cart, custom({}), { 'idempotency-key': randomUUID() });
  await there.shopper('DELETE', made[0] ?? '');
  await bringHere(made.map(idOf));
  const { rows } = await db().query<{ key: string }>(moved.keys, [null, 1_000]);
  const keys = rows.map(({ key }) => key);
  assert.deepEqual(
    keys,
    keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  assert.ok(made.every((cart) => keys.includes(idOf(cart))));
  const [middle] = made.map(idOf).slice(2);
  const { rows: later } = await db().query<{ key: string }>(moved.keys, [middle, 1_000]);
  assert.deepEqual(
    later.map(({ key }) => key),
    keys.slice(keys.indexOf(middle ?? '') + 1),
  );
  const range = { after: middle ?? null, to: idOf(made[3] ?? ''), members: true };
  const { members = [] } = await service.service.store.moves.digests('carts', range);
  assert.deepEqual(members.map(({ key }) => key).sort(), [idOf(made[3] ?? ''), idOf(made[4] ?? '')].sort());
});
