import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { AuthError } from '../errors.ts';
import { isSealed, sealingWith } from './sealing.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const sealing = sealingWith('ab'.repeat(32));
const keySealed = (error: unknown) => error instanceof AuthError && error.code === 'key_sealed';

test('a sealed key opens with the same secret under the same id', () => {
  const text = sealing.seal(privateKey, 'kid');
  assert.ok(isSealed(text));
  assert.ok(!text.includes(privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64').slice(0, 40)));
  assert.ok(sealing.open(text, 'kid').equals(privateKey));
});

test('a sealed key opens with no other secret or id', () => {
  const text = sealing.seal(privateKey, 'kid');
  assert.throws(() => sealingWith('cd'.repeat(32)).open(text, 'kid'), keySealed);
  assert.throws(() => sealingWith(undefined).open(text, 'kid'), keySealed);
  assert.throws(() => sealing.open(text, 'other'), keySealed);
  assert.throws(() => sealing.open(`${text.slice(0, -8)}AAAAAAA=`, 'kid'), keySealed);
});

test('keys stored without a secret are unsealed and stay readable when a secret is configured', () => {
  const text = sealingWith(undefined).seal(privateKey, 'kid');
  assert.ok(!isSealed(text));
  assert.ok(sealing.open(text, 'kid').equals(privateKey));
});

test('the previous secret opens keys but seals none', () => {
  const changed = sealingWith('cd'.repeat(32), 'ab'.repeat(32));
  const old = sealing.seal(privateKey, 'kid');
  assert.ok(changed.open(old, 'kid').equals(privateKey));
  assert.equal(changed.isCurrent(old, 'kid'), false);
  const fresh = changed.seal(privateKey, 'kid');
  assert.equal(changed.isCurrent(fresh, 'kid'), true);
  assert.throws(() => sealing.open(fresh, 'kid'), keySealed);
});

test('a damaged text is refused with the same message, sealed or not', () => {
  for (const text of ['', 'pkcs8:', 'pkcs8:AAAA', 'aes-256-gcm:', 'aes-256-gcm:AAAA', 'nonsense']) {
    assert.throws(() => sealing.open(text, 'kid'), keySealed, text);
    assert.equal(sealing.isCurrent(text, 'kid'), false);
  }
});
