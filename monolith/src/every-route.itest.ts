import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { allDebts } from './debts.ts';
import { fiveOff, makePromotion } from './promotions/testing.ts';
import { Random } from './seed/random.ts';
import { uploadFile } from './testing/forms.ts';
import { enableManual, makeOrder, makeProduct, sampleAddress } from './testing/goods.ts';
import { body, noRequest, query, segments } from './testing/grammar.ts';
import { issueToken, openTestShop, type TestShop } from './testing/open-shop.ts';
import { type Route, routesOf } from './testing/route-table.ts';

const seed = Number(process.env.FUZZ_SEED ?? 1);
/** Requests for each route and method; `FUZZ_ROUNDS` sets a higher number. */
const rounds = Number(process.env.FUZZ_ROUNDS ?? 6);
/** Debts cost time only, and this test does not measure time. */
const paid = allDebts.map(({ name }) => name);
const introspection = { clientId: 'auth', clientSecret: 'let me ask' };

type Headers = Record<string, string>;

let it: TestShop;
let tokens: { full: string; implicit: string; customer: string };
/** Ids of existing records, by the parameter name in the routes' patterns. */
let ids: Record<string, string[]>;
/** Members of the bodies of an area, with correct values. */
let members: Record<string, Record<string, unknown[]>>;

