import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUsableSlowHash, sameHash } from '@banyan/kit/secrets';
import { fastHash, formatFastHash, isMachineMade, newSalt, parseSecretHash } from './hash-format.ts';

test('a fast hash survives being stored', () => {
  const hash = fastHash('secret', newSalt());
  const read = parseSecretHash(formatFastHash(hash));
  assert.deepEqual(read, hash);
  assert.ok(sameHash(fastHash('secret', hash.salt).hash, hash.hash));
  assert.ok(!sameHash(fastHash('Secret', hash.salt).hash, hash.hash));
  assert.ok(!sameHash(fastHash('secret', newSalt()).hash, hash.hash), 'the salt counts');
});

test('an unknown format is not a hash', () => {
  for (const text of [
    '',
    'secret',
    '$scrypt$ln=15$a$b',
    '$sha256$00$',
    '$2b$10$abcdefghijklmnopqrstuv',
    '$scrypt$ln=x,r=8,p=1$AA$BB',
  ]) {
    assert.equal(parseSecretHash(text), null, text);
  }
});

test('only a secret as long as the generated ones counts as generated', () => {
  assert.ok(isMachineMade('0123456789abcdef0123456789abcdef01234567'));
  assert.ok(!isMachineMade('correct horse battery staple, and then some'));
  assert.ok(!isMachineMade('0123456789abcdef'));
});

test('a hash of either kind is read', () => {
  const text = `$scrypt$ln=15,r=8,p=3$${Buffer.alloc(16, 1).toString('base64')}$${Buffer.alloc(32, 2).toString('base64')}`;
  assert.equal(parseSecretHash(text)?.kind, 'slow');
  assert.ok(isUsableSlowHash(text));
  assert.ok(!isUsableSlowHash(formatFastHash(fastHash('secret', newSalt()))));
});
