import type { FastifyReply, FastifyRequest } from 'fastify';
import { retryableHeader, traceIds } from '../mesh/trace.ts';
import type { ErrorTable } from '../service/errors.ts';
import { type ApiErrorBody, errorResponse } from './errors.ts';

/** Logs an error that the service is responsible for, and sends the public API's error body. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, table: ErrorTable): void {
  const { status, faults, retryAfterS, retryable, unexpected } = errorResponse(error, table);
  const title = faults[0]?.title ?? '';
  const ids = { requestId: request.id, ...traceIds(request.headers) };
  if (unexpected) request.log.error({ err: error, req: request, ...ids }, title);
  else if (status >= 500) {
    // A dependency that is down fails every request, so each gets one line without a stack.
    const cause = (error as Error).cause;
    const reason = cause instanceof Error ? cause.message : undefined;
    request.log.warn({ code: (error as { code?: unknown }).code, reason, ...ids }, title);
  }
  if (retryAfterS !== undefined) void reply.header('retry-after', String(retryAfterS));
  if (retryable === false) void reply.header(retryableHeader, 'false');
  const errors = status >= 500 ? faults.map((fault) => ({ ...fault, request_id: request.id })) : faults;
  const body: ApiErrorBody = { errors };
  // The route's own response schema does not describe errors, so its serializer is not used.
  void reply.code(status).type('application/json; charset=utf-8').serializer(JSON.stringify).send(body);
}
