import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recoveryMs } from './recovery.ts';

const profile = { perSecond: 10, durationMs: 1000 };
const all = Array.from({ length: 10 }, (_, i) => i * 100);

test('the recovery takes no time when no request failed after the fault', () => {
  assert.equal(recoveryMs({ atMs: all }, profile, 500), 0);
  assert.equal(recoveryMs({ atMs: all.filter((at) => at !== 400) }, profile, 500), 0);
});

test('the last request that failed counts, in whichever order replies came', () => {
  const atMs = all.filter((at) => at !== 500 && at !== 800).reverse();
  assert.equal(recoveryMs({ atMs }, profile, 500), 300);
});

test('a service that never recovers takes the whole remaining time', () => {
  assert.equal(recoveryMs({ atMs: all.slice(0, 5) }, profile, 500), 400);
});
