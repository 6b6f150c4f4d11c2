import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ErrorCode, errorBody, ShopError, statusOf } from './errors.ts';

const statuses: Record<ErrorCode, number> = {
  bad_request: 400,
  invalid_token: 401,
  invalid_client: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  in_progress: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  misdirected: 421,
  validation_failed: 422,
  rate_limited: 429,
  busy: 503,
  internal: 500,
  store_unavailable: 503,
  issuer_unavailable: 503,
};

describe('errors', () => {
  for (const [code, status] of Object.entries(statuses) as [ErrorCode, number][]) {
    test(`${code} has status ${status}, in every member of the body`, () => {
      assert.equal(statusOf(code), status);
      const { errors } = errorBody(new ShopError(code, [{ detail: 'a' }, { detail: 'b' }]), 'req-1');
      assert.deepEqual(
        errors.map((member) => member.status),
        [status, status],
      );
      assert.ok(errors.every(({ title }) => title.length > 0));
    });
  }

  test('a fault may have a title of its own', () => {
    const error = new ShopError('bad_request', {
      title: 'Insufficient stock',
      detail: 'None left',
      meta: { sku: 'A' },
    });
    assert.deepEqual(errorBody(error, 'req-1'), {
      errors: [{ status: 400, title: 'Insufficient stock', detail: 'None left', meta: { sku: 'A' } }],
    });
  });

  test('an error without faults still has a member', () => {
    assert.deepEqual(errorBody(new ShopError('invalid_token'), 'req-1'), {
      errors: [{ status: 401, title: 'Unable to validate access token' }],
    });
    assert.equal(errorBody(new ShopError('validation_failed', []), 'req-1').errors.length, 1);
  });

  test('only replies of 500 and above contain the id of the request', () => {
    assert.equal(errorBody(new ShopError('internal'), 'req-1').errors[0]?.request_id, 'req-1');
    assert.equal(errorBody(new ShopError('not_found'), 'req-1').errors[0]?.request_id, undefined);
  });
});
