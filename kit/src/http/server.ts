import formbody from '@fastify/formbody';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify, LogController } from 'fastify';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { type ErrorTable, kitErrors } from '../service/errors.ts';
import { type Check, readiness } from '../service/health.ts';
import { addDocs, type DocsOptions } from './docs.ts';
import { drainOnClose } from './draining.ts';
import { type ApiErrorBody, unknownPath } from './errors.ts';
import { parseJsonBodies } from './json-bodies.ts';
import { refuseMalformed } from './refuse-malformed.ts';
import { measureRequests } from './request-durations.ts';
import { requestIds } from './request-id.ts';
import { sendError } from './send-error.ts';
import type { Server } from './server-type.ts';
import { traceRequests } from './trace-requests.ts';

export { type ApiFault, errorResponse } from './errors.ts';
export type { Server } from './server-type.ts';

export interface ServerOptions {
  logger: Logger;
  metrics: Metrics;
  /** The service's own codes. The kit's codes are added. */
  errors: ErrorTable;
  /** Run by GET /health/ready. */
  checks: Readonly<Record<string, Check>>;
  /** A longer request body gets 413. Default: 1 MiB. */
  bodyLimitBytes?: number;
  /** How long a request may take to arrive whole, in ms. Default: 30 s. */
  requestTimeoutMs?: number;
  /** How long requests may take to finish once the server is closing. Default: 5 s. */
  drainLimitMs?: number;
  /** Whether forms are read, or get 415. Default: true. */
  forms?: boolean;
  /** Adds OpenAPI at /docs. */
  docs?: DocsOptions;
}

const notFound: ApiErrorBody = { errors: [unknownPath] };

/**
 * A server in the shape that all services share: the public API's error body for every failure, forms and JSON, request
 * ids, GET /health/live, /health/ready, /metrics and optionally /docs. The caller adds the routes.
 *
 * There is no access log, because the mesh writes one for every request. Bodies and queries are never logged.
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const errors = { ...kitErrors, ...options.errors };
  const server: Server = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A child logger for each request costs more than issuing a token. Lines that need the request id add it
    // themselves.
    childLoggerFactory: (logger) => logger,
    genReqId: requestIds(),
    bodyLimit: options.bodyLimitBytes ?? 1_048_576,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    // While closing, requests on kept-alive connections still get their response, with `Connection: close`.
    return503OnClosing: false,
    // Ids that clients choose have up to 128 characters, each of which may be percent-encoded.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 400 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true } },
    frameworkErrors: (error, request, reply) => sendError(error, request, reply, errors),
    clientErrorHandler: refuseMalformed,
  }).withTypeProvider<TypeBoxTypeProvider>();

  server.setErrorHandler((error, request, reply) => sendError(error, request, reply, errors));
  server.setNotFoundHandler((_request, reply) => reply.code(404).send(notFound));
  parseJsonBodies(server);
  drainOnClose(server, options.drainLimitMs ?? 5_000);
  measureRequests(server, options.metrics);
  traceRequests(server);
  if (options.forms ?? true) await server.register(formbody);
  if (options.docs) await addDocs(server, options.docs);
  addHealth(server, options.checks);
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.render()),
  );
  return server;
}

function addHealth(server: Server, checks: Readonly<Record<string, Check>>): void {
  const readinessOf = readiness(checks);
  server.get('/health/live', { schema: { hide: true } }, async () => ({ status: 'live' }));
  server.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    const result = await readinessOf();
    return reply.code(result.ready ? 200 : 503).send(result);
  });
}
