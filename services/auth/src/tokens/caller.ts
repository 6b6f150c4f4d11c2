import { basicCheck } from '@banyan/kit/basic';
import { AuthError } from '../errors.ts';

/**
 * Makes a check of HTTP Basic credentials against the one allowed pair.
 *
 * @param caller null refuses every request
 * @returns a function that throws AuthError `invalid_caller`
 */
export function basicAuth(caller: { id: string; secret: string } | null): (authorization: string | undefined) => void {
  const isAllowed = basicCheck(caller);
  return (authorization) => {
    if (isAllowed(authorization)) return;
    throw new AuthError('invalid_caller', { detail: 'HTTP Basic credentials for introspection are required' });
  };
}