before(async () => {
  it = await openTestShop(paid, { introspection: introspection });
  await it.app.listen({ host: '127.0.0.1', port: 0 });
  port = (it.app.server.address() as AddressInfo).port;
  await enableManual(it);
  const product = await makeProduct(it, { manage_stock: true, stock: 1_000 });
  const make = async (path: string, data: object) => {
    const reply = await it.admin('POST', path, { data });
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
    return reply.body.data.id as string;
  };
  const slug = () => randomUUID();
  const category = await make('/v2/categories', { type: 'category', name: 'C', slug: slug(), status: 'live' });
  const brand = await make('/v2/brands', { type: 'brand', name: 'B', slug: slug(), status: 'live' });
  const customer = await make('/v2/customers', { type: 'customer', name: 'C', email: 'c@example.com', password: 'p' });
  const address = await make(`/v2/customers/${customer}/addresses`, { type: 'address', ...sampleAddress });
  const cart = randomUUID();
  const order = await makeOrder(it, cart, product);
  const [line] = (await it.admin('GET', `/v2/carts/${cart}/items`)).body.data;
  const payment = await make(`/v2/orders/${order}/payments`, { gateway: 'manual', method: 'authorize' });
  const variation = await make('/v2/variations', { type: 'product-variation', name: 'V' });
  const option = await make(`/v2/variations/${variation}/options`, { type: 'option', name: 'O' });
  const modifierData = { type: 'modifier', modifier_type: 'sku_append', value: '-O' };
  const modifier = await make(`/v2/variations/${variation}/options/${option}/modifiers`, modifierData);
  const file = await uploadFile(it, 'content', 'content.txt');
  const signIn = { type: 'token', email: 'c@example.com', password: 'p' };
  const signedIn = (await it.shopper('POST', '/v2/customers/tokens', { data: signIn })).body.data.token;
  tokens = {
    full: await issueToken(it.shop, 'client_credentials'),
    implicit: await issueToken(it.shop, 'implicit'),
    customer: signedIn,
  };
  const configuration = { url: 'https://hooks.example.com/', secret_key: 's' };
  const observes = ['order.paid'];
  const webhook = { name: 'I', description: 'D', integration_type: 'webhook', observes, configuration };
  const integration = await make('/v2/integrations', { type: 'integration', ...webhook });
  const job = await make('/v2/jobs', { type: 'job', job_type: 'order_export' });
  const flow = await make('/v2/flows', { type: 'flow', name: 'F', slug: 'things', description: '', enabled: true });
  const relation = [{ type: 'one-to-many', to: 'product' }];
  const fieldBody = {
    ...{ type: 'field', name: 'F', description: '', required: false },
    relationships: { flow: { data: { type: 'flow', id: flow } } },
  };
  const field = await make('/v2/fields', { ...fieldBody, slug: 'size', field_type: 'integer', unique: true });
  await make('/v2/fields', { ...fieldBody, slug: 'parts', field_type: 'relationship', validation_rules: relation });
  const entry = await make('/v2/flows/things/entries', { type: 'entry', size: 1 });
  const promotion = await makePromotion(it);
  await make('/v2/flows', { type: 'flow', name: 'F', slug: 'products', description: '', enabled: true });
  const code = { type: 'promotion_codes', codes: [{ code: 'CODE' }] };
  await it.admin('POST', `/v2/promotions/${promotion}/codes`, { data: code });
  const currency = (await it.admin('GET', '/v2/currencies')).body.data[0].id;
  ids = {
    id: [
      product,
      category,
      brand,
      order,
      currency,
      file,
      flow,
      'things',
      'products',
      field,
      promotion,
      integration,
      job,
    ],
    name: [`${file}.txt`],
    variation: [variation],
    option: [option],
    modifier: [modifier],
    entry: [entry, product],
    field: ['parts', 'size'],
    code: ['CODE'],
    customerId: [customer],
    addressId: [address],
    ref: [cart, 'x'],
    item: [line.id],
    tax: [randomUUID()],
    productId: [product],
    transactionId: [randomUUID()],
    transaction: [payment],
    type: ['product', 'cart'],
    slug: ['manual', 'stripe'],
    jobId: [randomUUID()],
  };
  const price = { amount: 100, currency: 'USD', includes_tax: true };
  const named = { name: ['N'], slug: [slug(), 's'], status: ['live', 'draft'], description: ['D'] };
  members = {
    settings: { type: ['settings'], page_length: [10], list_child_products: [true], additional_languages: [['fr']] },
    currencies: {
      type: ['currency'],
      code: ['ABC', 'USD'],
      exchange_rate: [1.5],
      format: ['{price}'],
      decimal_point: ['.'],
      thousand_separator: [','],
      decimal_places: [2],
      default: [false],
      enabled: [true],
    },
    customers: {
      type: ['customer', 'address', 'token'],
      name: ['N'],
      email: ['c@example.com', 'd@example.com'],
      ...Object.fromEntries(Object.entries(sampleAddress).map(([name, value]) => [name, [value]])),
    },
    products: {
      type: ['product', 'category'],
      id: [product, category],
      ...named,
      sku: ['S'],
      manage_stock: [true],
      commodity_type: ['physical'],
      price: [[price]],
      stock: [1],
      weight: [{ unit: 'kg', value: 1 }],
      material: ['wood'],
    },
    categories: { type: ['category'], id: [category], ...named, parent: [category] },
    brands: { type: ['brand'], id: [brand], ...named },
    collections: { type: ['collection'], id: [category], ...named },
    integrations: {
      type: ['integration'],
      ...Object.fromEntries(Object.entries(webhook).map(([name, value]) => [name, [value]])),
      enabled: [true],
    },
    jobs: { type: ['job'], job_type: ['order_export'], filter: ['eq(payment,paid)', 'gt(created_at,2018-09-01)'] },
    inventories: { type: ['stock-transaction'], id: [product], action: ['increment', 'allocate'], quantity: [1] },
    carts: {
      type: ['cart_item', 'custom_item', 'cart_items', 'customer', 'tax_item', 'order_items', 'promotion_item'],
      id: [product, customer, cart],
      cart_id: [cart],
      quantity: [1, 2],
      name: ['N'],
      sku: ['S'],
      description: ['D'],
      price: [price],
      code: ['T', 'CODE'],
      jurisdiction: ['UK'],
      rate: [0.2],
      customer: [customer, { id: customer }, { name: 'Ada', email: 'a@example.com' }],
      billing_address: [sampleAddress],
      shipping_address: [sampleAddress],
    },
    orders: {
      type: ['order', 'payment'],
      gateway: ['manual', 'stripe'],
      method: ['authorize', 'purchase'],
      payment: ['tok'],
      amount: [100],
      shipping: ['fulfilled'],
      status: ['cancelled'],
      shipping_address: [sampleAddress],
      options: [{ receipt_email: true }],
    },
    flows: {
      type: ['flow', 'entry', 'product'],
      id: [flow, entry, product],
      name: ['N'],
      slug: [slug(), 'recipes'],
      description: ['D'],
      enabled: [true, false],
      size: [1, 2],
      parts: [product],
    },
    fields: {
      type: ['field'],
      name: ['N'],
      slug: [slug(), 'weight2'],
      field_type: ['string', 'integer', 'date', 'relationship'],
      description: ['D'],
      required: [false, true],
      unique: [true, false],
      default: [null, 1, 'x', '2018-01-01'],
      order: [1],
      validation_rules: [
        [],
        [{ type: 'between', options: { from: 1, to: 2 } }],
        [{ type: 'enum', options: ['x'] }],
        relation,
      ],
      relationships: [{ flow: { data: { type: 'flow', id: flow } } }],
    },
    promotions: {
      ...Object.fromEntries(Object.entries(fiveOff).map(([name, value]) => [name, [value]])),
      type: ['promotion', 'promotion_codes'],
      promotion_type: ['fixed_discount', 'x_for_y'],
      automatic: [true, false],
      min_cart_value: [[], [{ currency: 'USD', amount: 1 }]],
      codes: [[{ code: slug() }], [{ code: 'CODE', uses: 1, user: 'x' }], ['CODE']],
    },
    gateways: { type: ['gateway'], enabled: [true], test: [false], login: ['x'] },
    variations: {
      type: ['product-variation', 'option', 'modifier'],
      id: [variation, option],
      name: ['N'],
      description: ['D'],
      modifier_type: ['sku_append', 'slug_builder', 'price_equals'],
      value: ['x', { seek: 'a', set: 'b' }, [price]],
    },
    files: { type: ['file'], file_name: ['N'], file_location: ['https://files.example/a.png'], public: ['true'] },
    oauth: { grant_type: ['implicit', 'refresh_token'], client_id: ['tests', 'x'], refresh_token: ['x'], token: ['x'] },
  };
});
after(async () => {
  agent.destroy();
  await it.close();
});

