import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rememberingCheck } from './secret-check.ts';

test('a correct secret is checked slowly once, a wrong one every time', () => {
  let slowChecks = 0;
  const check = rememberingCheck((secret, storedHash) => {
    slowChecks += 1;
    return storedHash === `hash of ${secret}`;
  });
  assert.equal(check('a', 'hash of a'), true);
  assert.equal(check('a', 'hash of a'), true);
  assert.equal(slowChecks, 1);
  assert.equal(check('b', 'hash of a'), false);
  assert.equal(check('b', 'hash of a'), false);
  assert.equal(slowChecks, 3);
  // A remembered secret belongs to its hash: after a change of the hash, the old secret is wrong.
  assert.equal(check('a', 'hash of c'), false);
});
