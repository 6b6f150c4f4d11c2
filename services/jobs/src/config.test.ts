import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf, jobsConfig } from './config.ts';

test('only the folder of the data must be set', () => {
  const config = jobsConfig({ DATA_FOLDER: '/data' });
  assert.deepEqual([config.PORT, config.MESH_URL], [3106, 'http://127.0.0.1:4140']);
  assert.equal(fileOf(config), '/data/jobs.duckdb');
  assert.throws(() => jobsConfig({}), /DATA_FOLDER: is not set/);
});

test('all faults are reported at once', () => {
  const env = { DATA_FOLDER: '/data', PORT: 'x', INTROSPECTION_CLIENT_ID: 'services' };
  assert.throws(
    () => jobsConfig(env),
    (error: Error) => /PORT/.test(error.message) && /INTROSPECTION_CLIENT_SECRET go together/.test(error.message),
  );
});
