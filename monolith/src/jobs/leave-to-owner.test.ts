import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { leavingToOwner } from './leave-to-owner.ts';

const refusal = () => Object.assign(new pg.DatabaseError('owned elsewhere', 0, 'error'), { code: 'BN421' });

test('rows that another program owns are left to it for a while, without an error', async () => {
  let owned = true;
  let asked = 0;
  const run = leavingToOwner(async () => {
    asked += 1;
    if (owned) throw refusal();
  }, 4);
  for (let n = 0; n < 6; n += 1) await run();
  assert.equal(asked, 2);
  owned = false;
  for (let n = 0; n < 6; n += 1) await run();
  assert.equal(asked, 4, 'each time, once the rows are its own');
});

test('another error is thrown, and the next run works', async () => {
  let asked = 0;
  const run = leavingToOwner(async () => {
    asked += 1;
    throw new Error('broken');
  }, 4);
  for (let n = 0; n < 2; n += 1) await assert.rejects(run(), /broken/);
  assert.equal(asked, 2);
});
