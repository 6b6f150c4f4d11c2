import { hash, timingSafeEqual } from 'node:crypto';
import { AuthError } from '../errors.ts';

/**
 * A check of HTTP Basic credentials (RFC 7617) against the one pair that is allowed. Digests are compared, so that
 * neither length nor content of a wrong pair shows in the time it takes.
 *
 * @returns a function that throws AuthError `invalid_caller`
 */
export function basicAuth(caller: { id: string; secret: string } | null): (authorization: string | undefined) => void {
  const expected = hash('sha256', caller ? `${caller.id}:${caller.secret}` : '', 'buffer');
  return (authorization) => {
    const encoded = /^Basic\s+([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '')?.[1] ?? '';
    const given = hash('sha256', Buffer.from(encoded, 'base64'), 'buffer');
    if (!timingSafeEqual(given, expected) || !caller) {
      throw new AuthError('invalid_caller', { detail: 'HTTP Basic credentials for introspection are required' });
    }
  };
}
