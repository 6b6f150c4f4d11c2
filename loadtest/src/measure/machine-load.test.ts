import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBusyUs } from './machine-load.ts';

test('busy time excludes idle time and waiting for disks, and nothing counts twice', () => {
  const text = 'cpu  100 10 50 90000 777 3 2 5 40 0\ncpu0 9999 0 0 0 0 0 0 0 0 0\n';
  assert.equal(parseBusyUs(text), 170 * 10_000);
});
