import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bar } from './progress.ts';

test('a bar fills up, and is full when there is nothing to do', () => {
  assert.equal(bar(1, 4, 8), '██░░░░░░  25 %  1/4');
  assert.equal(bar(0, 0, 4), '████ 100 %  0/0');
  assert.equal(bar(9, 4, 4), '████ 100 %  9/4', 'rows may be added while it runs');
});
