import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import formbody from '@fastify/formbody';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
  type RawServerDefault,
} from 'fastify';
import { addDocs, type DocsOptions } from './docs.ts';
import { drainOnClose } from './draining.ts';
import { apiError, type ErrorTable, kitErrors } from './errors.ts';
import { type Check, readiness } from './health.ts';
import { answerFor } from './http-errors.ts';
import type { Logger } from './log.ts';
import type { DurationSeries, Metrics } from './metrics.ts';
import { requestIds } from './request-id.ts';
import { retryableHeader, traceIds } from './trace.ts';

/** A server whose route schemas are TypeBox: bodies, queries and answers get their static types from them. */
export type Server = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, Logger, TypeBoxTypeProvider>;

export interface ServerOptions {
  logger: Logger;
  metrics: Metrics;
  /** The service's own codes; the kit's are added. */
  errors: ErrorTable;
  /** What GET /health/ready asks. */
  checks: Readonly<Record<string, Check>>;
  /** A request body longer than this is answered 413. */
  bodyLimitBytes?: number;
  /** While closing, requests that have not come to their end are cut after this time. */
  drainLimitMs?: number;
  /** OpenAPI at /docs. */
  docs?: DocsOptions;
}

/**
 * A server in the shape that all services share: the public API's error body for everything that goes wrong, forms and
 * JSON, request ids, GET /health/live, /health/ready, /metrics and, if wanted, /docs. Routes are added by the caller.
 *
 * There is no access log: the mesh writes one for every request. Bodies and queries are never logged.
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const errors = { ...kitErrors, ...options.errors };
  const server: Server = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A child logger for each request costs more than a token: the id is put on the lines that are written.
    childLoggerFactory: (logger) => logger,
    genReqId: requestIds(),
    bodyLimit: options.bodyLimitBytes ?? 1_048_576,
    requestTimeout: 30_000,
    // While closing, requests on kept-alive connections are still answered, with `Connection: close`.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
    frameworkErrors: (error, request, reply) => sendError(error, request, reply, errors),
    clientErrorHandler: refuseMalformed,
  }).withTypeProvider<TypeBoxTypeProvider>();

  server.setErrorHandler((error, request, reply) => sendError(error, request, reply, errors));
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(apiError({ status: 404, title: 'Not Found', detail: 'There is nothing at this path' })),
  );
  acceptBodies(server);
  drainOnClose(server, options.drainLimitMs ?? 5_000);
  measure(server, options.metrics);
  await server.register(formbody);
  if (options.docs) await addDocs(server, options.docs);
  addHealth(server, options.checks);
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.render()),
  );
  return server;
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, table: ErrorTable): void {
  const { fault, retryAfterS, retryable, unexpected } = answerFor(error, table);
  const ids = { requestId: request.id, ...traceIds(request.headers) };
  if (unexpected) request.log.error({ err: error, req: request, ...ids }, fault.title);
  else if (fault.status >= 500) {
    // What is down fails every request: one line each, without a stack.
    const cause = (error as Error).cause;
    const reason = cause instanceof Error ? cause.message : undefined;
    request.log.warn({ code: (error as { code?: unknown }).code, reason, ...ids }, fault.title);
  }
  if (retryAfterS !== undefined) void reply.header('retry-after', String(retryAfterS));
  if (retryable === false) void reply.header(retryableHeader, 'false');
  const body = fault.status >= 500 ? { ...fault, request_id: request.id } : fault;
  // A route's own answer schemas do not apply to what went wrong.
  void reply.code(fault.status).type('application/json; charset=utf-8').serializer(JSON.stringify).send(apiError(body));
}

/** The public API's clients send a JSON content type with an empty body: that is no body, not malformed JSON. */
function acceptBodies(server: Server): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser(['application/json', 'text/plain']);
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.length === 0) done(null, undefined);
    else void parseJson(request, body, done);
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Counts one request of the route; set when the route is added. */
    observe?: (statusCode: number, durationMs: number) => void;
  }
}

/** One histogram per route and status, found when the route is made: at a request it is one look into a small map. */
function measure(server: Server, metrics: Metrics): void {
  const durations = metrics.durations('http_server_request_duration_seconds', 'Duration of HTTP requests, by route');
  server.addHook('onRoute', (route) => {
    if (route.url === '/metrics' || route.url.startsWith('/docs')) return;
    const byStatus = new Map<number, DurationSeries>();
    const observe = (statusCode: number, durationMs: number) => {
      let series = byStatus.get(statusCode);
      if (!series) {
        series = durations.series({
          http_request_method: String(route.method),
          http_route: route.url,
          http_response_status_code: String(statusCode),
        });
        byStatus.set(statusCode, series);
      }
      series.observe(durationMs / 1_000);
    };
    route.config = Object.assign(route.config ?? {}, { observe });
    const onResponse = (_request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      observe(reply.statusCode, reply.elapsedTime);
      done();
    };
    route.onResponse = [onResponse, ...[route.onResponse ?? []].flat()];
  });
}

function addHealth(server: Server, checks: Readonly<Record<string, Check>>): void {
  const ask = readiness(checks);
  server.get('/health/live', { schema: { hide: true } }, async () => ({ status: 'live' }));
  server.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    const answer = await ask();
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
}

/** What cannot be read as HTTP at all never becomes a request: the answer is written to the socket by hand. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const [status, title] = tooLarge
    ? [431, 'Request Header Fields Too Large']
    : timedOut
      ? [408, 'Request Timeout']
      : [400, 'Bad Request'];
  const body = JSON.stringify(apiError({ status: Number(status), title: String(title) }));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
