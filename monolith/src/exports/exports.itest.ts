import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { makeOrder, makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { claimJob, writePiece } from './claim.ts';
import { csvHead } from './csv.ts';
import { runExports } from './run.ts';
import { expireFiles } from './store.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());
beforeEach(() => it.shop.db.query('truncate jobs, orders cascade'));

const never = new AbortController().signal;
const run = () => runExports(it.shop, never);
const order = { type: 'job', job_type: 'order_export' };
const ask = async (members: object = {}): Promise<string> => {
  const { status, body } = await it.admin('POST', '/v2/jobs', { data: { ...order, ...members } });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
};
const job = async (id: string) => (await it.admin('GET', `/v2/jobs/${id}`)).body.data;
/** Downloads a file as a client does, by the links of the replies. */
const download = async (id: string) => {
  const path = (href: string) => href.replace('http://shop.test', '');
  const { href } = (await it.admin('GET', path((await job(id)).link.href))).body.data;
  const headers = { authorization: it.adminToken };
  return it.app.inject({ method: 'GET', url: path(href), headers });
};

describe('an export of orders', () => {
  test('is pending, then complete, with a link to its file', async () => {
    await makeOrder(it, randomUUID(), await makeProduct(it));
    const made = await it.admin('POST', '/v2/jobs', { data: { ...order, filter: 'eq(payment,unpaid)' } });
    assert.equal(made.status, 201);
    const { id, timestamps, ...rest } = made.body.data;
    assert.deepEqual(rest, {
      ...order,
      filter: 'eq(payment,unpaid)',
      status: 'pending',
      link: { href: '' },
      links: { self: `http://shop.test/v2/jobs/${id}` },
    });
    assert.equal(timestamps.created_at, timestamps.updated_at);
    assert.deepEqual(await job(id), made.body.data);
    assert.equal((await it.admin('GET', `/v2/jobs/${id}/file`)).status, 404);
    assert.equal((await it.admin('GET', `/v2/jobs/${id}/file/content`)).status, 404);
    assert.equal(await run(), 1);
    const done = await job(id);
    assert.deepEqual([done.status, done.link.href], ['complete', `http://shop.test/v2/jobs/${id}/file`]);
    const file = await download(id);
    assert.equal(file.statusCode, 200);
    assert.equal(file.headers['content-type'], 'text/csv; charset=utf-8');
    assert.match(String(file.headers['content-disposition']), /^attachment; filename="orders-[\w-]+\.csv"$/);
    assert.equal(await run(), 0);
  });

  test('has a line for each item of each order that matches, oldest first', async () => {
    const product = await makeProduct(it, { sku: 'A,"1"', price: [{ amount: 250, currency: 'USD' }] });
    const one = await makeOrder(it, randomUUID(), product, 2, { name: '=cmd()', email: 'ada@example.com' });
    const two = await makeOrder(it, randomUUID(), product, 1, { name: 'Eve', email: 'eve@example.com' });
    const all = await ask();
    const some = await ask({ filter: 'eq(email,eve@example.com):gt(created_at,2018-09-01)' });
    assert.equal(await run(), 2);
    const lines = (await download(all)).body.split('\r\n');
    assert.deepEqual([`${lines[0]}\r\n`, lines.length, lines.at(-1)], [csvHead(), 4, '']);
    assert.ok(lines[1]?.startsWith(`${one},`) && lines[2]?.startsWith(`${two},`));
    assert.match(lines[1] ?? '', /,incomplete,unpaid,unfulfilled,USD,500,/);
    assert.ok(lines[1]?.includes(`,'=cmd(),ada@example.com,`), 'no spreadsheet runs a name');
    assert.ok(lines[1]?.includes(',"A,""1""",'));
    assert.deepEqual((await download(some)).body.split('\r\n').slice(1), [lines[2], '']);
  });

  test('of many orders comes in pieces and is whole, from one moment', async () => {
    await makeOrder(it, randomUUID(), await makeProduct(it));
    await it.shop.db.query(`
      insert into orders (customer_name, customer_email, currency, with_tax, without_tax, tax, billing_address, shipping_address,
        created_at)
      select customer_name, customer_email, currency, with_tax, without_tax, tax, billing_address, shipping_address,
        created_at + n * interval '1 microsecond'
      from orders, generate_series(1, 1200) n`);
    await it.shop.db.query(`insert into order_items (order_id, name, quantity, unit_amount, position) select id, 'x', 1, 1, 1 from orders
      where id not in (select order_id from order_items)`);
    const id = await ask();
    await run();
    const lines = (await download(id)).body.trimEnd().split('\r\n').slice(1);
    const { rows } = await it.shop.db.query<{ id: string }>('select id from orders order by created_at, id');
    assert.deepEqual(
      lines.map((line) => line.split(',')[0]),
      rows.map((row) => row.id),
    );
    const pieces = await it.shop.db.query('select from job_files where job_id = $1', [id]);
    assert.equal(pieces.rowCount, 3);
  });

  test('of long orders comes in short pieces', async () => {
    await makeOrder(it, randomUUID(), await makeProduct(it));
    await it.shop.db.query(`
      insert into orders (customer_name, customer_email, currency, with_tax, without_tax, tax, billing_address, shipping_address)
      select repeat('x', 100000), customer_email, currency, with_tax, without_tax, tax, billing_address, shipping_address
      from orders, generate_series(1, 9) n`);
    await it.shop.db.query(`insert into order_items (order_id, name, quantity, unit_amount, position) select id, 'x', 1, 1, 1 from orders
      where id not in (select order_id from order_items)`);
    const id = await ask();
    await run();
    assert.equal((await download(id)).body.match(/x{100000}/g)?.length, 9);
    const { rows } = await it.shop.db.query('select length(content) as length from job_files where job_id = $1', [id]);
    assert.ok(rows.length > 1 && rows.every(({ length }) => length < 400_000), JSON.stringify(rows));
    const { rows: told } = await it.shop.db.query('select pieces from jobs where id = $1', [id]);
    assert.deepEqual(told, [{ pieces: rows.length }]);
  });

  test('of no order fails and says so', async () => {
    const id = await ask({ filter: 'eq(email,none@example.com)' });
    await run();
    const { status, error, link } = await job(id);
    assert.deepEqual([status, error, link], ['failed', 'No orders match the filter', { href: '' }]);
    assert.equal((await it.admin('GET', `/v2/jobs/${id}/file`)).status, 404);
  });
});

describe('jobs', () => {
  test('a wrong job is refused, and nothing is created', async () => {
    const post = (data: unknown, headers = {}) => it.admin('POST', '/v2/jobs', { data }, headers);
    assert.equal((await post({ job_type: 'tea' })).status, 422);
    assert.equal((await post({ type: 'job' })).status, 422);
    assert.equal((await post({ ...order, type: 'x' })).status, 422);
    for (const filter of ['x', 'eq(payment', 'eq(shoe,1)', 'gt(created_at,soon)', 'like(status,x*)']) {
      assert.equal((await post({ ...order, filter })).status, 400, filter);
    }
    assert.equal((await post({ ...order, filter: 5 })).status, 422);
    assert.deepEqual((await it.admin('GET', '/v2/jobs')).body.data, []);
  });

  test('need no type, and are created once for one Idempotency-Key', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const post = () => it.admin('POST', '/v2/jobs', { data: { job_type: 'order_export' } }, key);
    const [one, two] = [await post(), await post()];
    assert.deepEqual([one.status, two], [201, one]);
    const list = (await it.admin('GET', '/v2/jobs')).body.data;
    assert.deepEqual(list, [one.body.data]);
  });

  test('are listed oldest first, with pages; their files expire after a week', async () => {
    await makeOrder(it, randomUUID(), await makeProduct(it));
    const ids = [await ask(), await ask()];
    await run();
    const listed = (await it.admin('GET', '/v2/jobs')).body.data.map(({ id }: { id: string }) => id);
    assert.deepEqual(listed, ids);
    const page = (await it.admin('GET', '/v2/jobs?page[limit]=1&page[offset]=1')).body;
    assert.deepEqual([page.data[0].id, page.meta.results.total], [ids[1], 2]);
    assert.equal(await expireFiles(it.shop.db, it.shop.now()), 0);
    it.advance(7 * 24 * 3_600_000);
    for (const path of ['/file', '/file/content']) {
      assert.equal((await it.admin('GET', `/v2/jobs/${ids[0]}${path}`)).status, 404);
    }
    const { status, link } = await job(ids[0] ?? '');
    assert.deepEqual([status, link], ['complete', { href: '' }]);
    assert.equal(await expireFiles(it.shop.db, it.shop.now()), 2);
    assert.equal((await it.shop.db.query('select from job_files')).rowCount, 0);
  });

  test('are for administrators only, and unknown ones are 404', async () => {
    const id = await ask();
    for (const path of ['', `/${id}`, `/${id}/file`, `/${id}/file/content`]) {
      assert.equal((await it.shopper('GET', `/v2/jobs${path}`)).status, 403);
    }
    assert.equal((await it.shopper('POST', '/v2/jobs', { data: order })).status, 403);
    for (const unknown of [randomUUID(), 'x', '%00']) {
      for (const path of ['', '/file', '/file/content']) {
        assert.equal((await it.admin('GET', `/v2/jobs/${unknown}${path}`)).status, 404);
      }
    }
  });
});

