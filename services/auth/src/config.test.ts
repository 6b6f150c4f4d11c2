import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authConfig } from './config.ts';

const enough = { DATABASE_URL: 'postgres://u:p@h/d' };

test('the database is all that must be set', () => {
  const config = authConfig(enough);
  assert.equal(config.PORT, 3_101);
  assert.equal(config.TOKEN_TTL_S, 3_600);
});

test('every fault is told, and the password in a URL is not', () => {
  const bad = { DATABASE_URL: 'mysql://u:hunter2@h', PORT: 'x', KEY_ENCRYPTION_KEY: 'hunter2', LOG_LEVEL: 'loud' };
  assert.throws(
    () => authConfig(bad),
    ({ message }: Error) => {
      for (const key of ['DATABASE_URL', 'PORT', 'KEY_ENCRYPTION_KEY', 'LOG_LEVEL']) assert.ok(message.includes(key));
      return !message.includes('hunter2');
    },
  );
});

test('half of the credentials for introspection is a fault', () => {
  assert.throws(() => authConfig({ ...enough, INTROSPECTION_CLIENT_ID: 'a' }), /go together/);
});

test('slow hashes are bounded by the machine, or by what is set', () => {
  const machine = { cores: 16, threads: 4, memoryBytes: 256 * 1_048_576 };
  const { SLOW_HASH_CONCURRENCY, SLOW_HASH_MEMORY_MB } = authConfig(enough, machine);
  assert.deepEqual([SLOW_HASH_CONCURRENCY, SLOW_HASH_MEMORY_MB], [3, 48]);
  const set = authConfig({ ...enough, SLOW_HASH_CONCURRENCY: '7', SLOW_HASH_MEMORY_MB: '640' }, machine);
  assert.deepEqual([set.SLOW_HASH_CONCURRENCY, set.SLOW_HASH_MEMORY_MB], [7, 640]);
});

test('a previous encryption key needs the one that follows', () => {
  const KEY_ENCRYPTION_KEY_PREVIOUS = 'ab'.repeat(32);
  assert.throws(() => authConfig({ ...enough, KEY_ENCRYPTION_KEY_PREVIOUS }), /needs KEY_ENCRYPTION_KEY/);
});

test('a key is published for longer than verifiers keep the published keys', () => {
  // max-age of the key set, in routes.ts.
  assert.ok(authConfig(enough).KEY_PUBLISH_LEAD_S > 10);
});
