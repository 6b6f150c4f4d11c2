import { MeshError } from '../../errors.ts';

/** What is wrong with a reply. Closed: error tracking groups by it. */
export type ReplyFault =
  | 'BAD_STATUS_LINE'
  | 'BAD_FIELD'
  | 'BAD_LINE_END'
  | 'BAD_CONTENT_LENGTH'
  | 'BAD_TRANSFER_ENCODING'
  | 'AMBIGUOUS_LENGTH'
  | 'BAD_CHUNK'
  | 'HEAD_TOO_LARGE'
  | 'BAD_INTERIM'
  | 'UNEXPECTED_SWITCH';

/** A reply that is not HTTP, or whose end two readers could see in different places: nothing of it is passed on. */
export function replyFault(code: ReplyFault): MeshError {
  return new MeshError('upstream_garbage', 'The service answered something that is not HTTP.', {
    delivery: 'maybe_sent',
    cause: { code },
  });
}