describe('a process that dies or stops during an export', () => {
  const minuteMs = 60_000;

  test('leaves it to another, which starts afresh; what the first still writes does not count', async () => {
    await makeOrder(it, randomUUID(), await makeProduct(it));
    const id = await ask();
    const claimed = await claimJob(it.shop.db, it.shop.now());
    assert.ok(claimed);
    assert.equal(await writePiece(it.shop.db, claimed, 0, 'half a file', it.shop.now()), true);
    assert.equal((await job(id)).status, 'processing');
    assert.equal(await run(), 0);
    it.advance(minuteMs);
    assert.equal(await run(), 1);
    assert.equal(await writePiece(it.shop.db, claimed, 1, 'the other half', it.shop.now()), false);
    const { body } = await download(id);
    assert.ok(body.startsWith(csvHead()) && !body.includes('half'));
  });

  test('a stop leaves it to a retry', async () => {
    await makeOrder(it, randomUUID(), await makeProduct(it));
    const id = await ask();
    const stopping = new AbortController();
    stopping.abort();
    assert.equal(await runExports(it.shop, stopping.signal), 0);
    assert.equal((await job(id)).status, 'pending');
  });

  test('three times: the job fails', async () => {
    const id = await ask();
    for (let n = 0; n < 3; n += 1) {
      assert.ok(await claimJob(it.shop.db, it.shop.now()));
      it.advance(minuteMs);
    }
    assert.equal(await claimJob(it.shop.db, it.shop.now()), undefined);
    const { status, error } = await job(id);
    assert.deepEqual([status, typeof error], ['failed', 'string']);
  });

  test('one export is run by one process', async () => {
    await makeOrder(it, randomUUID(), await makeProduct(it));
    await Promise.all([ask(), ask(), ask()]);
    const runs = await Promise.all([run(), run(), run()]);
    assert.equal(
      runs.reduce((sum, each) => sum + each, 0),
      3,
    );
  });
});
