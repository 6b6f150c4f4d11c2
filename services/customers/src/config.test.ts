import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customersConfig } from './config.ts';

const databaseUrl = 'mariadb://customers:secret@127.0.0.1:3306/customers';
const machine = { cores: 2, threads: 4, memoryBytes: 320 * 1_048_576 };

test('only the address of the database must be set', () => {
  const config = customersConfig({ DATABASE_URL: databaseUrl }, machine);
  assert.deepEqual([config.PORT, config.SLOW_HASH_QUEUE], [3110, 64]);
  // Room for one hash of a password.
  assert.deepEqual([config.SLOW_HASH_CONCURRENCY, config.SLOW_HASH_MEMORY_MB], [1, 80]);
  assert.throws(() => customersConfig({}), /DATABASE_URL: is not set/);
});

test('all faults are reported at once, without the password of the database', () => {
  const env = { DATABASE_URL: 'postgres://x:hunter2@y', PORT: 'x', SLOW_HASH_CONCURRENCY: '0' };
  assert.throws(
    () => customersConfig(env),
    (error: Error) =>
      /DATABASE_URL/.test(error.message) && /PORT/.test(error.message) && !/hunter2/.test(error.message),
  );
});
