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
 * Translates a connection error of the system. `connected` tells whether the connection was open: before that, the
 * request is known not to have been sent.
 */
export function upstreamFailure(thrown: unknown, connected: boolean): MeshError {
  if (thrown instanceof MeshError) return thrown;
  const delivery = connected ? 'maybe_sent' : 'not_sent';
  const { code = '', syscall } = (thrown ?? {}) as { code?: string; syscall?: string };
  const failure = (meshCode: ConstructorParameters<typeof MeshError>[0], detail: string) =>
    new MeshError(meshCode, detail, { delivery, cause: thrown });

  if (!connected && (connectCodes.has(code) || syscall === 'connect')) {
    return failure('connect_failed', 'The service does not accept connections.');
  }
  if (code.startsWith('HPE_')) return failure('upstream_garbage', 'The service sent something that is not HTTP.');
  if (thrown instanceof TypeError || thrown instanceof RangeError) {
    return failure('internal', 'The mesh failed to handle this request.');
  }
  return failure('upstream_reset', 'The service closed the connection before it replied.');
}
