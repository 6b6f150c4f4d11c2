import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, errorBody, ShopError, statusOf } from './errors.ts';
import { traceIds } from './log.ts';
import { storeFault } from './store-faults.ts';

const unknownPathDetail = 'The requested path could not be found';

/** Replies to every error and every unknown path in the API's error shape. Unexpected errors are logged, not shown. */
export function errorHandlers(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>(replyWithError);
  const unknownPath = () => new ShopError('not_found', { detail: unknownPathDetail });
  app.setNotFoundHandler(() => {
    throw unknownPath();
  });
  // Runs before the body is read: an unknown path always gets the same reply.
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw unknownPath();
  });
}

/** Replies to an error, including errors before routing, such as a path that cannot be decoded. */
export function replyWithError(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asShopError(thrown);
  const status = statusOf(error.code);
  if (status >= 500)
    request.log.error(
      { err: thrown, requestId: request.id, ...traceIds(request.headers.traceparent) },
      'request failed',
    );
  if (status === 503 || error.code === 'in_progress') reply.header('retry-after', '1');
  return reply.code(status).send(errorBody(error, request.id));
}

const unreadable: Readonly<Record<string, { status: number; title: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, title: 'Request Header Fields Too Large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, title: 'Request Timeout' },
};

/** Replies to bytes that are not an HTTP request, and closes the connection. */
export function replyToUnreadable(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, title } = unreadable[error.code] ?? { status: 400, title: 'Bad Request' };
  const body = JSON.stringify({ errors: [{ status, title }] });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

/** Errors that Fastify raises before a handler runs, and what the API says about them. */
const refusals: Readonly<Record<string, [code: ErrorCode, detail: string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'The content type of the body is not supported here'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'The body is too large'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad_request', 'The body is not valid JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'The body is not as long as Content-Length says'],
  FST_ERR_BAD_URL: ['bad_request', 'The URL is malformed'],
  // A path parameter longer than any id is an unknown path.
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', unknownPathDetail],
};

function asShopError(thrown: FastifyError): ShopError {
  if (thrown instanceof ShopError) return thrown;
  const fault = storeFault(thrown);
  if (fault !== undefined) return fault;
  const status = thrown.statusCode ?? 500;
  if (status < 400 || status >= 500) return new ShopError('internal', {}, { cause: thrown });
  const [code, detail] = refusals[thrown.code] ?? ['bad_request', thrown.message];
  return new ShopError(code, { detail }, { cause: thrown });
}