const part = (text: string) => Buffer.from(text).toString('base64url');

/** Texts that replace a token. */
function wrongTokens(): string[] {
  const [head = '', claims = '', signature = ''] = tokens.customer.split('.');
  return [
    ...['', 'x', 'f'.repeat(40), '.', '..', '...', 'a.b.c', `${head}.${claims}.`, `${head}.${claims}.AA`, '\u00ff'],
    ...[`${head}.${part('no json')}.${signature}`, `${head}.${part('null')}.${signature}`, `${head}..${signature}`],
    ...['{}', '[]', 'null', '{"alg":{}}', '{"alg":"none"}', '{"alg":"ES256","typ":"JWT","kid":{"toString":1}}'].map(
      (header) => `${part(header)}.${claims}.${signature}`,
    ),
    ...[`${part('{"alg":"ES256","typ":"JWT","kid":"k1"}')}.${part('no json')}.AA`, 'x'.repeat(8_000), tokens.customer],
  ];
}

function fill(random: Random, path: string): string {
  return path
    .replace('*', () => random.pick(['v2/carts', 'x', '']))
    .replaceAll(/:(\w+)/g, (_, name: string) => {
      const known = ids[name];
      assert.ok(known, `the test knows nothing of :${name}`);
      return random.chance(70) ? random.pick(known) : random.pick(segments);
    });
}

