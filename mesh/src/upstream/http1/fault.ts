import { MeshError } from '../../errors.ts';
import type { MessageFault } from '../../http1/fault.ts';

/** A reply that is not HTTP, or whose end two readers could see in different places. No part of it is forwarded. */
export function replyFault(code: MessageFault): MeshError {
  return new MeshError('upstream_garbage', 'The service sent something that is not HTTP.', {
    delivery: 'maybe_sent',
    cause: { code },
  });
}
