import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxKeyLength, parseKey } from './key.ts';
import { seal, unseal } from './seal.ts';

test('a key is read quoted and bare, and both forms are the same key', () => {
  assert.equal(parseKey('"8e03978e-40d5-43dd-bc93-6894a57f9324"'), '8e03978e-40d5-43dd-bc93-6894a57f9324');
  assert.equal(parseKey(' 8e03978e-40d5-43dd-bc93-6894a57f9324 '), '8e03978e-40d5-43dd-bc93-6894a57f9324');
  assert.equal(parseKey(String.raw`"a \"b\" \\ c"`), String.raw`a "b" \ c`);
  assert.equal(parseKey(undefined), undefined);
  assert.equal(parseKey('x'.repeat(maxKeyLength))?.length, maxKeyLength);
});

test('a malformed key is refused', () => {
  const wrong = [
    '',
    '""',
    ' ',
    '"a',
    'a"b',
    'a b',
    '"a";x=1',
    'ä',
    '"ä"',
    'a, b',
    String.raw`"\a"`,
    'a\tb',
    '"a\u0001"',
  ];
  for (const text of [...wrong, 'x'.repeat(maxKeyLength + 1), `"${'x'.repeat(maxKeyLength + 1)}"`]) {
    assert.throws(() => parseKey(text), { name: 'ShopError', code: 'bad_request' }, JSON.stringify(text));
  }
  assert.throws(() => parseKey(['a', 'b']), { code: 'bad_request' }, 'sent twice');
});

test('a sealed reply is read with the secret of its request only', () => {
  const sealed = seal('a refresh token', '{"access_token":"abc"}');
  assert.doesNotMatch(Buffer.from(sealed, 'base64').toString('latin1'), /abc/);
  assert.equal(unseal('a refresh token', sealed), '{"access_token":"abc"}');
  assert.throws(() => unseal('another token', sealed));
});
