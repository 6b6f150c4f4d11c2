import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryUntilDone } from './retry-until.ts';

const backOff = { firstMs: 1, maxMs: 2 };

test('a step is tried until it succeeds, and each failure is told', async () => {
  const failures: unknown[] = [];
  let tries = 0;
  const step = async () => {
    tries += 1;
    if (tries < 4) throw new Error(`try ${tries}`);
  };
  await retryUntilDone(step, (error) => failures.push((error as Error).message), new AbortController().signal, backOff);
  assert.deepEqual([tries, failures], [4, ['try 1', 'try 2', 'try 3']]);
});

test('stopping ends the wait at once, and nothing is tried again', async () => {
  const stop = new AbortController();
  let tries = 0;
  const done = retryUntilDone(
    async () => {
      tries += 1;
      throw new Error('down');
    },
    () => stop.abort(),
    stop.signal,
    { firstMs: 3_600_000, maxMs: 3_600_000 },
  );
  await done;
  assert.equal(tries, 1);
});
