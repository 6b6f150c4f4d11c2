import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeat } from './repeat.ts';

/** Work whose runs end when the test says so. */
function heldWork() {
  const runs: PromiseWithResolvers<void>[] = [];
  const work = () => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  };
  return { runs, work };
}

const unexpected = () => assert.fail('a run failed');
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('work that is woken while it runs, runs once more after that, and not at the same time', async () => {
  const { runs, work } = heldWork();
  const repeating = repeat(3_600_000, work, unexpected);
  repeating.wake();
  repeating.wake();
  assert.equal(runs.length, 1);
  runs[0]?.resolve();
  await settled();
  assert.equal(runs.length, 2);
  runs[1]?.resolve();
  await settled();
  assert.equal(runs.length, 2);
  await repeating.stop();
});

test('a failed run is told of, and does not end the repetition', async () => {
  const { runs, work } = heldWork();
  const failures: unknown[] = [];
  const repeating = repeat(3_600_000, work, (error) => failures.push(error));
  const failure = new Error('lost');
  runs[0]?.reject(failure);
  await settled();
  repeating.wake();
  assert.deepEqual([failures, runs.length], [[failure], 2]);
  runs[1]?.resolve();
  await repeating.stop();
});

test('a stop waits for the run, and none follows it', async () => {
  const { runs, work } = heldWork();
  const repeating = repeat(0, work, unexpected);
  let stopped = false;
  const stopping = repeating.stop().then(() => {
    stopped = true;
  });
  await settled();
  assert.equal(stopped, false);
  repeating.wake();
  runs[0]?.resolve();
  await stopping;
  assert.equal(runs.length, 1);
});
