import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Debts } from '../debts.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { jobsOf } from './jobs.ts';

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

  test('a job cleans up tokens when requests do not', () => {
    const jobsWith = (debts: Debts) => jobsOf({ ...open.shop, debts }).map(({ name }) => name);
    assert.deepEqual(jobsWith(new Debts()), ['expire carts', 'forget idempotency keys', 'sweep content of files']);
    assert.deepEqual(jobsWith(new Debts(['token-clean-up-in-request'])), [
      'expire carts',
      'forget idempotency keys',
      'sweep content of files',
      'clean up tokens',
    ]);
    assert.deepEqual(jobsWith(new Debts(['jobs-in-process'])), []);
  });
});
