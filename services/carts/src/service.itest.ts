import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createLogger } from '@banyan/kit/log';
import {
  credentials,
  type FakeMesh,
  type FakeService,
  startFakeMesh,
  testTokens,
  tokenIssuer,
  until,
} from '@banyan/kit/testing';
import { cartsConfig } from './config.ts';
import { startService } from './service.ts';
import { type Instance, startInstance } from './testing.ts';

const { admin: adminToken, shopper: shopperToken } = testTokens;
const promotion = randomUUID();
const day = 24 * 3_600_000;

// biome-ignore lint/suspicious/noTemplateCurlyInString: the format of a currency
const usd = { code: 'USD', format: '${price}', decimal_point: '.', thousand_separator: ',', decimal_places: 2 };
const currencies: FakeService = () => ({ status: 200, body: { data: [{ ...usd, enabled: true, default: true }] } });
const named = (path: string) => new URL(path, 'http://x').searchParams.getAll('id');
/** Every id is a product that costs 10 dollars and has an image. */
const products: FakeService = ({ path }) => {
  const image = { mime_type: 'image/png', file_name: 'a.png', href: 'http://shop.test/files/a.png' };
  const prices = { USD: { amount: 1_000, includes_tax: true } };
  const one = { name: 'P', sku: 'S', slug: 's', description: '', manage_stock: true, status: 'live', prices };
  const data = named(path).map((id) => (path.startsWith('/internal/images') ? { id, image } : { id, ...one }));
  return { status: 200, body: { data } };
};
const inventories: FakeService = ({ path }) => ({
  status: 200,
  body: { data: named(path).map((id) => ({ id, available: 1_000 })) },
});
const customers: FakeService = ({ path }) => ({ status: 200, body: { data: named(path).map((id) => ({ id })) } });
/** Every code but `none` takes off five dollars; one automatic promotion takes off one from `automaticFrom` on. */
let automaticFrom = 1_000_000_000;
const promotions: FakeService = ({ path }) => {
  const terms = { promotion_type: 'fixed_discount', min_cart_value: [] as object[], max_discount_value: [] };
  const one = { ...terms, name: 'P', description: '', running: true, created_at: '2018-05-10T14:11:32.123Z' };
  const off = (amount: number) => ({ schema: { currencies: [{ currency: 'USD', amount }] } });
  const query = new URL(path, 'http://x').searchParams;
  const codes = query.getAll('code').filter((text) => text !== 'none');
  const entered = codes.map((text) => ({
    ...{ ...one, id: promotion, automatic: false, ...off(500), code: { text, for_customer: null, used_up: false } },
  }));
  const least = { min_cart_value: [{ currency: 'USD', amount: automaticFrom }] };
  const automatic = { ...one, ...least, id: randomUUID(), automatic: true, ...off(100), code: null };
  return { status: 200, body: { data: [...entered, ...(query.has('automatic') ? [automatic] : [])] } };
};
const flows: FakeService = () => ({ status: 200, body: { data: { flow: null, fields: [] } } });
const settings: FakeService = () => ({ status: 200, body: { data: { page_length: 100 } } });
const all = { monolith: tokenIssuer, currencies, products, inventories, customers, settings, promotions, flows };

