import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cartsConfig } from './config.ts';

test('only the address of the store must be set', () => {
  assert.equal(cartsConfig({ REDIS_URL: 'redis://127.0.0.1:6379' }).PORT, 3104);
  assert.throws(() => cartsConfig({}), /REDIS_URL/);
  assert.throws(() => cartsConfig({ REDIS_URL: 'http://x' }), /REDIS_URL/);
  assert.throws(() => cartsConfig({ REDIS_URL: 'redis://x', REDIS_TAG: 'a}b' }), /REDIS_TAG/);
});
