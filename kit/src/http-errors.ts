import type { FastifyError } from 'fastify';
import { type ApiFault, type ErrorTable, ServiceError } from './errors.ts';

/** An error as it is answered, and whether it is ours to look into. */
export interface Answer {
  fault: ApiFault;
  retryAfterS?: number;
  /** Whether it is any use to the mesh to try it again. */
  retryable?: boolean;
  /** A fault of the service, not of the request: it is logged with its stack. */
  unexpected: boolean;
}

/** What the server itself refuses, in the public API's words. */
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
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, title: 'URI Too Long' },
};

/** Turns whatever was thrown into the public API's error. What is not known becomes a 500 that says nothing. */
export function answerFor(error: unknown, table: ErrorTable): Answer {
  if (error instanceof ServiceError) return serviceAnswer(error, table);
  const { code, validation, validationContext, statusCode } = error as Partial<FastifyError>;
  const refusal = refusals[code ?? ''];
  if (refusal) return { fault: refusal, unexpected: false };
  if (validation?.[0]) return { fault: validationFault(validation[0], validationContext), unexpected: false };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { fault: { status: statusCode, title: 'Bad Request' }, unexpected: false };
  }
  return { fault: { status: 500, title: 'Internal Server Error' }, unexpected: true };
}

function serviceAnswer({ code, details }: ServiceError, table: ErrorTable): Answer {
  const row = table[code];
  if (!row) return { fault: { status: 500, title: 'Internal Server Error' }, unexpected: true };
  const { detail, source, title = row.title, retryAfterS, retryable } = details;
  return {
    fault: {
      status: row.status,
      title,
      ...(detail === undefined ? {} : { detail }),
      ...(source === undefined ? {} : { source }),
    },
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
    ...(retryable === undefined ? {} : { retryable }),
    unexpected: false,
  };
}

/** The API names the rule in the title, the member in `source`, and both in a sentence. */
function validationFault(
  fault: NonNullable<FastifyError['validation']>[number],
  context: string | undefined,
): ApiFault {
  const missing = fault.keyword === 'required' ? String(fault.params.missingProperty) : '';
  const path = [...fault.instancePath.split('/').slice(1), ...(missing ? [missing] : [])].join('.');
  const subject = path || (context ?? 'request');
  const detail = missing ? `${path} is required` : `${subject} ${fault.message ?? 'is invalid'}`;
  return { status: 400, title: fault.keyword, detail, ...(path ? { source: path } : {}) };
}
