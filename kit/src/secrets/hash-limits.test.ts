import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolThreads, slowHashLimits, thisMachine } from './hash-limits.ts';

const mebibyte = 1_048_576;
const machine = { cores: 2, threads: 4, memoryBytes: 8_192 * mebibyte };

test('concurrency is limited by cores and pool threads, less one', () => {
  assert.equal(slowHashLimits({ ...machine, cores: 2 }).concurrency, 1);
  assert.equal(slowHashLimits({ ...machine, cores: 16 }).concurrency, 3);
  assert.equal(slowHashLimits({ ...machine, cores: 128, threads: 8 }).concurrency, 7);
  assert.equal(slowHashLimits({ ...machine, cores: 1, threads: 1 }).concurrency, 1);
});

test('slow hashes may use half of the memory that the service does not need', () => {
  assert.equal(slowHashLimits(machine).memoryBytes, 4_016 * mebibyte);
  // The limit in docker-compose.yml leaves less than one hash of 64 MiB, so one runs at a time.
  assert.equal(slowHashLimits({ ...machine, memoryBytes: 256 * mebibyte }).memoryBytes, 48 * mebibyte);
  assert.equal(slowHashLimits({ ...machine, memoryBytes: 64 * mebibyte }).memoryBytes, 0);
});

test('reads the size of the pool as libuv does', () => {
  assert.deepEqual([undefined, '', '1', '0', '-3', 'x', '16', '5000'].map(poolThreads), [4, 4, 1, 1, 1, 1, 16, 1_024]);
  assert.equal(thisMachine({ UV_THREADPOOL_SIZE: '9' }).threads, 9);
  assert.ok(Number.isFinite(thisMachine({}).memoryBytes) && thisMachine({}).memoryBytes > 0);
});
