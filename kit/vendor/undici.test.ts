import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as whole from 'undici';
import { errors, Pool } from './undici.ts';

test("the pool and the errors are undici's own", () => {
  assert.equal(Pool, whole.Pool);
  assert.equal(errors.ConnectTimeoutError, whole.errors.ConnectTimeoutError);
  assert.equal(typeof Pool.prototype.request, 'function');
});
