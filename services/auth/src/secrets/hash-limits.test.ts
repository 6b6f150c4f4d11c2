import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolThreads, slowHashLimits, thisMachine } from './hash-limits.ts';

const mebibyte = 1_048_576;
const machine = { cores: 2, threads: 4, memoryBytes: 8_192 * mebibyte };

test('more cores are no more than the threads of the pool, of which one is left', () => {
  assert.equal(slowHashLimits({ ...machine, cores: 2 }).concurrency, 1);
  assert.equal(slowHashLimits({ ...machine, cores: 16 }).concurrency, 3);
  assert.equal(slowHashLimits({ ...machine, cores: 128, threads: 8 }).concurrency, 7);
  assert.equal(slowHashLimits({ ...machine, cores: 1, threads: 1 }).concurrency, 1);
});

test('hashes take half of what is left beside the service', () => {
  assert.equal(slowHashLimits(machine).memoryBytes, 4_016 * mebibyte);
  // What docker-compose.yml gives: less than one hash of 64 MiB, so one at a time.
  assert.equal(slowHashLimits({ ...machine, memoryBytes: 256 * mebibyte }).memoryBytes, 48 * mebibyte);
  assert.equal(slowHashLimits({ ...machine, memoryBytes: 64 * mebibyte }).memoryBytes, 0);
});

test('the pool is as large as libuv makes it', () => {
  assert.deepEqual([undefined, '', '1', '0', '-3', 'x', '16', '5000'].map(poolThreads), [4, 4, 1, 1, 1, 1, 16, 1_024]);
  assert.equal(thisMachine({ UV_THREADPOOL_SIZE: '9' }).threads, 9);
  assert.ok(Number.isFinite(thisMachine({}).memoryBytes) && thisMachine({}).memoryBytes > 0);
});
