import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Debts } from '../debts.ts';
import { makeOrder, makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { openReceiver } from '../testing/receiver.ts';
import { jobsOf } from './jobs.ts';
import { startWorkingOff } from './work-off.ts';

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

  test('a job cleans up tokens when requests do not', () => {
    const jobsWith = (debts: Debts) => jobsOf({ ...open.shop, debts }).map(({ name }) => name);
    const always = ['expire carts', 'forget idempotency keys', 'expire exports', 'forget events'];
    assert.deepEqual(jobsWith(new Debts()), always);
    assert.deepEqual(jobsWith(new Debts(['token-clean-up-in-request'])), [...always, 'clean up tokens']);
    assert.deepEqual(jobsWith(new Debts(['jobs-in-process'])), []);
  });
});
