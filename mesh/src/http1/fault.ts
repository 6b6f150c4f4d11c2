import type { MeshError } from '../errors.ts';

/** What is wrong with a message. The set is closed, because error tracking groups by it. */
export type MessageFault =
  | 'BAD_REQUEST_LINE'
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

/** Makes an error for a fault: of the client in a request, of the service in a reply. */
export type FaultOf = (code: MessageFault) => MeshError;
