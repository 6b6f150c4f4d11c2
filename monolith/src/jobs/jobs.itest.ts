import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FastifyBaseLogger } from 'fastify';
import type { Pool } from '../db.ts';
import { Debts } from '../debts.ts';
import { makeOrder, makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { openReceiver } from '../testing/receiver.ts';
import { jobsOf, runJob } from './jobs.ts';
import { loopsOf, startWorkingOff } from './work-off.ts';

describe('jobs', () => {
  let open: TestShop;
  before(async () => {
    open = await openTestShop();
  });
  after(() => open.close());

  test('carts without a change for a week are deleted', async () => {
    await open.shop.db.query(
      `insert into carts (id, updated_at) values ('old', $1::timestamptz - interval '8 days'), ('new', $1)`,
      [open.shop.now()],
    );
    const [expire] = jobsOf(open.shop);
    assert.equal(await expire?.run(open.shop), 1);
    const { rows } = await open.shop.db.query('select id from carts');
    assert.deepEqual(rows, [{ id: 'new' }]);
  });

  test('while another program owns the carts, none is deleted and nothing fails', async () => {
    const { db } = open.shop;
    await db.query("insert into carts (id, updated_at) values ('foreign', '2001-01-01')");
    await db.query(
      `create function carts_elsewhere() returns trigger language plpgsql as
       $$ begin raise exception 'owned elsewhere' using errcode = 'BN421'; end $$`,
    );
    await db.query('create trigger fence before delete on carts for each row execute function carts_elsewhere()');
    const [expire] = jobsOf(open.shop);
    assert.equal(await expire?.run(open.shop), 0);
    await db.query('drop trigger fence on carts');
    assert.equal(await expire?.run(open.shop), 1);
  });

  test('webhooks are delivered and exports run by themselves, and a stop ends what is under way', async () => {
    const receiver = await openReceiver();
    const arrived = Promise.withResolvers<void>();
    // Never replies: the delivery is under way when the process stops.
    receiver.reply = () => arrived.resolve();
    const made = {
      name: 'I',
      description: '',
      integration_type: 'webhook',
      enabled: true,
      observes: ['order.created'],
    };
    const data = { type: 'integration', ...made, configuration: { url: receiver.url } };
    assert.equal((await open.admin('POST', '/v2/integrations', { data })).status, 201);
    await makeOrder(open, 'worked-off', await makeProduct(open));
    const job = (await open.admin('POST', '/v2/jobs', { data: { job_type: 'order_export' } })).body.data;
    const stop = startWorkingOff(open.shop);
    const complete = async () => (await open.admin('GET', `/v2/jobs/${job.id}`)).body.data.status === 'complete';
    for (let tries = 0; !(await complete()); tries += 1) assert.ok(tries < 10_000, 'the export never ended');
    await arrived.promise;
    await stop();
    const { rows } = await open.shop.db.query('select status, attempts from integration_jobs');
    assert.deepEqual(rows, [{ status: 'pending', attempts: 0 }]);
    await receiver.close();
  });

  test('work that another program owns is left to it, without a warning', async () => {
    const { db } = open.shop;
    await open.admin('POST', '/v2/jobs', { data: { job_type: 'order_export' } });
    await makeOrder(open, 'owned-elsewhere', await makeProduct(open));
    const asked = { 'deliver webhooks': 0, 'run exports': 0 };
    await db.query(
      `create function not_ours() returns trigger language plpgsql as
       $$ begin raise exception 'owned elsewhere' using errcode = 'BN421'; end $$;
       create trigger fence before insert on integration_jobs for each row execute function not_ours();
       create trigger fence before update on jobs for each row execute function not_ours();`,
    );
    const counted: Pool = Object.create(db);
    counted.query = ((text: string, values: unknown[]) => {
      if (/^update jobs/.test(text)) asked['run exports'] += 1;
      return db.query(text, values);
    }) as Pool['query'];
    counted.connect = (async () => {
      asked['deliver webhooks'] += 1;
      return db.connect();
    }) as Pool['connect'];
    const warnings: unknown[] = [];
    const log = { ...open.shop.log, warn: (...entry: unknown[]) => warnings.push(entry) };
    const stop = startWorkingOff({ ...open.shop, db: counted, log: log as unknown as FastifyBaseLogger });
    const shown = async () => (await db.query('select from shop_events where dispatched_at is null')).rowCount;
    for (let tries = 0; Object.values(asked).some((times) => times < 2); tries += 1) {
      assert.ok(tries < 100_000, JSON.stringify(asked));
      assert.notEqual(await shown(), 0);
    }
    await stop();
    assert.deepEqual(warnings, []);
    assert.equal((await db.query("select from jobs where status = 'pending'")).rowCount, 1);
    await db.query('drop function not_ours cascade');
  });

  test('hourly work on rows that another program owns is left to it, and other failures are told', async () => {
    const { db } = open.shop;
    const [expire] = jobsOf(open.shop);
    assert.ok(expire);
    const fence = (code: string) =>
      db.query(
        `create or replace function not_ours() returns trigger language plpgsql as
         $$ begin raise exception 'owned elsewhere' using errcode = '${code}'; end $$;
         create or replace trigger fence before delete on carts for each row execute function not_ours();`,
      );
    await db.query("insert into carts (id, updated_at) values ('older', '2020-01-01')");
    await fence('BN421');
    await runJob(open.shop, expire);
    assert.equal((await db.query("select from carts where id = 'older'")).rowCount, 1);
    await fence('BN999');
    await assert.rejects(runJob(open.shop, expire), { code: 'BN999' });
    await db.query('drop function not_ours cascade');
  });

  test('what requests have begun is finished, whatever debts are paid', async () => {
    const debts = new Debts(['webhooks-in-process', 'exports-in-process', 'jobs-in-process']);
    const loops = loopsOf({ ...open.shop, debts }, AbortSignal.abort());
    assert.deepEqual(
      loops.map(({ name }) => name),
      ['ask for first stock', 'delete other halves'],
    );
    const id = await makeProduct(open);
    await open.shop.db.query('insert into first_stocks values ($1, 4, now())', [id]);
    await open.shop.db.query("insert into deleted_entities values ('currency', 'XXX', now())");
    for (const { run } of loops) assert.equal(await run(), 1);
    for (const { run } of loops) assert.equal(await run(), 0);
  });

  test('a job cleans up tokens when requests do not', () => {
    const jobsWith = (debts: Debts) => jobsOf({ ...open.shop, debts }).map(({ name }) => name);
    const always = [
      'expire carts',
      'forget idempotency keys',
      'sweep content of files',
      'expire exports',
      'forget events',
    ];
    assert.deepEqual(jobsWith(new Debts()), always);
    assert.deepEqual(jobsWith(new Debts(['token-clean-up-in-request'])), [...always, 'clean up tokens']);
    assert.deepEqual(jobsWith(new Debts(['jobs-in-process'])), []);
  });
});
