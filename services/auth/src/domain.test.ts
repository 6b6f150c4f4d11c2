import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { claimsFor, grantOf, mayUse, tokenResponseFor } from './domain.ts';
import { AuthError } from './errors.ts';

const refused = (code: string, source?: string) => (error: unknown) =>
  error instanceof AuthError && error.code === code && (source === undefined || error.details.source === source);

describe('a request for a token', () => {
  test('is one of three grants', () => {
    assert.deepEqual(grantOf({ grant_type: 'implicit', client_id: 'c', client_secret: 'ignored' }), {
      type: 'implicit',
      clientId: 'c',
    });
    assert.deepEqual(grantOf({ grant_type: 'client_credentials', client_id: 'c', client_secret: 's' }), {
      type: 'client_credentials',
      clientId: 'c',
      secret: 's',
    });
    assert.deepEqual(grantOf({ grant_type: 'refresh_token', client_id: 'c', refresh_token: 'r' }), {
      type: 'refresh_token',
      clientId: 'c',
      refreshToken: 'r',
    });
  });

  test('with any other grant type is refused', () => {
    for (const type of ['password', 'constructor', 'IMPLICIT']) {
      assert.throws(() => grantOf({ grant_type: type, client_id: 'c' }), refused('unsupported_grant', 'grant_type'));
    }
  });

  test('with a missing member is refused with the name of the member', () => {
    for (const body of [undefined, null, 'text', 7, [], {}, { grant_type: '' }, { grant_type: ['implicit'] }]) {
      assert.throws(() => grantOf(body), refused('invalid_request', 'grant_type'));
    }
    for (const id of [undefined, '', 5, {}, ['a', 'b'], 'x'.repeat(513), 'a\0b']) {
      assert.throws(() => grantOf({ grant_type: 'implicit', client_id: id }), refused('invalid_request', 'client_id'));
    }
    const noSecret = { grant_type: 'client_credentials', client_id: 'c' };
    assert.throws(() => grantOf(noSecret), refused('invalid_request', 'client_secret'));
  });
});

test('a client may use the grants it is registered for; an unknown client may use none', () => {
  const client = { clientId: 'c', identifiers: ['implicit'] as const, secret: null };
  assert.equal(mayUse(client, 'implicit'), true);
  assert.equal(mayUse(client, 'client_credentials'), false);
  assert.equal(mayUse(null, 'implicit'), false);
});

test('claims and response agree, in whole seconds', () => {
  const claims = claimsFor('c', 'implicit', { issuer: 'http://i', ttlS: 3_600 }, 1_700_000_000_999, 'unique');
  assert.equal(claims.iat, 1_700_000_000);
  assert.equal(claims.exp, 1_700_003_600);
  assert.match(claims.scope, /catalog:read/);
  assert.doesNotMatch(claims.scope, /catalog:write/);
  assert.deepEqual(tokenResponseFor('t', claims), {
    access_token: 't',
    token_type: 'Bearer',
    expires_in: 3_600,
    expires: 1_700_003_600,
    identifier: 'implicit',
  });
});
