import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ShopError } from '../errors.ts';
import { parseGrantRequest } from './grant-request.ts';

describe('parseGrantRequest', () => {
  test('reads the three grants', () => {
    assert.deepEqual(parseGrantRequest({ grant_type: 'implicit', client_id: 'c' }), {
      grantType: 'implicit',
      clientId: 'c',
    });
    assert.deepEqual(parseGrantRequest({ grant_type: 'client_credentials', client_id: 'c', client_secret: 's' }), {
      grantType: 'client_credentials',
      clientId: 'c',
      clientSecret: 's',
    });
    assert.deepEqual(parseGrantRequest({ grant_type: 'refresh_token', client_id: 'c', refresh_token: 'r' }), {
      grantType: 'refresh_token',
      clientId: 'c',
      refreshToken: 'r',
    });
  });

  const bad: [string, unknown, string][] = [
    ['no body', undefined, 'grant_type'],
    ['a list', [], 'grant_type'],
    ['no grant', { client_id: 'c' }, 'grant_type'],
    ['an unknown grant', { grant_type: 'password', client_id: 'c' }, 'grant_type'],
    ['no client', { grant_type: 'implicit' }, 'client_id'],
    ['no secret', { grant_type: 'client_credentials', client_id: 'c' }, 'client_secret'],
    [
      'a secret that is no text',
      { grant_type: 'client_credentials', client_id: 'c', client_secret: {} },
      'client_secret',
    ],
    ['a client longer than any', { grant_type: 'implicit', client_id: 'c'.repeat(513) }, 'client_id'],
    ['a text that no store takes', { grant_type: 'implicit', client_id: 'c\0' }, 'client_id'],
    ['inherited members', Object.create({ grant_type: 'implicit', client_id: 'c' }), 'grant_type'],
  ];
  for (const [name, body, source] of bad) {
    test(`refuses ${name}, naming ${source}`, () => {
      assert.throws(
        () => parseGrantRequest(body),
        (error) => error instanceof ShopError && error.code === 'bad_request' && error.faults[0]?.source === source,
      );
    });
  }
});
