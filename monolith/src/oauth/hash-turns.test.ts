import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HashTurns, hashLimits, poolThreads } from './hash-turns.ts';

const MEBIBYTE = 1_048_576;

test('one thread of the pool is left, and half of the memory beside the process', () => {
  assert.equal(hashLimits(4, 8_192 * MEBIBYTE).concurrency, 3);
  assert.equal(hashLimits(1, 8_192 * MEBIBYTE).concurrency, 1);
  // What docker-compose.yml gives: two hashes of 64 MiB.
  assert.equal(hashLimits(4, 512 * MEBIBYTE).memoryBytes, 176 * MEBIBYTE);
  assert.equal(hashLimits(4, 64 * MEBIBYTE).memoryBytes, 0);
  assert.deepEqual([undefined, '', '1', '0', 'x', '16', '5000'].map(poolThreads), [4, 4, 1, 1, 1, 16, 1_024]);
});

/** Work that ends when it is told to. */
function manual(limits: { concurrency: number; memoryBytes: number; queue: number }) {
  const turns = new HashTurns(limits);
  const started: (() => void)[] = [];
  const run = (bytes = 1) => turns.run(bytes, () => new Promise<void>((resolve) => started.push(resolve)));
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { turns, started, run, turn };
}

test('so many run as fit, so many wait, and the rest is told to come back', async () => {
  const { turns, started, run, turn } = manual({ concurrency: 2, memoryBytes: 10, queue: 1 });
  const accepted = [run(), run(), run()];
  await turn();
  assert.deepEqual([started.length, turns.waiting], [2, 1]);
  await assert.rejects(run(), { code: 'busy' });
  started[0]?.();
  await accepted[0];
  await turn();
  assert.equal(started.length, 3);
  for (const end of started) end();
  await Promise.all(accepted);
});

test('no more run than fit into the memory, but one alone always', async () => {
  const { turns, started, run, turn } = manual({ concurrency: 9, memoryBytes: 10, queue: 9 });
  const accepted = [run(64), run(4), run(4), run(4)];
  await turn();
  assert.deepEqual([started.length, turns.waiting], [1, 3]);
  started[0]?.();
  await accepted[0];
  await turn();
  assert.deepEqual([started.length, turns.waiting], [3, 1]);
  for (const index of [1, 2]) started[index]?.();
  await Promise.all(accepted.slice(1, 3));
  await turn();
  started[3]?.();
  await Promise.all(accepted);
});

test('a hash that fails gives its place back', async () => {
  const turns = new HashTurns({ concurrency: 1, memoryBytes: 10, queue: 1 });
  await assert.rejects(
    turns.run(1, () => Promise.reject(new Error('out of memory'))),
    /out of memory/,
  );
  assert.equal(await turns.run(1, async () => 'next'), 'next');
});
