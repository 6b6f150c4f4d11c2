import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Access } from './access.ts';

/** Whether a token has the form of a JWT. Any other token is opaque. */
export function isJwt(token: string): boolean {
  return token.split('.').length === 3;
}

/**
 * The key id (`kid`) in a JWT's header; undefined without one, or when the text is not a JWT. For malformed tokens the
 * library throws several kinds of errors. All of them mean "not a JWT" here.
 */
export function keyIdOf(token: string): string | undefined {
  try {
    const keyId: unknown = jwt.decode(token, { complete: true })?.header.kid;
    return typeof keyId === 'string' ? keyId : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The caller that a JWT identifies; undefined unless its signature, its times and its claims are valid. The algorithm is
 * pinned: otherwise the public key could be used as the secret of a symmetric signature. Any error of the library
 * (`TypeError` for a short signature) means that the token is not valid.
 */
export function accessOf(token: string, key: KeyObject, nowMs: number): Access | undefined {
  try {
    const claims = jwt.verify(token, key, { algorithms: ['ES256'], clockTimestamp: Math.floor(nowMs / 1_000) });
    if (typeof claims === 'string') return undefined;
    const { sub, exp, identifier, scope } = claims;
    if (typeof sub !== 'string' || typeof exp !== 'number') return undefined;
    if (identifier !== 'implicit' && identifier !== 'client_credentials') return undefined;
    return { kind: identifier, clientId: sub, scope: typeof scope === 'string' ? scope : '' };
  } catch {
    return undefined;
  }
}
