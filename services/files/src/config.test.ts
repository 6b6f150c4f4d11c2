import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesConfig, placesIn } from './config.ts';

test('only the folder of the data must be set', () => {
  const config = filesConfig({ DATA_FOLDER: '/data' });
  assert.deepEqual([config.PORT, config.MESH_URL], [3112, 'http://127.0.0.1:4140']);
  assert.deepEqual(placesIn(config), { store: '/data/files.db', content: '/data/content' });
  assert.throws(() => filesConfig({}), /DATA_FOLDER: is not set/);
});
