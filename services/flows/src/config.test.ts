import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowsConfig } from './config.ts';

test('only the database must be set', () => {
  const config = flowsConfig({ DATABASE_URL: 'mariadb://flows:secret@127.0.0.1:3306/flows' });
  assert.deepEqual([config.PORT, config.MESH_URL], [3111, 'http://127.0.0.1:4140']);
  assert.throws(() => flowsConfig({}), /DATABASE_URL: is not set/);
});

test('all faults are reported at once, and the URL of the database is not shown', () => {
  const env = { DATABASE_URL: 'postgres://flows:secret@x', PORT: 'x', INTROSPECTION_CLIENT_ID: 'services' };
  assert.throws(
    () => flowsConfig(env),
    ({ message }: Error) =>
      ['PORT', 'DATABASE_URL', 'INTROSPECTION_CLIENT_SECRET go together'].every((part) => message.includes(part)) &&
      !message.includes('secret@'),
  );
});