describe('the carts service', () => {
  let mesh: FakeMesh;
  let carts: Instance;
  let nowMs = Date.now();
  before(async () => {
    mesh = await startFakeMesh(all);
    carts = await startInstance(mesh.url, {}, () => nowMs);
    await carts.service.ready;
  });
  after(async () => {
    await carts.close();
    mesh.close();
  });
  beforeEach(() => {
    mesh.services = { ...all };
    mesh.requests.length = 0;
    automaticFrom = 1_000_000_000;
  });

  const callAt = async (
    url: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  };
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    callAt(carts.service.url, method, path, body, headers);
  const line = (id: string, quantity = 1) => ({ data: { type: 'cart_item', id, quantity } });
  const custom = (sku: string) => ({ data: { type: 'custom_item', name: 'N', sku, price: { amount: 1 } } });
  const newCart = () => `/v2/carts/${randomUUID()}`;

  test('forty parallel additions of one product at two instances make one line of forty', async () => {
    const env = { PORT: '0', REDIS_URL: carts.server.url, REDIS_TAG: carts.server.tag, MESH_URL: mesh.url };
    const config = cartsConfig({ ...env, ...credentials });
    const second = await startService(config, createLogger({ level: 'silent', service: 'carts' }), () => nowMs);
    try {
      await second.ready;
      const [cart, id] = [newCart(), randomUUID()];
      const replies = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          callAt([carts.service.url, second.url][n % 2] ?? '', 'POST', `${cart}/items`, line(id)),
        ),
      );
      assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([201]));
      const quantities = replies.map(({ body }) => body.data[0].quantity).sort((a, b) => a - b);
      assert.deepEqual(
        quantities,
        Array.from({ length: 40 }, (_, n) => n + 1),
        'each reply shows its own addition',
      );
      const { body } = await call('GET', `${cart}/items`);
      assert.deepEqual([body.data.length, body.data[0].quantity], [1, 40]);
    } finally {
      await second.close();
    }
  });

  test('twins with one Idempotency-Key act once and get one reply', async () => {
    const [cart, key] = [newCart(), { 'idempotency-key': randomUUID() }];
    const replies = await Promise.all(Array.from({ length: 8 }, () => call('POST', `${cart}/items`, custom('a'), key)));
    assert.equal(new Set(replies.map(({ body }) => JSON.stringify(body))).size, 1);
    const { body } = await call('GET', `${cart}/items`);
    assert.equal(body.data[0].quantity, 1);
    const made = await Promise.all(
      Array.from({ length: 8 }, () => call('POST', '/v2/carts', { data: { name: 'N' } }, key)),
    );
    assert.equal(new Set(made.map((reply) => reply.body.data.id)).size, 1);
  });

  test('a list is asked for in one round: each owner once, for up to a hundred products', async () => {
    const cart = newCart();
    await call('POST', `${cart}/items`, custom('first'));
    mesh.requests.length = 0;
    const data = Array.from({ length: 100 }, () => line(randomUUID()).data).slice(0, 99);
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const { status, body } = await call('POST', `${cart}/items`, { data }, { traceparent });
    assert.deepEqual([status, body.data.length, body.errors], [201, 100, undefined]);
    const asked = mesh.requests.map(({ service, path }) => `${service} ${path.split('?')[0]}`).sort();
    assert.deepEqual(
      // What is remembered for a moment is asked for anew here.
      asked.filter((one) => one.includes('/internal/') && !one.startsWith('flows ')),
      [
        ...['inventories /internal/stock', 'products /internal/images', 'products /internal/products'],
        ...['promotions /internal/promotions', 'settings /internal/settings'],
      ],
    );
    const [internal] = mesh.requests.filter(({ path }) => path.startsWith('/internal/'));
    assert.match(internal?.headers.authorization ?? '', /^Basic /);
    assert.equal(internal?.headers.traceparent, traceparent);
  });

  test('an owner whose word decides is asked, or the request is 503 and adds nothing', async () => {
    const cart = newCart();
    for (const missing of ['products', 'inventories'] as const) {
      const { [missing]: _gone, ...others } = all;
      mesh.services = others;
      const reply = await call('POST', `${cart}/items`, line(randomUUID()));
      assert.deepEqual([reply.status, reply.headers.get('retry-after')], [503, '1'], missing);
    }
    mesh.services = { ...all };
    assert.deepEqual((await call('GET', `${cart}/items`)).body.data, []);
  });

  test('a code is asked of its owner each time, or the request is 503 and enters nothing', async () => {
    const cart = newCart();
    const code = (text: string) => ({ data: { type: 'promotion_item', code: text } });
    await call('POST', `${cart}/items`, line(randomUUID(), 2));
    const { promotions: _gone, ...others } = all;
    mesh.services = others;
    assert.equal((await call('POST', `${cart}/items`, code('five'))).status, 503);
    mesh.services = { ...all };
    assert.equal((await call('POST', `${cart}/items`, code('none'))).status, 404);
    const entered = await call('POST', `${cart}/items`, code('five'));
    assert.deepEqual([entered.status, entered.body.meta.display_price.with_tax.amount], [201, 1_500]);
  });

  test('while the owner of promotions is away, codes are worth nothing and automatic promotions stay as they were', async () => {
    const cart = newCart();
    const data = [line(randomUUID(), 5).data, { type: 'promotion_item', code: 'five' }];
    await call('POST', `${cart}/items`, { data });
    automaticFrom = 4_000;
    const worth = async () => {
      const { body, headers } = await call('GET', `${cart}/items`);
      const amounts = body.data.slice(1).map(({ value }: { value: { amount: number } }) => value.amount);
      return [amounts, headers.get('x-banyan-missing')];
    };
    assert.deepEqual(await worth(), [[-500, -100], null]);
    const { promotions: _gone, ...others } = all;
    mesh.services = others;
    assert.deepEqual(await worth(), [[0, -100], 'promotions']);
    assert.equal((await call('POST', `${cart}/items`, line(randomUUID()))).status, 201, 'goods are added all the same');
  });

  test('automatic promotions are remembered for a moment', async () => {
    const remembering = await startInstance(mesh.url, { PROMOTIONS_FRESH_MS: '1000' }, () => nowMs);
    try {
      await remembering.service.ready;
      const cart = newCart();
      const asked = async () => {
        mesh.requests.length = 0;
        await callAt(remembering.service.url, 'POST', `${cart}/items`, line(randomUUID()));
        return mesh.requests.filter(({ service }) => service === 'promotions').length;
      };
      assert.deepEqual([await asked(), await asked()], [1, 0]);
      nowMs += 1_001;
      assert.equal(await asked(), 1);
    } finally {
      await remembering.close();
    }
  });

  test('a cart is shown without images while their owner cannot be asked, and the reply says so', async () => {
    const cart = newCart();
    const added = await call('POST', `${cart}/items`, line(randomUUID()));
    assert.equal(added.body.data[0].image.file_name, 'a.png');
    const { products: _gone, ...others } = all;
    mesh.services = others;
    const { status, body, headers } = await call('GET', `${cart}/items`);
    assert.deepEqual([status, body.data[0].image.file_name], [200, '']);
    assert.equal(headers.get('x-banyan-missing'), 'products');
  });

  test('a cart expires seven days after its last change, and its id begins afresh', async () => {
    const cart = newCart();
    const customer = randomUUID();
    const mine = { data: [{ type: 'customer', id: customer }] };
    await call('POST', `${cart}/items`, custom('old'));
    await call('POST', `${cart}/relationships/customers`, mine);
    nowMs += 6 * day;
    assert.equal((await call('GET', `${cart}/items`)).body.data.length, 1);
    const key = `{${carts.server.tag}}:cart:${cart.slice('/v2/carts/'.length)}`;
    const expiresAt = Number(await carts.server.client.call('PEXPIRETIME', key));
    assert.equal(expiresAt, nowMs - 6 * day + 7 * day);
    nowMs += day + 1;
    assert.deepEqual((await call('GET', `${cart}/items`)).body.data, []);
    const again = await call('POST', `${cart}/items`, custom('new'));
    assert.deepEqual(
      again.body.data.map(({ sku }: { sku: string }) => sku),
      ['new'],
    );
    const list = await call('GET', '/v2/carts');
    assert.deepEqual(
      list.body.data.map(({ id }: { id: string }) => id),
      [cart.slice('/v2/carts/'.length)],
    );
  });

  test('expired carts leave the indexes', async () => {
    const cart = newCart().slice('/v2/carts/'.length);
    await call('POST', `/v2/carts/${cart}/items`, custom('a'));
    const { client, tag } = carts.server;
    const indexes = ['created', 'expiry', 'ids', 'until'];
    const there = async () =>
      (await Promise.all(indexes.map((name) => client.zscore(`{${tag}}:${name}`, cart)))).filter(Boolean);
    assert.equal((await there()).length, 4);
    nowMs += 7 * day + 1;
    await carts.service.store.sweep();
    assert.equal((await there()).length, 0);
  });

  test('does not fail when the store is away, and recovers by itself', async () => {
    carts.server.takeDown();
    const cart = newCart();
    const reply = await call('POST', `${cart}/items`, custom('a'));
    assert.deepEqual([reply.status, reply.headers.get('retry-after')], [503, '1']);
    carts.server.bringBack();
    await until('the store', async () => (await call('POST', `${cart}/items`, custom('a'))).status === 201);
  });

  test('a follower refuses every write as misdirected, and serves reads', async () => {
    const { moves } = carts.service.store;
    const cart = newCart();
    await call('POST', `${cart}/items`, custom('a'));
    const { ownership } = await moves.ownership('carts');
    await moves.changeOwnership('carts', ownership, { epoch: 2, state: 'follower', wayBack: false });
    try {
      for (const [method, path, body] of [
        ['POST', `${cart}/items`, custom('b')],
        ['POST', '/v2/carts', { data: { name: 'N' } }],
        ['PUT', cart, { data: { name: 'N' } }],
        ['DELETE', cart, undefined],
        ['DELETE', `${cart}/items`, undefined],
      ] as const) {
        assert.equal((await call(method, path, body)).status, 421, `${method} ${path}`);
      }
      assert.equal((await call('GET', `${cart}/items`)).body.data.length, 1);
    } finally {
      const { ownership: now } = await moves.ownership('carts');
      await moves.changeOwnership('carts', now, { epoch: 3, state: 'owner', wayBack: false });
    }
  });

  test('writes no token and no body into its log', () => {
    const text = carts.lines.join('');
    for (const secret of [adminToken, shopperToken, credentials.INTROSPECTION_CLIENT_SECRET]) {
      assert.ok(!text.includes(secret));
    }
  });
});
