import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLogger } from '@banyan/kit/log';
import { openPublisher, type Publisher, startRelay } from '@banyan/kit/messages';
import { type FactsBroker, type FakeMesh, openFactsBroker, startFakeMesh, until } from '@banyan/kit/testing';
import { ordersConsumer } from './orders.ts';
import { openStore, type Store } from './store.ts';
import { type Instance, startInstance } from './testing.ts';
import { FakeOwner, orderFact, orderShown } from './testing-orders.ts';

let facts: FactsBroker;
let mesh: FakeMesh;
let owner: FakeOwner;
let jobs: Instance;
before(async () => {
  facts = await openFactsBroker();
  owner = new FakeOwner();
  // An owner without any is asked again and again, and would not know the orders of the facts.
  owner.put(orderShown());
  mesh = await startFakeMesh({ orders: owner.service });
  jobs = await startInstance(mesh.url, facts.env);
  await jobs.service.ready;
});
after(async () => {
  await jobs?.close();
  mesh?.close();
  await facts?.drop([ordersConsumer]);
});

const amounts = async () =>
  (await jobs.service.store.sales({ by: 'currency', from: 0, to: Number.MAX_SAFE_INTEGER })).map(
    ({ orders }) => orders,
  );

test('facts of orders are in reports without asking anyone, each once; others are not taken', async () => {
  await until('the first look at the orders', () => owner.asked.length > 0);
  const { store, stop } = await producer();
  const order = orderShown({ payment: 'paid' });
  const publish = (...events: ReturnType<typeof orderFact>[]) =>
    store.db.transaction(async (tx) => {
      for (const event of events) await store.db.outbox(tx).add(event);
    });
  await publish(orderFact(orderShown(), 1, 'order.created'), orderFact(order, 2, 'order.paid'), {
    ...orderFact(order, 3),
    type: 'brand.updated',
    state: null,
  });
  await until('the sale', async () => (await amounts()).join() === '1');
  await publish(orderFact(orderShown({ payment: 'paid' }), 1, 'order.updated'), orderFact(order, 2, 'order.paid'));
  await until('the second sale', async () => (await amounts()).join() === '2');
  await stop();
});

/** A service that publishes facts of orders. */
async function producer(): Promise<{ store: Store; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'orders-'));
  const store = openStore({ path: join(folder, 'orders.duckdb'), now: Date.now, onFatal: () => {} });
  await store.applySchema();
  const { url, prefix } = facts.broker;
  const publisher: Publisher = await openPublisher({ url, prefix, name: 'orders' });
  const relay = startRelay({
    store: store.db,
    publisher,
    logger: createLogger({ level: 'silent', service: 'orders' }),
  });
  return {
    store,
    stop: async () => {
      await relay.close();
      await publisher.close();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}
