import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type MeshClient, openMeshClient } from '@banyan/kit/client';
import { deadLetters, nothingWaits } from '../support/messages.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

const limitMs = 120_000;
/** UTC. The test's sales are of this day or later, and the seed's are of years ago. */
const today = new Date().toISOString().slice(0, 10);
const address = {
  ...{ first_name: 'Ada', last_name: 'Byron', line_1: '1 Analytical Row', city: 'London' },
  ...{ postcode: 'N1 1AA', county: 'London', country: 'GB' },
};

interface Sales {
  orders: number;
  items: number;
  amount: number;
}
interface Order {
  id: string;
  items: number;
  amount: number;
}

let platform: Platform;
let mesh: MeshClient;
let token: string;
let shop: Shop;
let product: string;
/** What clients have paid, by the replies that they got. */
const sold: Sales = { orders: 0, items: 0, amount: 0 };
before(async () => {
  platform = await startPlatform('services', {
    only: ['auth', 'jobs', 'rabbitmq'],
    accompanied: true,
    // Once the owner has orders, the service does not ask for them again: only facts tell of them.
    env: { jobs: { REFRESH_EVERY_MS: '86400000' } },
  });
  const broker = platform.stack.status().stores.rabbitmq;
  assert.equal(broker?.state, 'ready', broker?.reason ?? 'no reason');
  mesh = openMeshClient({ meshUrl: platform.stack.processes.mesh?.urls.internal ?? '', timeoutMs: 10_000 });
  token = (await askToken(platform.edge, platform.client)).access_token;
  shop = new Shop(platform.edge, token);
  const { data } = await expecting('GET', '/v2/products?filter=eq(status,live)&page[limit]=50', 200);
  const lasting = (one: { manage_stock: boolean; meta: { stock: { level: number } } }) =>
    !one.manage_stock || one.meta.stock.level > 100;
  product = data.find(lasting).id;
  await expecting('PUT', '/v2/gateways/manual', 200, { type: 'gateway', enabled: true });
  await until('the orders of the seed in the report', async () => ((await report('2010-01-01'))?.orders ?? 0) > 0, {
    limitMs,
  });
});
after(async () => {
  await mesh?.close();
  await platform?.stop();
});

// biome-ignore lint/suspicious/noExplicitAny: a body of the API
async function expecting(method: string, path: string, status: number, data?: object): Promise<any> {
  const reply = await shop.send({ method, path, ...(data ? { data } : {}) });
  assert.equal(reply.status, status, `${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

async function order(quantity: number): Promise<Order> {
  const cart = randomUUID();
  await expecting('POST', `/v2/carts/${cart}/items`, 201, { type: 'cart_item', id: product, quantity });
  const customer = { name: 'Ada', email: `${cart}@example.com` };
  const data = { customer, billing_address: address, shipping_address: address };
  const made = (await expecting('POST', `/v2/carts/${cart}/checkout`, 201, data)).data;
  return { id: made.id, items: quantity, amount: made.meta.display_price.with_tax.amount };
}

async function sell(quantity = 1): Promise<void> {
  await pay(await order(quantity));
}

async function pay({ id, items, amount }: Order): Promise<void> {
  await expecting('POST', `/v2/orders/${id}/payments`, 201, { gateway: 'manual', method: 'purchase' });
  sold.orders += 1;
  sold.items += items;
  sold.amount += amount;
}

/** What the jobs service reports, asked as a service does: by its name. Null while it does not reply. */
async function report(from = today): Promise<Sales | null> {
  const path = `/internal/reports/sales?by=day&from=${from}`;
  const headers = { authorization: `Bearer ${token}` };
  const reply = await mesh.send({ service: 'jobs', method: 'GET', path, headers }).catch(() => null);
  if (reply?.status !== 200) return null;
  const { data } = JSON.parse(reply.text) as { data: Sales[] };
  const sum = (member: keyof Sales) => data.reduce((total, line) => total + line[member], 0);
  return { orders: sum('orders'), items: sum('items'), amount: sum('amount') };
}

/** Resolves when the report holds exactly what was sold, and no fact is left that could change it. */
async function counted(): Promise<void> {
  let last: Sales | null = null;
  const isCounted = async () => {
    last = await report();
    return last !== null && last.orders >= sold.orders;
  };
  await until('the sales in the report', isCounted, { limitMs }).catch((error: Error) =>
    assert.fail(`${error.message}: ${JSON.stringify(last)}, not ${JSON.stringify(sold)}`),
  );
  await nothingWaits(platform);
  assert.deepEqual(await report(), sold);
}

test('an order that was paid at the monolith is in the report of the jobs service, once; an unpaid one is not', async () => {
  assert.deepEqual(await report(), sold, 'nothing was sold yet');
  await order(3);
  await Promise.all([sell(1), sell(2)]);
  await counted();
});

test('sales while the jobs service is dead are counted once when it runs again', async () => {
  await platform.stack.kill('jobs');
  await sell(2);
  await sell(1);
  await platform.stack.start('jobs');
  await counted();
  await platform.stack.restart('jobs');
  await counted();
});

test('sales while the relay is dead, or dies, are counted once when it runs again', async () => {
  // A checkout waits until carts are the same everywhere, which the worker says: these come before.
  const [first, ...others] = await Promise.all([2, 1, 2, 3, 1, 2, 3].map(order));
  await platform.stack.kill('migrator');
  await pay(first ?? assert.fail());
  await platform.stack.start('migrator');
  await counted();

  const before = sold.orders;
  const selling = Promise.all(others.map(pay));
  // Some facts were published, and perhaps their notes are still there.
  await until('a sale in the report', async () => ((await report())?.orders ?? 0) > before, { limitMs });
  await platform.stack.kill('migrator');
  await selling;
  await platform.stack.start('migrator');
  await counted();
});

test('no fact was given up, and the next sale is counted alone', async () => {
  await sell(1);
  await counted();
  assert.deepEqual(await deadLetters(platform), []);
});
