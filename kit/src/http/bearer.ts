import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Makes a check of the `Authorization` field against one token. Both are hashed, so that the time of a comparison tells
 * neither where they differ nor how long the token is.
 */
export function bearerCheck(token: string): (authorization: string | undefined) => boolean {
  const expected = sha256(`Bearer ${token}`);
  return (authorization = '') => timingSafeEqual(sha256(authorization), expected);
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