const oddHeaders: Headers[] = [
  { 'x-moltin-currency': 'XXX' },
  { 'x-moltin-currency': '__proto__' },
  { 'x-moltin-language': '\u00ff,;q=x' },
  { 'idempotency-key': '"' },
  { 'idempotency-key': 'x'.repeat(300) },
  { 'x-request-timeout-ms': '-1e999' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=nonsense' },
  { 'content-type': 'multipart/form-data' },
  { 'x-moltin-customer-token': 'a.b.c' },
];

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let port = 0;

/** Sends a request over a real connection; the path is sent unchanged. */
async function call(method: string, path: string, headers: Headers, payload: string) {
  const length = { 'content-length': String(Buffer.byteLength(payload)) };
  const sent = request({ agent, port, method, path, headers: { ...headers, ...length } });
  const arrived = once(sent, 'response') as Promise<[IncomingMessage]>;
  sent.end(payload);
  const [response] = await arrived;
  return { status: response.statusCode ?? 0, text: await text(response) };
}

/** Requests whose reply breaks the rule. */
let faults: string[] = [];
beforeEach(() => {
  faults = [];
});
const noFaults = () => assert.equal(faults.length, 0, `${faults.length} faults:\n${faults.slice(0, 20).join('\n')}`);

async function send({ method }: Route, path: string, headers: Headers, body = ''): Promise<void> {
  const payload = method === 'GET' || method === 'HEAD' ? '' : body;
  const { status, text: reply } = await call(method, path, headers, payload);
  const inShape = () => {
    const errors = JSON.parse(reply).errors;
    return Array.isArray(errors) && errors[0].status === status;
  };
  if (status < 500 && (status < 400 || method === 'HEAD' || inShape())) return;
  const shown = `${method} ${path.slice(0, 150)} ${JSON.stringify(headers).slice(0, 200)} ${payload.slice(0, 300)}`;
  faults.push(`${shown} -> ${status} ${reply.slice(0, 300)}`);
}

const routes = () => routesOf(it.app);
const resourceOf = ({ path }: Route) => path.split('/')[path.startsWith('/v2/') ? 2 : 1] ?? '';
const json = { 'content-type': 'application/json' };

describe('no route replies 500', () => {
  test('the routes are those of the running app', () => {
    const known = new Set(routes().map(({ method, path }) => `${method} ${path}`));
    for (const one of [
      'POST /oauth/access_token',
      'POST /v2/inventories/multiple',
      'PUT /v2/products/:id/relationships/files',
      'POST /v2/products/:id/build',
      'POST /v2/files',
      'DELETE /v2/carts/:ref/items/:item/taxes/:tax',
      'POST /v2/orders/:id/transactions/:transaction/refund',
    ]) {
      assert.ok(known.has(one), one);
    }
    assert.ok(known.size > 150, `${known.size}`);
  });

  test('with any text in place of a token', async () => {
    const random = new Random(seed, 'tokens');
    const placed = wrongTokens().flatMap((token): Headers[] => [
      { authorization: `Bearer ${token}` },
      { authorization: `Basic ${token}` },
      { authorization: `Bearer ${tokens.implicit}`, 'x-moltin-customer-token': token },
      { authorization: `Bearer ${tokens.full}`, 'x-moltin-customer-token': token },
    ]);
    for (const route of routes()) {
      // Every route with some tokens, and every token on some routes: all pairs would only repeat.
      const some = resourceOf(route) === 'settings' ? placed : random.sample(placed, 4);
      for (const headers of [...some, {}]) await send(route, fill(random, route.path), { ...json, ...headers }, '{}');
    }
    noFaults();
  });

  test('with a body that is not a request at all', async () => {
    const random = new Random(seed, 'no request');
    for (const route of routes().filter(({ method }) => method !== 'GET' && method !== 'HEAD')) {
      for (const payload of resourceOf(route) === 'inventories' ? noRequest : random.sample(noRequest, 6)) {
        await send(route, fill(random, route.path), { ...json, authorization: `Bearer ${tokens.full}` }, payload);
      }
    }
    noFaults();
  });

  test(`with any request of the grammar (FUZZ_SEED=${seed})`, async () => {
    const random = new Random(seed, 'grammar');
    const basic = Buffer.from(`${introspection.clientId}:${introspection.clientSecret}`).toString('base64');
    for (let round = 0; round < rounds; round += 1) {
      for (const route of routes()) {
        const resource = resourceOf(route);
        const token = random.chance(80) ? tokens.full : tokens.implicit;
        const authorization = resource === 'oauth' ? `Basic ${basic}` : `Bearer ${token}`;
        const customer = random.chance(10) ? { 'x-moltin-customer-token': tokens.customer } : {};
        const odd = random.chance(10) ? random.pick(oddHeaders) : {};
        const payload = body(random, members[resource] ?? { x: [1] });
        const url = fill(random, route.path) + query(random);
        await send(route, url, { ...json, authorization, ...customer, ...odd }, payload);
      }
    }
    noFaults();
  });

  test('with a body that is nested too deeply', async () => {
    const deep = `${'{"a":'.repeat(60_000)}1${'}'.repeat(60_000)}`;
    for (const payload of [`{"data":{"type":"product","material":${deep}}}`, `{"data":[${deep}]}`, deep]) {
      for (const route of routes().filter(({ method }) => method === 'POST' || method === 'PUT')) {
        if (!route.path.startsWith('/v2/')) continue;
        const url = fill(new Random(seed, 'deep'), route.path);
        const { status } = await call(route.method, url, { ...json, authorization: `Bearer ${tokens.full}` }, payload);
        assert.equal(status, 400, `${route.method} ${route.path}`);
      }
    }
  });

  test('with any form', async () => {
    const forms = [
      '=',
      '&&',
      'grant_type',
      '%',
      '%00=%00',
      '__proto__=x',
      'token=%ED%A0%80',
      'a=1&a=2',
      'x'.repeat(9e4),
    ];
    const basic = Buffer.from(`${introspection.clientId}:${introspection.clientSecret}`).toString('base64');
    for (const route of routes().filter(({ method }) => method === 'POST')) {
      for (const form of [...forms, `token=${'x'.repeat(5_000)}`, 'grant_type=implicit&client_id=%00']) {
        const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${basic}` };
        await send(route, route.path.replaceAll(':', ''), headers, form);
      }
    }
    noFaults();
  });
});
