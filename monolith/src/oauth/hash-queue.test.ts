import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HashQueue, hashLimits, poolThreads } from './hash-queue.ts';

const mebibyte = 1_048_576;

test('one thread of the pool is left, and half of the memory beside the process', () => {
  assert.equal(hashLimits(4, 8_192 * mebibyte).concurrency, 3);
  assert.equal(hashLimits(1, 8_192 * mebibyte).concurrency, 1);
  // What docker-compose.yml gives: two hashes of 64 MiB.
  assert.equal(hashLimits(4, 512 * mebibyte).memoryBytes, 176 * mebibyte);
  assert.equal(hashLimits(4, 64 * mebibyte).memoryBytes, 0);
  assert.deepEqual([undefined, '', '1', '0', 'x', '16', '5000'].map(poolThreads), [4, 4, 1, 1, 1, 16, 1_024]);
});

/** Work that ends when it is told to. */
function manual(limits: { concurrency: number; memoryBytes: number; queue: number }) {
  const queue = new HashQueue(limits);
  const started: (() => void)[] = [];
  const run = (bytes = 1) => queue.run(bytes, () => new Promise<void>((resolve) => started.push(resolve)));
  const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { queue, started, run, tick };
}

test('hashes run up to the limit, others wait, and the rest are refused', async () => {
  const { queue, started, run, tick } = manual({ concurrency: 2, memoryBytes: 10, queue: 1 });
  const accepted = [run(), run(), run()];
  await tick();
  assert.deepEqual([started.length, queue.waiting], [2, 1]);
  await assert.rejects(run(), { code: 'busy' });
  started[0]?.();
  await accepted[0];
  await tick();
  assert.equal(started.length, 3);
  for (const end of started) end();
  await Promise.all(accepted);
});

test('memory limits the running hashes, but a single hash always runs', async () => {
  const { queue, started, run, tick } = manual({ concurrency: 9, memoryBytes: 10, queue: 9 });
  const accepted = [run(64), run(4), run(4), run(4)];
  await tick();
  assert.deepEqual([started.length, queue.waiting], [1, 3]);
  started[0]?.();
  await accepted[0];
  await tick();
  assert.deepEqual([started.length, queue.waiting], [3, 1]);
  for (const index of [1, 2]) started[index]?.();
  await Promise.all(accepted.slice(1, 3));
  await tick();
  started[3]?.();
  await Promise.all(accepted);
});

test('a failed hash frees its place', async () => {
  const queue = new HashQueue({ concurrency: 1, memoryBytes: 10, queue: 1 });
  await assert.rejects(
    queue.run(1, () => Promise.reject(new Error('out of memory'))),
    /out of memory/,
  );
  assert.equal(await queue.run(1, async () => 'next'), 'next');
});
