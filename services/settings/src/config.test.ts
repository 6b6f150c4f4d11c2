import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf, settingsConfig } from './config.ts';

test('only the folder of the data must be set', () => {
  const config = settingsConfig({ DATA_FOLDER: '/data' });
  assert.deepEqual([config.PORT, config.MESH_URL], [3107, 'http://127.0.0.1:4140']);
  assert.equal(fileOf(config), '/data/settings.db');
  assert.throws(() => settingsConfig({}), /DATA_FOLDER: is not set/);
});

test('all faults are reported at once', () => {
  const env = { DATA_FOLDER: '/data', PORT: 'x', INTROSPECTION_CLIENT_ID: 'services' };
  assert.throws(
    () => settingsConfig(env),
    (error: Error) => /PORT/.test(error.message) && /INTROSPECTION_CLIENT_SECRET go together/.test(error.message),
  );
});
