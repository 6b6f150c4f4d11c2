import type { IncomingHttpHeaders } from 'node:http';
import { basicCheck } from '../http/basic.ts';
import { ServiceError } from '../service/errors.ts';

/**
 * Makes the check of a request at an internal path: it must have the credentials that services share.
 *
 * @param credentials null refuses every request
 * @returns a function that throws ServiceError `invalid_peer`
 */
export function peerCheck(credentials: { id: string; secret: string } | null): (headers: IncomingHttpHeaders) => void {
  const isPeer = basicCheck(credentials);
  return ({ authorization }) => {
    if (isPeer(authorization)) return;
    throw new ServiceError('invalid_peer', { detail: 'The client credentials are not valid' });
  };
}
