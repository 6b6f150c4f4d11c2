import { MeshError } from '../errors.ts';
import type { MessageFault } from '../http1/fault.ts';

const details: Partial<Record<MessageFault, string>> = {
  HEAD_TOO_LARGE: 'The header fields are too large.',
  BAD_CHUNK: 'The request body is malformed.',
};

/** A request that is not HTTP/1.1, or that two readers could understand differently. No part of it is forwarded. */
export function requestFault(code: MessageFault): MeshError {
  return new MeshError(
    code === 'HEAD_TOO_LARGE' ? 'headers_too_large' : 'bad_request',
    details[code] ?? 'The request is not HTTP/1.1.',
    { cause: { code } },
  );
}
