import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { AuthError } from '../errors.ts';
import { signOptionsFor } from './key-objects.ts';
import { Keyring, type SigningKey } from './keyring.ts';

const key = (kid: string): SigningKey => ({
  kid,
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  signOptions: signOptionsFor(kid),
  jwk: { kid },
});
const unavailable = (error: unknown) => error instanceof AuthError && error.code === 'store_unavailable';

test('signs with the active key and publishes all keys', () => {
  const keyring = new Keyring(1_000);
  const now = key('now');
  keyring.replace([key('old'), now], now, 0);
  assert.equal(keyring.signer(0).kid, 'now');
  assert.deepEqual(JSON.parse(keyring.jwks), { keys: [{ kid: 'old' }, { kid: 'now' }] });
  assert.equal(keyring.find('old')?.kid, 'old');
  assert.equal(keyring.find('other'), undefined);
});

test('does not sign before a key was read, or when it was read too long ago', () => {
  const keyring = new Keyring(1_000);
  assert.throws(() => keyring.signer(0), unavailable);
  const a = key('a');
  keyring.replace([a], a, 5_000);
  assert.equal(keyring.signer(6_000).kid, 'a');
  assert.throws(() => keyring.signer(6_001), unavailable);
});

test('throws before keys have been read, because verifiers would cache an empty set', () => {
  const keyring = new Keyring(1_000);
  assert.throws(() => keyring.jwks, unavailable);
  assert.throws(() => keyring.find('a'), unavailable);
  keyring.replace([], null, 0);
  assert.throws(() => keyring.jwks, unavailable);
});

test('publishes keys even without an active key', () => {
  const keyring = new Keyring(1_000);
  keyring.replace([key('a')], null, 0);
  assert.throws(() => keyring.signer(0), unavailable);
  assert.equal(keyring.find('a')?.kid, 'a');
});
