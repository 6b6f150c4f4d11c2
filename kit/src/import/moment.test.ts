import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Compile } from '../../vendor/typebox.js';
import { Moment, microsIn, momentOf } from './moment.ts';

test('a moment travels to the microsecond', () => {
  assert.equal(momentOf(1_700_000_000_123_456), '2023-11-14T22:13:20.123456Z');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000_000 }), (micros) => {
      assert.ok(Compile(Moment).Check(momentOf(micros)));
      assert.equal(microsIn(momentOf(micros)), micros);
    }),
  );
});
