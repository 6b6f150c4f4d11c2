import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { openMeshClient } from '@banyan/kit/client';
import { ServiceError } from '@banyan/kit/errors';
import { BadMessage } from '@banyan/kit/messages';
import { type FakeMesh, startFakeMesh } from '@banyan/kit/testing';
import { Orders } from './orders.ts';
import { ordersOwner } from './owner.ts';
import { openStore, type Store } from './store.ts';
import { FakeOwner, type OrderShown, orderFact, orderShown } from './testing-orders.ts';

describe('the copy of the orders', () => {
  let folder: string;
  let mesh: FakeMesh;
  let owner: FakeOwner;
  let store: Store;
  let orders: Orders;
  let close: () => Promise<unknown>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orders-'));
    owner = new FakeOwner();
    mesh = await startFakeMesh({ orders: owner.service });
    const client = openMeshClient({ meshUrl: mesh.url });
    store = openStore({ path: join(folder, 'jobs.duckdb'), now: Date.now, onFatal: () => {} });
    await store.applySchema();
    orders = new Orders(store.db, store.orders, ordersOwner(client, { id: 'a', secret: 'b' }));
    close = () => Promise.all([client.close(), store.close()]);
  });
  afterEach(async () => {
    await close();
    mesh.close();
    await rm(folder, { recursive: true });
  });

  const names = async () => (await store.orders.lines('', null)).map(({ lines }) => lines.split(',')[11]);
  /** What an export would hold. */
  const exported = () => orders.settled(names);
  const named = ({ data: { id } }: OrderShown, name: string) => orderShown({ id, name });

  test('is filled at first, page by page, and then asks only for what changed', async () => {
    const many = Array.from({ length: 250 }, (_, n) => orderShown({ name: `n${n}`, atMs: 1_700_000_000_000 + n }));
    owner.put(...many);
    assert.deepEqual(
      await exported(),
      many.map((_, n) => `n${n}`),
    );
    assert.deepEqual([owner.asked.length, owner.asked[0]?.get('since')], [3, null]);
    owner.asked.length = 0;
    owner.put(named(many[7] as OrderShown, 'changed'));
    assert.equal((await exported()).filter((name) => name === 'changed').length, 1);
    assert.deepEqual([owner.asked.length, owner.asked[0]?.get('since') !== null], [1, true]);
  });

  test('a change right before an export is in it, whether or not a fact told of it', async () => {
    const order = orderShown({ name: 'one' });
    owner.put(order);
    assert.deepEqual(await exported(), ['one']);
    for (const name of ['two', 'three']) {
      owner.put(named(order, name));
      assert.deepEqual(await exported(), [name]);
    }
  });

  test('of facts the newer one wins, in any order, and each acts once', async () => {
    const order = orderShown({ name: 'one' });
    const facts = [3, 1, 2, 5, 4].map((version) => orderFact(named(order, `v${version}`), version));
    for (const fact of [...facts, ...facts]) await orders.handle(fact);
    assert.deepEqual(await names(), ['v5']);
  });

  test('a fact that comes late, and tells of an older state, is in no export', async () => {
    const order = orderShown({ name: 'old' });
    owner.put(named(order, 'new'));
    assert.deepEqual(await exported(), ['new']);
    await orders.handle(orderFact(order, 1));
    assert.deepEqual(await exported(), ['new']);
  });

  test('facts wait while an export is under way, and count after it', async () => {
    const order = orderShown({ name: 'old' });
    owner.put(order);
    let handled: Promise<void> | undefined;
    await orders.settled(async () => {
      handled = orders.handle(orderFact(named(order, 'new'), 1));
      assert.deepEqual(await names(), ['old']);
    });
    await handled;
    assert.deepEqual(await names(), ['new']);
  });

  test('an order that its owner does not have any more is in no export', async () => {
    const [gone, kept] = [orderShown({ name: 'gone' }), orderShown({ name: 'kept' })];
    owner.put(gone, kept);
    assert.equal((await exported()).length, 2);
    owner.clear();
    owner.put(kept);
    assert.deepEqual(await exported(), ['kept'], 'the numbers differ');
    owner.isAnother = true;
    owner.clear();
    owner.put(gone);
    assert.deepEqual(await exported(), ['gone'], 'the position is of another store');
    await orders.handle(orderFact(kept, 9));
    owner.isAnother = false;
    assert.deepEqual(await exported(), ['gone'], 'a fact told of it');
  });

  test('nothing is exported while the owner cannot be asked, or its reply cannot be read', async () => {
    owner.put(orderShown());
    const bodies = [
      'x',
      '{}',
      { data: [{}], meta: { position: '1', total: 1 } },
      { data: [], meta: { position: 'x' } },
    ];
    const replies = [() => ({ status: 503 }), ...bodies.map((body) => () => ({ status: 200, body }))];
    for (const reply of replies) {
      mesh.services.orders = reply;
      await assert.rejects(
        orders.settled(async () => assert.fail('it was not settled')),
        (error: unknown) => error instanceof ServiceError && error.code === 'peer_unavailable',
      );
    }
    mesh.services.orders = owner.service;
    assert.equal((await exported()).length, 1);
  });

  test('a fact that is no order is a dead letter, and changes nothing', async () => {
    const order = orderShown();
    const other = { ...orderFact(order, 1), aggregateId: orderShown().data.id };
    for (const fact of [{ ...orderFact(order, 1), state: { data: 5 } }, other]) {
      await assert.rejects(orders.handle(fact), BadMessage);
    }
    assert.deepEqual(await names(), []);
    await orders.handle(orderFact(order, 1));
    assert.deepEqual(await names(), ['Ada']);
  });

  test('sales count orders that are paid, by day, month, currency and product', async () => {
    const day = Date.UTC(2026, 0, 31);
    owner.put(
      orderShown({ payment: 'paid', atMs: day }),
      orderShown({ payment: 'paid', atMs: day + 86_399_999, sku: 'B2' }),
      orderShown({ payment: 'paid', atMs: day + 86_400_000 }),
      orderShown({ payment: 'refunded', atMs: day }),
      orderShown({ atMs: day }),
    );
    await exported();
    const all = { from: 0, to: Number.MAX_SAFE_INTEGER };
    const line = (key: string, orders: number) => ({ key, currency: 'USD', orders, items: orders * 2 });
    assert.deepEqual(await store.sales({ by: 'day', ...all }), [
      { ...line('2026-01-31', 2), amount: 2_000 },
      { ...line('2026-02-01', 1), amount: 1_000 },
    ]);
    assert.deepEqual(
      (await store.sales({ by: 'month', ...all })).map(({ key, orders }) => [key, orders]),
      [
        ['2026-01', 2],
        ['2026-02', 1],
      ],
    );
    assert.deepEqual(await store.sales({ by: 'currency', ...all }), [{ ...line('USD', 3), amount: 3_000 }]);
    assert.deepEqual(await store.sales({ by: 'product', ...all }), [
      { ...line('A1', 2), amount: 2_000 },
      { ...line('B2', 1), amount: 1_000 },
    ]);
    const some = await store.sales({ by: 'day', from: day * 1_000, to: (day + 86_400_000) * 1_000 });
    assert.deepEqual(
      some.map(({ key }) => key),
      ['2026-01-31'],
    );
  });
});
