import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectionsConfig } from './config.ts';

const databaseUrl = 'mariadb://collections:pw@127.0.0.1:3306/collections';

test('only the address of the store must be set', () => {
  const config = collectionsConfig({ DATABASE_URL: databaseUrl });
  assert.deepEqual([config.PORT, config.MESH_URL, config.PAGE_LENGTH_FRESH_MS], [3108, 'http://127.0.0.1:4140', 1_000]);
  assert.throws(() => collectionsConfig({}), /DATABASE_URL: is not set/);
});

test('all faults are reported at once, and no secret', () => {
  const env = { DATABASE_URL: 'postgres://u:hidden@h/d', PORT: 'x', INTROSPECTION_CLIENT_ID: 'services' };
  assert.throws(
    () => collectionsConfig(env),
    (error: Error) => {
      assert.match(error.message, /DATABASE_URL/);
      assert.match(error.message, /PORT/);
      assert.match(error.message, /INTROSPECTION_CLIENT_SECRET go together/);
      return !error.message.includes('hidden');
    },
  );
});
