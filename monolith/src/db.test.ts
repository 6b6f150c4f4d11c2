import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isStoreUnavailable } from './db.ts';

const coded = (code: string) => Object.assign(new Error('x'), { code });

describe('isStoreUnavailable', () => {
  test('is true of connections that fail', () => {
    for (const code of ['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '08006', '53300']) {
      assert.equal(isStoreUnavailable(coded(code)), true, code);
    }
    assert.equal(isStoreUnavailable(new Error('Connection terminated unexpectedly')), true);
    assert.equal(isStoreUnavailable(new Error('timeout exceeded when trying to connect')), true);
    // Node tries every address of a name and reports the failures together.
    assert.equal(isStoreUnavailable(new AggregateError([coded('ECONNREFUSED')])), true);
  });

  test('is false of statements that are wrong', () => {
    assert.equal(isStoreUnavailable(coded('23505')), false);
    assert.equal(isStoreUnavailable(coded('42P01')), false);
    assert.equal(isStoreUnavailable(new TypeError('undefined is not a function')), false);
    assert.equal(isStoreUnavailable('ECONNREFUSED'), false);
  });
});
