import { MeshError } from '../errors.ts';

/** What would have to be held is more than the process may hold. The client is told 503 and to come again. */
export function noRoom(): MeshError {
  return new MeshError('overloaded', 'Too many bytes of request bodies are waiting here.', { delivery: 'maybe_sent' });
}
