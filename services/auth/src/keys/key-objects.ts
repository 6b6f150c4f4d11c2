import { createHash, createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { SignOptions } from 'jsonwebtoken';
import { tokenAlgorithm } from '../contract.ts';
import type { StoredKey } from '../store.ts';
import type { VerifyingKey } from './keyring.ts';
import type { Sealing } from './sealing.ts';

const generate = promisify(generateKeyPair);

/** Creates a key in its stored form. */
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

/** The public part of a stored key, which is stored unsealed. Null if it is damaged. */
export function verifyingKey({ kid, publicJwk }: StoredKey): VerifyingKey | null {
  try {
    return { kid, publicKey: createPublicKey({ key: publicJwk as JsonWebKey, format: 'jwk' }), jwk: publicJwk };
  } catch {
    return null;
  }
}

/** Options for jsonwebtoken. The key's type is right by construction, so it is not checked at each signature. */
export function signOptionsFor(kid: string): SignOptions {
  const header = { alg: tokenAlgorithm, typ: 'JWT', kid };
  return { algorithm: tokenAlgorithm, header, allowInvalidAsymmetricKeyTypes: true };
}

/** A key id derived from the key (RFC 7638): members in lexicographic order, no white space. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
