import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { MeshPort } from '../support/mesh-port.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop, type Shown } from '../support/shop.ts';
import { until } from '../support/until.ts';

const stock = 7;
const limitMs = 120_000;

let platform: Platform;
/** At the monolith itself: it serves whether there is a mesh or not. */
let beside: Shop;
let edge: Shop;
before(async () => {
  platform = await startPlatform('monolith', { only: ['auth'], accompanied: true });
  // The monolith's own kind of token, which it verifies alone.
  const { access_token: token } = await askToken(platform.monolith, platform.client);
  beside = new Shop(platform.monolith, token);
  edge = new Shop(platform.edge, token);
});
after(() => platform?.stop());

function make(shop: Shop): Promise<Shown> {
  const slug = randomUUID();
  const data = {
    ...{ type: 'product', name: 'N', slug, sku: slug, description: '', manage_stock: true, stock },
    ...{ status: 'live', commodity_type: 'physical', price: [{ amount: 100, currency: 'USD', includes_tax: true }] },
  };
  return shop.send({ method: 'POST', path: '/v2/products', data });
}

async function made(shop: Shop): Promise<string> {
  const { status, body } = await make(shop);
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** What happened to the stock of a product, and what is there. */
async function stockOf(id: string): Promise<{ actions: [action: string, quantity: number][]; available: number }> {
  const { body: transactions } = await beside.get(`/v2/inventories/${id}/transactions`);
  const { body: level } = await beside.get(`/v2/inventories/${id}`);
  return {
    actions: transactions.data.map((one: { action: string; quantity: number }) => [one.action, one.quantity]),
    available: level.data.available,
  };
}
const once = { actions: [['create', stock]], available: stock };

/** How many POST requests went through the mesh on a route; without one, those for owners that the monolith still is. */
async function throughMesh(route = 'still-monolith'): Promise<number> {
  const reply = await fetch(`${platform.admin}/metrics.json`);
  const { counters } = (await reply.json()) as {
    counters: { name: string; series: { labels: Record<string, string>; value: number }[] }[];
  };
  const series = counters.find(({ name }) => name === 'http_server_requests_total')?.series ?? [];
  return series
    .filter(({ labels }) => labels.route === route && labels.http_request_method === 'POST')
    .reduce((sum, { value }) => sum + value, 0);
}

test('the first stock of a product is asked of its owner through the mesh, and is there with the reply', async () => {
  for (const shop of [edge, beside]) {
    const before = await throughMesh();
    const id = await made(shop);
    assert.deepEqual(await stockOf(id), once);
    await until('the mesh to count it', async () => (await throughMesh()) === before + 1);
  }
});

test('the creation of a product waits for no settling, since it has no links yet, and its change does', async () => {
  const port = new MeshPort(platform);
  const settles = async (route: string) => {
    const outcomes = ['settled', 'late', 'failed', 'not_held'];
    const counts = await Promise.all(outcomes.map((outcome) => port.settles(route, outcome)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const [created, changed] = [await throughMesh('product-creation'), await settles('product-writes')];
  const id = await made(edge);
  const data = { type: 'product', id, description: 'changed' };
  const { status, body } = await edge.send({ method: 'PUT', path: `/v2/products/${id}`, data });
  assert.equal(status, 200, JSON.stringify(body));
  await until('the change to be settled', async () => (await settles('product-writes')) === changed + 1);
  await until('the creation to be counted', async () => (await throughMesh('product-creation')) === created + 1);
  assert.equal(await settles('product-creation'), 0);
});

test('while the mesh is away, a product has its first stock all the same, once, also when the mesh is back', async () => {
  await platform.stack.kill('mesh');
  const id = await made(beside);
  assert.deepEqual(await stockOf(id), once);
  await platform.stack.start('mesh');
  assert.deepEqual(await stockOf(await made(edge)), once);
  assert.deepEqual(await stockOf(id), once);
});

test('products that are made while the mesh dies and comes back have their first stock once each', async () => {
  const ids: string[] = [];
  let going = true;
  const makers = Array.from({ length: 3 }, async () => {
    while (going) ids.push(await made(beside));
  });
  const after = (count: number) => {
    const goal = ids.length + count;
    return until(`${count} further products`, () => ids.length >= goal, { limitMs });
  };
  try {
    await after(5);
    await platform.stack.kill('mesh');
    await after(5);
    await platform.stack.start('mesh');
    const before = await throughMesh();
    await until('first stock to go through the mesh again', async () => (await throughMesh()) > before + 5, {
      limitMs,
    });
  } finally {
    going = false;
    await Promise.all(makers);
  }
  for (const id of ids) assert.deepEqual(await stockOf(id), once);
});
