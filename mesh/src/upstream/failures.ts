import { MeshError } from '../errors.ts';

const connectCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EACCES',
  'EMFILE',
  'ENFILE',
]);

/**
 * What undici reports, in the mesh's words. `sent` tells whether the request had been handed to a connection: before
 * that, it is known not to have reached anybody.
 */
export function upstreamFailure(thrown: unknown, sent: boolean): MeshError {
  if (thrown instanceof MeshError) return thrown;
  const delivery = sent ? 'maybe_sent' : 'not_sent';
  const { code = '', syscall } = (thrown ?? {}) as { code?: string; syscall?: string };
  const failure = (meshCode: ConstructorParameters<typeof MeshError>[0], detail: string) =>
    new MeshError(meshCode, detail, { delivery, cause: thrown });

  if (!sent && (connectCodes.has(code) || syscall === 'connect')) {
    return failure('connect_failed', 'The service does not accept connections.');
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return failure('connect_timeout', 'The service did not accept a connection in time.');
  }
  if (
    code.startsWith('HPE_') ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'
  ) {
    return failure('upstream_garbage', 'The service answered something that is not HTTP.');
  }
  if (code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT') {
    return failure('upstream_idle', 'The service stopped sending.');
  }
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return failure('bad_request', 'The request cannot be passed on as it stands.');
  }
  if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return failure('bad_request', 'The request body is not as long as its Content-Length says.');
  }
  // A destroyed pool belongs to an endpoint that has left: nothing was sent, whatever undici's state was.
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return new MeshError('connect_failed', 'The service has left.', { delivery, cause: thrown });
  }
  if (thrown instanceof TypeError || thrown instanceof RangeError) {
    return failure('internal', 'The mesh failed to handle this request.');
  }
  return failure('upstream_reset', 'The service closed the connection before it had answered.');
}
