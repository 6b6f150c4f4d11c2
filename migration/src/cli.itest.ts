import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTwoSides, type TwoSides } from './testing/two-sides.ts';

describe('the command line', () => {
  let sides: TwoSides;
  before(async () => {
    sides = await createTwoSides();
  });
  after(() => sides.drop());

  test('reports its result in one sentence', async () => {
    await sides.addClients(2);
    const { code, out } = await sides.migrate('backfill', 'auth-clients');
    assert.deepEqual([code, out], [0, '2 read: 2 inserted, 0 updated, 0 unchanged, 0 refused\n']);
    assert.match((await sides.migrate('parity', 'auth-clients')).out, /^both sides hold the same 2 records/);
  });

  test('lists the mappings', async () => {
    assert.match((await sides.migrate('list')).out, /^auth-clients .*MONOLITH_DATABASE_URL/m);
  });

  for (const args of [
    [],
    ['dance'],
    ['backfill'],
    ['backfill', 'nothing'],
    ['backfill', 'auth-clients', '--chunk', '0'],
    ['parity', 'auth-clients', '--what'],
  ]) {
    test(`a usage error (${args.join(' ') || 'no arguments'}) exits with 2 and a reason`, async () => {
      const { code, error } = await sides.migrate(...args);
      assert.equal(code, 2);
      assert.ok(error.length > 0);
    });
  }

  test('names the side that is down, without its password', async () => {
    const nowhere = 'postgres://u:hunter2@127.0.0.1:1/d';
    const source = await sides.migrate('backfill', 'auth-clients', '--from', nowhere);
    assert.deepEqual([source.code, /source database does not respond/.test(source.error)], [1, true]);
    const target = await sides.migrate('parity', 'auth-clients', '--to', nowhere);
    assert.deepEqual([target.code, /target database does not respond/.test(target.error)], [1, true]);
    assert.doesNotMatch(source.error + target.error, /hunter2/);
  });

  test('tells what to do about a side that is not prepared', async () => {
    const target = await sides.migrate('backfill', 'auth-clients', '--to', sides.monolith.url);
    assert.deepEqual([target.code, /start the auth service once/.test(target.error)], [1, true]);
    const source = await sides.migrate('backfill', 'auth-clients', '--from', sides.auth.url);
    assert.deepEqual([source.code, /start the monolith once/.test(source.error)], [1, true]);
  });
});
