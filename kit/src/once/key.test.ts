import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { keyOf } from './key.ts';

test('a key is quoted or bare, and both forms are the same key', () => {
  const same: [string, string][] = [
    ['"8e03978e-40d5"', '8e03978e-40d5'],
    [' bare ', 'bare'],
    ['"with a blank"', 'with a blank'],
    ['"a \\"quoted\\" \\\\ text"', 'a "quoted" \\ text'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ];
  for (const [field, key] of same) assert.equal(keyOf(field), key, field);
  assert.equal(keyOf(undefined), undefined);
});

test('a value of no form is refused', () => {
  for (const field of ['', ' ', '""', 'two words', '"open', 'a"b', 'é', '"é"', '"\\x"', 'x'.repeat(256), 'a\nb']) {
    assert.throws(
      () => keyOf(field),
      (error) => error instanceof ServiceError && error.code === 'bad_request',
      JSON.stringify(field),
    );
  }
  assert.throws(() => keyOf(['one', 'two']));
});
