import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStat, usageOf } from './processes.ts';

test('fields are counted after the name, whatever the name holds', () => {
  const text =
    '42 (node) (odd) S 7 42 42 0 -1 4194304 1 2 3 4 150 50 20 10 20 0 11 0 999 1234567 2048 18446744073709551615';
  assert.deepEqual(parseStat(text), { parent: 7, ticks: 230, residentPages: 2048 });
});

test('this process uses memory, and a missing process is null', () => {
  const usage = usageOf(process.pid);
  // No /proc on some systems: then every process is unknown, and the report says so.
  if (usage !== null) assert.ok(usage.residentBytes > 1_000_000);
  assert.equal(usageOf(2 ** 30), null);
});
