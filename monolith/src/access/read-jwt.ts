import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';

/**
 * The key id (`kid`) in a JWT's header; undefined where there is none, or where the text is no JWT. The library throws
 * errors of several kinds at malformed tokens (`SyntaxError` for a payload that is no JSON): each means the same here.
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
 * The claims of a JWT whose signature and times are right, with `sub` and `exp` in it; undefined for any other text. As
 * above, whatever the library throws about a token (`TypeError` for a short ES256 signature) means that it is not valid.
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
