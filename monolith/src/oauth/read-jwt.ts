import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';

/**
 * The key id (`kid`) in a JWT's header; undefined without one, or when the text is not a JWT. For malformed tokens the
 * library throws several kinds of errors (`SyntaxError` for a payload that is not JSON). All of them mean "not a JWT"
 * here.
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
 * The claims of a JWT with a valid signature and valid times, `sub` and `exp` included; undefined for any other text.
 * Any error of the library (`TypeError` for a short ES256 signature) means that the token is not valid.
 */
export function verifiedClaims(
  token: string,
  key: KeyObject,
  algorithm: 'ES256' | 'HS256',
  now: Date,
): (jwt.JwtPayload & { sub: string; exp: number }) | undefined {
  try {
    const clockTimestamp = Math.floor(now.getTime() / 1000);
    const claims = jwt.verify(token, key, { algorithms: [algorithm], clockTimestamp });
    if (typeof claims === 'string') return undefined;
    const { sub, exp } = claims;
    return typeof sub === 'string' && typeof exp === 'number' ? { ...claims, sub, exp } : undefined;
  } catch {
    return undefined;
  }
}
