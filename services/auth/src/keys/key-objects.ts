import { createHash, createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { SignOptions } from 'jsonwebtoken';
import { tokenAlgorithm } from '../contract.ts';
import type { StoredKey } from '../store.ts';
import type { VerifyingKey } from './keyring.ts';
import type { Sealing } from './sealing.ts';

const generate = promisify(generateKeyPair);

/** Makes a key in the form in which it is stored. */
export async function newKey(state: 'active' | 'next', nowMs: number, sealing: Sealing): Promise<StoredKey> {
  const { privateKey, publicKey } = await generate('ec', { namedCurve: 'P-256' });
  const kid = thumbprint(publicKey);
  return {
    kid,
    state,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: tokenAlgorithm },
    privateKey: sealing.seal(privateKey, kid),
    createdAtMs: nowMs,
    activatedAtMs: state === 'active' ? nowMs : null,
    retiredAtMs: null,
    publishUntilMs: null,
  };
}

/** The public part of a stored key, which is stored as it is; null where that text is damaged. */
export function verifyingKey({ kid, publicJwk }: StoredKey): VerifyingKey | null {
  try {
    return { kid, publicKey: createPublicKey({ key: publicJwk as JsonWebKey, format: 'jwk' }), jwk: publicJwk };
  } catch {
    return null;
  }
}

/** What jsonwebtoken is told: that the key is of the algorithm's type is checked where it is made, not at each signature. */
export function signOptionsFor(kid: string): SignOptions {
  const header = { alg: tokenAlgorithm, typ: 'JWT', kid };
  return { algorithm: tokenAlgorithm, header, allowInvalidAsymmetricKeyTypes: true };
}

/** RFC 7638: a key id that follows from the key. Members in lexicographic order, no white space. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
