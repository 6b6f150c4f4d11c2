import type { MeshError } from '../errors.ts';

/** What is wrong with a message. Closed: error tracking groups by it. */
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

/** Makes the error of whoever reads: a fault of a request is the client's, one of a reply the service's. */
export type FaultOf = (code: MessageFault) => MeshError;
