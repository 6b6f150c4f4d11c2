import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readOverrides } from './override.ts';

describe('overrides', () => {
  test('are one list, the last of two counts', () => {
    const read = readOverrides(['a=b , c=d', 'a=e,', '']);
    assert.deepEqual(
      [...(read ?? [])],
      [
        ['a', 'e'],
        ['c', 'd'],
      ],
    );
    assert.equal(readOverrides([])?.size, 0);
  });

  test('are understood completely or not at all, and name only services', () => {
    for (const bad of ['a', 'a=', '=b', 'a=b=c', 'a=b c', 'A=b', 'a=b;c=d', 'a.b=c', 'a=/b', `a=${'b'.repeat(64)}`]) {
      assert.equal(readOverrides(['x=y', bad]), null, bad);
    }
    fc.assert(
      fc.property(fc.array(fc.string()), (values) => {
        for (const [from, to] of readOverrides(values) ?? []) {
          assert.match(from, /^[a-z0-9-]{1,63}$/);
          assert.match(to, /^[a-z0-9-]{1,63}$/);
        }
      }),
    );
  });
});
