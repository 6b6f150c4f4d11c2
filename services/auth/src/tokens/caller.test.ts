import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthError } from '../errors.ts';
import { basicAuth } from './caller.ts';

const header = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const refused = (error: unknown) => error instanceof AuthError && error.code === 'invalid_caller';

test('the one pair that is configured is let in', () => {
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

test('nobody is let in where nobody is configured', () => {
  const check = basicAuth(null);
  for (const bad of [undefined, header(''), header(':')]) assert.throws(() => check(bad), refused);
});
