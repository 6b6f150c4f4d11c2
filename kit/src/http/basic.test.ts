import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basicCheck } from './basic.ts';

const header = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test('only the one pair of credentials is accepted, and the scheme in any case', () => {
  const check = basicCheck({ id: 'id', secret: 'a:b' });
  assert.ok(check(header('id:a:b')));
  assert.ok(check(header('id:a:b').replace('Basic', 'basic')));
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
    assert.equal(check(bad), false, String(bad));
  }
});

test('without credentials every request is refused', () => {
  const check = basicCheck(null);
  for (const bad of [undefined, header(''), header(':')]) assert.equal(check(bad), false, String(bad));
});
