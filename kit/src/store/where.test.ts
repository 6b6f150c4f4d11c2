import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allOf, whereOf } from './where.ts';

const columns = { name: { column: 'name', key: 'name_key' }, at: { column: 'at_us' } };

test('conditions become SQL with a place for each value', () => {
  const where = whereOf(
    [
      { field: 'name', is: 'in', values: ['a', 'b'] },
      { field: 'name', is: 'like', pattern: 'A*' },
      { field: 'at', is: 'ge', value: 5 },
      { field: 'name', is: 'in', values: [] },
    ],
    columns,
  );
  assert.equal(where.text, "(name in (?, ?)) and (name_key like ? escape '!') and (at_us >= ?) and (1 = 0)");
  assert.deepEqual(where.values, ['a', 'b', Buffer.from('a%'), 5]);
  assert.deepEqual(allOf([]), { text: '1 = 1', values: [] });
});

test('no value is ever part of the text of a statement', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(whereOf([{ field: 'name', is: 'in', values: [text] }], columns).text, '(name in (?))');
    }),
  );
});

test('a field without a column, or without the key that like needs, is a fault of the program', () => {
  assert.throws(() => whereOf([{ field: 'other', is: 'eq', value: 1 }], columns), /no column/);
  assert.throws(() => whereOf([{ field: 'at', is: 'like', pattern: 'x' }], columns), /no key/);
});
