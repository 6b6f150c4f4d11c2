import { hash, timingSafeEqual } from 'node:crypto';
import { ServiceError } from '../service/errors.ts';

/**
 * Makes a check of the `Authorization` field against one pair of credentials, by HTTP Basic (RFC 7617). Both are hashed,
 * so that the time of a comparison tells neither where they differ nor how long they are.
 *
 * @param credentials null: every request is refused
 */
export function basicCheck(
  credentials: { id: string; secret: string } | null,
): (authorization: string | undefined) => boolean {
  const expected = sha256(credentials ? `${credentials.id}:${credentials.secret}` : '');
  return (authorization = '') => {
    const encoded = /^Basic\s+([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1] ?? '';
    return timingSafeEqual(sha256(Buffer.from(encoded, 'base64')), expected) && credentials !== null;
  };
}

/**
 * Makes the same check for a path that only services may ask.
 *
 * @returns a function that throws ServiceError `invalid_peer` without these credentials
 */
export function peersOnly(
  credentials: { id: string; secret: string } | null,
): (authorization: string | undefined) => void {
  const isPeer = basicCheck(credentials);
  return (authorization) => {
    if (!isPeer(authorization)) {
      throw new ServiceError('invalid_peer', { detail: 'The client credentials are not valid' });
    }
  };
}

const sha256 = (data: string | Buffer): Buffer => hash('sha256', data, 'buffer');
