import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthError } from '../errors.ts';
import { basicAuth } from './caller.ts';

const header = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const refused = (error: unknown) => error instanceof AuthError && error.code === 'invalid_caller';

test('accepts only the configured pair of credentials', () => {
  const check = basicAuth({ id: 'id', secret: 'a:b' });
  check(header('id:a:b'));
  check(header('id:a:b').replace('Basic', 'basic'));
  for (const bad of [
    undefined,
    '',
    'Basic',
    'Bearer x',
    header('id:'),
    header(':a:b'),
    header('id:a:b '),
    header(''),
  ]) {
    assert.throws(() => check(bad), refused, String(bad));
  }
});

test('refuses every caller when no credentials are configured', () => {
  const check = basicAuth(null);
  for (const bad of [undefined, header(''), header(':')]) assert.throws(() => check(bad), refused);
});
