import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { AuthError } from '../errors.ts';
import { signOptionsFor } from './key-keeper.ts';
import { Keyring, type SigningKey } from './keyring.ts';

const key = (kid: string, signs: boolean): SigningKey => ({
  kid,
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  signOptions: signOptionsFor(kid),
  jwk: { kid },
  signs,
});
const unavailable = (error: unknown) => error instanceof AuthError && error.code === 'store_unavailable';

test('it signs with the active key and publishes all', () => {
  const keyring = new Keyring(1_000);
  keyring.replace([key('old', false), key('now', true)], 0);
  assert.equal(keyring.signer(0).kid, 'now');
  assert.deepEqual(JSON.parse(keyring.jwks), { keys: [{ kid: 'old' }, { kid: 'now' }] });
  assert.equal(keyring.find('old')?.kid, 'old');
  assert.equal(keyring.find('other'), undefined);
});

test('it does not sign before it knows a key, nor with one that was read too long ago', () => {
  const keyring = new Keyring(1_000);
  assert.throws(() => keyring.signer(0), unavailable);
  keyring.replace([key('a', true)], 5_000);
  assert.equal(keyring.signer(6_000).kid, 'a');
  assert.throws(() => keyring.signer(6_001), unavailable);
});
