import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { peerCheck } from './peer-check.ts';

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const invalid = (error: unknown) => error instanceof ServiceError && error.code === 'invalid_peer';

test('a request at an internal path needs the credentials of services', () => {
  const check = peerCheck({ id: 'things', secret: 'let me ask' });
  check(basic('things:let me ask'));
  for (const headers of [{}, basic('things:guess'), { authorization: 'Bearer x' }]) {
    assert.throws(() => check(headers), invalid);
  }
});

test('without credentials of its own a service lets no one in', () => {
  assert.throws(() => peerCheck(null)(basic(':')), invalid);
});
