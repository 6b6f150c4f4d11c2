import { MeshError } from '../errors.ts';

/** The process may not hold more bytes. The client gets 503 with Retry-After. */
export function noRoom(): MeshError {
  return new MeshError('overloaded', 'Too many bytes of request bodies are waiting here.', { delivery: 'maybe_sent' });
}
