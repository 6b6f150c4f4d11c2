import type { FastifyError } from 'fastify';
import { type ErrorTable, type FaultDetails, ServiceError } from '../service/errors.ts';
import type { ApiFault } from './error-body.ts';
import { validationFaults } from './validation.ts';

export type { ApiErrorBody, ApiFault } from './error-body.ts';

/** The response to an error, before it is sent. */
export interface ErrorResponse {
  status: number;
  faults: readonly ApiFault[];
  /** Sent as `Retry-After`, in whole seconds. */
  retryAfterS?: number;
  /** False: a retry by the mesh is of no use. */
  retryable?: boolean;
  /** The service is at fault, not the request. Such errors are logged with their stack. */
  unexpected: boolean;
}

/** The fault of a path without a route. */
export const unknownPath: ApiFault = {
  status: 404,
  title: 'Not Found',
  detail: 'The requested path could not be found',
};

/** Errors that Fastify raises before a handler runs, and what the public API says about them. */
const refusals: Readonly<Record<string, ApiFault>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    title: 'Unsupported Media Type',
    detail: 'The content type of the body is not supported here',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, title: 'Payload Too Large', detail: 'The body is too large' },
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, title: 'Bad Request', detail: 'The body is not valid JSON' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    title: 'Bad Request',
    detail: 'The body is not as long as Content-Length says',
  },
  FST_ERR_BAD_URL: { status: 400, title: 'Bad Request', detail: 'The URL is malformed' },
  // Longer than any id: an unknown path.
  FST_ERR_MAX_PARAM_LENGTH: unknownPath,
};

/** Turns anything that was thrown into a response. An unknown error becomes a 500 that reveals nothing. */
export function errorResponse(error: unknown, table: ErrorTable): ErrorResponse {
  if (error instanceof ServiceError) return serviceErrorResponse(error, table);
  const { code, validation, validationContext, statusCode } = error as Partial<FastifyError>;
  const refusal = refusals[code ?? ''];
  if (refusal) return refused([refusal]);
  if (validation?.[0]) return refused(validationFaults(validation, validationContext));
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return refused([{ status: statusCode, title: 'Bad Request' }]);
  }
  return unexpectedError();
}

function refused(faults: readonly ApiFault[]): ErrorResponse {
  return { status: faults[0]?.status ?? 400, faults, unexpected: false };
}

function unexpectedError(): ErrorResponse {
  return { status: 500, faults: [{ status: 500, title: 'Internal Server Error' }], unexpected: true };
}

function serviceErrorResponse({ code, details }: ServiceError, table: ErrorTable): ErrorResponse {
  const row = table[code];
  if (!row) return unexpectedError();
  const { detail, source, title = row.title, faults, retryAfterS, retryable } = details;
  const list: readonly FaultDetails[] = faults ?? [
    { ...(detail === undefined ? {} : { detail }), ...(source === undefined ? {} : { source }) },
  ];
  return {
    status: row.status,
    faults: list.map((fault) => ({ status: row.status, title, ...fault })),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
    ...(retryable === undefined ? {} : { retryable }),
    unexpected: false,
  };
}
