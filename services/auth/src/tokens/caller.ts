import { hash, timingSafeEqual } from 'node:crypto';
import { AuthError } from '../errors.ts';

/**
 * Makes a check of HTTP Basic credentials (RFC 7617) against the one allowed pair. It compares digests, so its duration
 * reveals neither the length nor the content of the pair.
 *
 * @param caller null refuses every request
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
