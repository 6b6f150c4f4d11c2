import { MeshError } from '../../errors.ts';
import type { MessageFault } from '../../http1/fault.ts';

/** A reply that is not HTTP, or whose end two readers could see in different places: nothing of it is passed on. */
export function replyFault(code: MessageFault): MeshError {
  return new MeshError('upstream_garbage', 'The service answered something that is not HTTP.', {
    delivery: 'maybe_sent',
    cause: { code },
  });
}
