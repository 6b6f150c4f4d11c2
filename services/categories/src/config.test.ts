import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { categoriesConfig, fileOf } from './config.ts';

test('only the folder of the store must be set', () => {
  const config = categoriesConfig({ DATA_FOLDER: 'data' });
  assert.deepEqual([config.PORT, config.FIELDS_FRESH_MS, fileOf(config)], [3109, 1_000, join('data', 'categories.db')]);
  assert.throws(() => categoriesConfig({}), /DATA_FOLDER: is not set/);
});

test('all faults are reported at once', () => {
  const env = { PORT: 'x', INTROSPECTION_CLIENT_ID: 'services' };
  for (const fault of [/DATA_FOLDER/, /PORT/, /INTROSPECTION_CLIENT_SECRET go together/]) {
    assert.throws(() => categoriesConfig(env), fault);
  }
});
