import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSlowHash, isUsableSlowHash, parseSlowHash, sameHash } from './slow-hash.ts';

test('a slow hash is read with and without padding', () => {
  const [salt, hash] = [Buffer.alloc(16, 1), Buffer.alloc(32, 2)];
  for (const pad of [(text: string) => text, (text: string) => text.replaceAll('=', '')]) {
    const text = `$scrypt$ln=15,r=8,p=3$${pad(salt.toString('base64'))}$${pad(hash.toString('base64'))}`;
    assert.deepEqual(parseSlowHash(text), { kind: 'slow', parameters: { ln: 15, r: 8, p: 3 }, salt, hash, text });
  }
  const parameters = { ln: 15, r: 8, p: 3 };
  assert.deepEqual(parseSlowHash(formatSlowHash({ parameters, salt, hash }))?.hash, hash);
});

test('another format is no slow hash', () => {
  for (const text of ['', 'secret', '$scrypt$ln=15$a$b', '$sha256$00$', '$scrypt$ln=x,r=8,p=1$AA$BB']) {
    assert.equal(parseSlowHash(text), null, text);
    assert.equal(isUsableSlowHash(text), false, text);
  }
});

test('a slow hash is usable up to its limits', () => {
  const slow = (parameters: string) => `$scrypt$${parameters}$AAAA$${'A'.repeat(43)}=`;
  for (const good of ['ln=15,r=8,p=3', 'ln=1,r=1,p=1', 'ln=18,r=8,p=16']) assert.ok(isUsableSlowHash(slow(good)), good);
  for (const bad of ['ln=0,r=8,p=1', 'ln=19,r=8,p=1', 'ln=21,r=1,p=1', 'ln=10,r=33,p=1', 'ln=10,r=8,p=17']) {
    assert.ok(!isUsableSlowHash(slow(bad)), bad);
  }
});

test('hashes are compared whole', () => {
  assert.ok(sameHash(Buffer.from('ab'), Buffer.from('ab')));
  assert.ok(!sameHash(Buffer.from('ab'), Buffer.from('ac')));
  assert.ok(!sameHash(Buffer.from('ab'), Buffer.from('abc')));
});
