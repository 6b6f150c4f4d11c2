import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fastHash,
  formatFastHash,
  isMachineMade,
  isUsableSlowHash,
  newSalt,
  parseSecretHash,
  sameHash,
} from './hash-format.ts';

test('a fast hash survives being stored', () => {
  const hash = fastHash('secret', newSalt());
  const read = parseSecretHash(formatFastHash(hash));
  assert.deepEqual(read, hash);
  assert.ok(sameHash(fastHash('secret', hash.salt).hash, hash.hash));
  assert.ok(!sameHash(fastHash('Secret', hash.salt).hash, hash.hash));
  assert.ok(!sameHash(fastHash('secret', newSalt()).hash, hash.hash), 'the salt counts');
});

test('a slow hash is read with and without padding', () => {
  const [salt, hash] = [Buffer.alloc(16, 1), Buffer.alloc(32, 2)];
  for (const pad of [(text: string) => text, (text: string) => text.replaceAll('=', '')]) {
    const text = `$scrypt$ln=15,r=8,p=3$${pad(salt.toString('base64'))}$${pad(hash.toString('base64'))}`;
    assert.deepEqual(parseSecretHash(text), { kind: 'slow', parameters: { ln: 15, r: 8, p: 3 }, salt, hash, text });
  }
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

test('a slow hash is usable up to its limits, and a fast one is none', () => {
  const slow = (parameters: string) => `$scrypt$${parameters}$AAAA$${'A'.repeat(43)}=`;
  for (const good of ['ln=15,r=8,p=3', 'ln=1,r=1,p=1', 'ln=18,r=8,p=16']) assert.ok(isUsableSlowHash(slow(good)), good);
  for (const bad of ['ln=0,r=8,p=1', 'ln=19,r=8,p=1', 'ln=21,r=1,p=1', 'ln=10,r=33,p=1', 'ln=10,r=8,p=17']) {
    assert.ok(!isUsableSlowHash(slow(bad)), bad);
  }
  assert.ok(!isUsableSlowHash(formatFastHash(fastHash('secret', newSalt()))));
});
