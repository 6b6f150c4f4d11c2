import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@banyan/kit/settings';
import { authConfig } from './config.ts';

const enough = { DATABASE_URL: 'postgres://u:p@h/d' };

test('DATABASE_URL is the only setting without a default', () => {
  const config = authConfig(enough);
  assert.equal(config.PORT, 3_101);
  assert.equal(config.TOKEN_TTL_S, 3_600);
});

test('reports every fault, but not the password in a URL', () => {
  const bad = { DATABASE_URL: 'mysql://u:hunter2@h', PORT: 'x', KEY_ENCRYPTION_KEY: 'hunter2', LOG_LEVEL: 'loud' };
  assert.throws(
    () => authConfig(bad),
    ({ message }: Error) => {
      for (const key of ['DATABASE_URL', 'PORT', 'KEY_ENCRYPTION_KEY', 'LOG_LEVEL']) assert.ok(message.includes(key));
      return !message.includes('hunter2');
    },
  );
});

test('contradictions are configuration faults, reported together with the others', () => {
  const previousKey = 'ab'.repeat(32);
  const faultsOf = (env: NodeJS.ProcessEnv) => {
    try {
      authConfig(env);
      return [];
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.faults;
    }
  };
  assert.deepEqual(
    faultsOf({ ...enough, INTROSPECTION_CLIENT_ID: 'a', KEY_ENCRYPTION_KEY_PREVIOUS: previousKey, PORT: 'x' }),
    [
      'PORT: "x" must be integer',
      'INTROSPECTION_CLIENT_ID and INTROSPECTION_CLIENT_SECRET go together: one of them is not set',
      'KEY_ENCRYPTION_KEY_PREVIOUS needs KEY_ENCRYPTION_KEY, which is not set',
    ],
  );
});

test('slow hashes are limited by the machine or by the settings', () => {
  const machine = { cores: 16, threads: 4, memoryBytes: 256 * 1_048_576 };
  const { SLOW_HASH_CONCURRENCY, SLOW_HASH_MEMORY_MB } = authConfig(enough, machine);
  assert.deepEqual([SLOW_HASH_CONCURRENCY, SLOW_HASH_MEMORY_MB], [3, 48]);
  const set = authConfig({ ...enough, SLOW_HASH_CONCURRENCY: '7', SLOW_HASH_MEMORY_MB: '640' }, machine);
  assert.deepEqual([set.SLOW_HASH_CONCURRENCY, set.SLOW_HASH_MEMORY_MB], [7, 640]);
});

test('a key is published for longer than verifiers cache the key set', () => {
  // max-age of the key set, in routes.ts.
  assert.ok(authConfig(enough).KEY_PUBLISH_LEAD_S > 10);
});
