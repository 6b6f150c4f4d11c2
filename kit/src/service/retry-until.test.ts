import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryUntilDone } from './retry-until.ts';

const backOff = { firstMs: 1, maxMs: 2 };

test('retries a step until it succeeds, and reports each failure', async () => {
  const failures: unknown[] = [];
  let attempts = 0;
  const step = async () => {
    attempts += 1;
    if (attempts < 4) throw new Error(`attempt ${attempts}`);
  };
  await retryUntilDone(step, (error) => failures.push((error as Error).message), new AbortController().signal, backOff);
  assert.deepEqual([attempts, failures], [4, ['attempt 1', 'attempt 2', 'attempt 3']]);
});

test('aborting ends the wait at once, without another attempt', async () => {
  const stop = new AbortController();
  let attempts = 0;
  const done = retryUntilDone(
    async () => {
      attempts += 1;
      throw new Error('down');
    },
    () => stop.abort(),
    stop.signal,
    { firstMs: 3_600_000, maxMs: 3_600_000 },
  );
  await done;
  assert.equal(attempts, 1);
});
