import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { caller, issueToken, openTestShop, type TestShop } from '../testing/open-shop.ts';
import { defaultUntil } from './plan.ts';
import { Progress } from './progress.ts';
import { demoCode } from './promotions.ts';
import { fillShop, isEmpty, knownCredentials, planCredentials, progressTotal, seededTables } from './seed.ts';
import { sizes } from './sizes.ts';

const plan = (seed: number) => ({ seed, size: sizes.small, until: defaultUntil });

describe('seed', () => {
  let open: TestShop;
  before(async () => {
    open = await openTestShop();
    // The client of the opened shop's own tokens: a shop with a client counts as filled.
    await open.shop.db.query('delete from api_clients');
  });
  after(() => open.close());

  const fill = async (seed: number) => {
    const drawn: string[] = [];
    const terminal = { isTTY: true, write: (text: string) => drawn.push(text) };
    await fillShop(
      open.shop.db,
      plan(seed),
      new Progress(terminal, progressTotal(plan(seed)), () => 0),
      open.shop.config.filesFolder,
    );
    return drawn;
  };
  /** Calls with a new token: the seed deleted those of the opened shop. */
  const callerOf = async (kind: 'implicit' | 'client_credentials') =>
    caller(open.app, await issueToken(open.shop, kind));
  /** Every row of every table, in insertion order. */
  const digest = async (tables: readonly string[]) => {
    const digests = [];
    for (const table of tables) {
      const text = `select count(*) as rows, md5(string_agg(t::text, E'\\n' order by ctid)) as digest from ${table} t`;
      digests.push({ table, ...(await open.shop.db.query(text)).rows[0] });
    }
    return digests;
  };
  const allTables = [...seededTables, 'settings', 'gateways'];
  const count = async (text: string) =>
    Number((await open.shop.db.query<{ n: string }>(`select count(*) as n ${text}`)).rows[0]?.n);

  test('the same seed gives the same bytes, another seed does not', async () => {
    assert.equal(await isEmpty(open.shop.db), true);
    const drawn = await fill(1);
    assert.match(drawn.join(''), /100 %/);
    assert.equal(await isEmpty(open.shop.db), false);
    const first = await digest(allTables);
    await open.admin('POST', '/v2/customers', {
      data: { type: 'customer', name: 'Passing by', email: 'passing@example.com' },
    });
    await fill(2);
    const other = await digest(allTables);
    await fill(1);
    assert.deepEqual(await digest(allTables), first);
    const differing = first.filter(({ digest: one }, index) => one !== other[index]?.digest);
    assert.ok(differing.length >= 25, 'most tables depend on the seed');
  });

  test('has the sizes it names', async () => {
    const { products, customers, orders, clients, tokens, categories, brands, collections } = sizes.small;
    assert.equal(await count('from products'), products);
    assert.equal(await count('from customers'), customers);
    assert.equal(await count('from orders'), orders);
    assert.equal(await count('from api_clients'), clients);
    assert.equal(await count('from access_tokens'), tokens);
    assert.equal(await count('from categories'), categories);
    assert.equal(await count('from brands'), brands);
    assert.equal(await count('from collections'), collections);
    assert.equal(await count('from product_prices'), products * 3);
    assert.equal(await count('from files'), sizes.small.files);
    assert.equal(await count('from product_variations'), 3);
    assert.equal(await count('from products where parent_id is not null'), 9);
    assert.ok((await count('from product_main_images')) > products / 2);
    assert.ok((await count('from product_files')) > 0);
    assert.equal(await count('from integrations where not enabled'), sizes.small.integrations);
    assert.equal(await count('from jobs'), sizes.small.jobs);
    const { entries, promotions, codes } = sizes.small;
    assert.equal(await count('from flow_entries'), entries);
    assert.equal(await count('from promotions'), promotions);
    assert.equal(await count('from promotion_codes'), (promotions - 1) * codes);
  });

  test('most tokens have expired, some live', async () => {
    const live = await count('from access_tokens where expires_at > now()');
    assert.ok(live > 0 && live < sizes.small.tokens / 20, `${live} live tokens`);
  });

  test('orders add up, and stock knows what is paid for and not shipped', async () => {
    assert.equal(await count('from orders where with_tax <> without_tax + tax'), 0);
    assert.equal(
      await count(`from orders o where with_tax <>
        (select sum(quantity * unit_amount) from order_items i where i.order_id = o.id) and tax = 0`),
      0,
    );
    assert.equal(
      await count(`from stock s where allocated <> (
        select coalesce(sum(i.quantity), 0) from order_items i join orders o on o.id = i.order_id
        where i.product_id = s.product_id and o.shipping = 'unfulfilled' and o.payment in ('paid', 'authorized'))`),
      0,
    );
    assert.equal(
      await count(`from orders o where (payment = 'unpaid') <>
        not exists (select 1 from transactions t where t.order_id = o.id)`),
      0,
    );
    assert.equal(await count('from orders where created_at > $$2018-06-01$$'), 0);
  });

  test('the accounts in the credentials can sign in', async () => {
    const { clients, customers } = planCredentials(plan(1));
    const [demo, storefront] = clients;
    assert.equal(demo?.name, 'Banyan demo');
    assert.equal(storefront?.kind, 'implicit');
    const payload = {
      grant_type: 'client_credentials',
      client_id: demo?.clientId,
      client_secret: demo?.clientSecret,
    };
    const granted = await open.app.inject({ method: 'POST', url: '/oauth/access_token', payload });
    assert.equal(granted.statusCode, 200);
    const [customer] = customers;
    const reply = await (await callerOf('implicit'))('POST', '/v2/customers/tokens', {
      data: { type: 'token', email: customer?.email, password: customer?.password },
    });
    assert.equal(reply.status, 201);
  });

  test('credentials contain only what the shop knows, whatever the plan', async () => {
    const { db } = open.shop;
    const larger = planCredentials({ ...plan(1), size: sizes.reference });
    const known = await knownCredentials(db, larger);
    assert.deepEqual(
      known.clients.map(({ clientId }) => clientId),
      planCredentials(plan(1)).clients.map(({ clientId }) => clientId),
    );
    assert.deepEqual(await knownCredentials(db, planCredentials(plan(2))), { clients: [], customers: [] });
  });

  test('a build of a seeded product finds its children as they should be', async () => {
    const admin = await callerOf('client_credentials');
    const parents = 'select distinct parent_id as id from products where parent_id is not null';
    const { rows } = await open.shop.db.query<{ id: string }>(parents);
    assert.equal(rows.length, sizes.small.families);
    const before = await digest(['products', 'product_prices', 'product_attribute_values', 'child_options']);
    for (const { id } of rows) {
      const { status, body } = await admin('POST', `/v2/products/${id}/build`);
      assert.equal(status, 200, JSON.stringify(body));
      const { data } = (await admin('GET', `/v2/products/${id}`)).body;
      assert.deepEqual(
        data.relationships.children.data.map((child: { id: string }) => child.id),
        body.data.map((child: { id: string }) => child.id),
      );
    }
    assert.deepEqual(await digest(['products', 'product_prices', 'product_attribute_values', 'child_options']), before);
  });

  test('the seeded flows and promotions are those that the API would have accepted', async () => {
    const admin = await callerOf('client_credentials');
    for (const flow of ['products', 'customers', 'stores', 'articles']) {
      const entries = await admin('GET', `/v2/flows/${flow}/entries?page[limit]=100`);
      assert.ok(entries.body.data.length > 0, flow);
      for (const { id, type: _, meta: __, links: ___, relationships: ____, ...values } of entries.body.data) {
        const reply = await admin('PUT', `/v2/flows/${flow}/entries/${id}`, { data: values });
        assert.equal(reply.status, 200, JSON.stringify(reply.body));
      }
    }
    const { body } = await admin('GET', '/v2/promotions');
    for (const { id, schema, promotion_type, start, end } of body.data) {
      const data = { schema, promotion_type, start, end };
      assert.equal((await admin('PUT', `/v2/promotions/${id}`, { data })).status, 200);
    }
    const [product] = (await admin('GET', '/v2/products?filter=eq(status,live):eq(manage_stock,false)')).body.data;
    await admin('POST', '/v2/carts/seeded/items', { data: { type: 'cart_item', id: product.id, quantity: 1 } });
    const code = { type: 'promotion_item', code: demoCode };
    const cart = await admin('POST', '/v2/carts/seeded/items', { data: code });
    assert.equal(cart.status, 201, JSON.stringify(cart.body));
    assert.ok(cart.body.meta.display_price.discount.amount < 0);
  });

  test('the API serves what was seeded', async () => {
    const admin = await callerOf('client_credentials');
    const products = await admin('GET', '/v2/products?page[limit]=5&include=categories,brands');
    assert.equal(products.body.meta.results.total, sizes.small.products);
    assert.match(products.body.data[0].meta.display_price.with_tax.formatted, /^\$\d/);
    const orders = await admin('GET', '/v2/orders?page[limit]=5&include=items');
    assert.equal(orders.body.meta.results.total, sizes.small.orders);
    const files = await admin('GET', '/v2/files?page[limit]=1&filter=gt(width,0)');
    const content = await open.app.inject(new URL(files.body.data[0].link.href).pathname);
    assert.deepEqual([content.statusCode, content.headers['content-type']], [200, 'image/png']);
    const [integration] = (await admin('GET', '/v2/integrations')).body.data;
    assert.equal((await admin('GET', `/v2/integrations/${integration.id}`)).status, 200);
    const jobs = await admin('GET', '/v2/jobs');
    assert.deepEqual([jobs.body.meta.results.total, jobs.body.data[0].link.href], [sizes.small.jobs, '']);
    const gateways = await admin('GET', '/v2/gateways/manual');
    assert.equal(gateways.body.data.enabled, true);
    assert.deepEqual(
      (await admin('GET', '/v2/currencies')).body.data.map(({ code }: { code: string }) => code),
      ['USD', 'EUR', 'GBP'],
    );
  });
});
