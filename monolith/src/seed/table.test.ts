import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyLine } from './table.ts';

test('a row becomes a line of COPY text, with what COPY treats specially escaped', () => {
  const row = ['a\tb\\c\nd', 7, true, null, new Date('2018-06-01T00:00:00Z'), ['x', 'y"z'], { json: { a: 'b\\"' } }];
  assert.equal(
    copyLine(row),
    'a\\tb\\\\c\\nd\t7\ttrue\t\\N\t2018-06-01T00:00:00.000Z\t{"x","y\\\\"z"}\t{"a":"b\\\\\\\\\\\\""}\n',
  );
});
