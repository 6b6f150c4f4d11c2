import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Names under which a secret may reach a log line, at the top or one level down. */
const secrets = [
  'authorization',
  'cookie',
  'client_secret',
  'access_token',
  'refresh_token',
  'token',
  'password',
  'secret',
  'secret_hash',
  'private_key',
];

/** Severity numbers by pino's labels: the first of each of OpenTelemetry's ranges. */
const severities: Readonly<Record<string, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

const attribute = (name: string) => `attributes["${name}"]`;

export interface LogOptions {
  level: string;
  /** Written on every line as the resource's `service.name`. */
  service: string;
  /** Default: standard output. */
  destination?: DestinationStream;
}

/**
 * The logger of a process: JSON lines with the fields of OpenTelemetry's log data model (dev/README.md, "Logs"). Two
 * mechanisms keep secrets out. Serializers of errors and requests copy only harmless fields. Members with the name of a
 * secret are redacted.
 */
export function createLogger({ level, service, destination }: LogOptions): Logger {
  const options = {
    level,
    base: { resource: { 'service.name': service, 'process.pid': process.pid } },
    messageKey: 'body',
    formatters: {
      level: (label: string) => ({ severityText: label.toUpperCase(), severityNumber: severities[label] }),
      log: record,
    },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    redact: {
      paths: [
        ...secrets.map(attribute),
        ...secrets.map((name) => `attributes.*["${name}"]`),
        // Of a request, and of what a parser of bodies was given.
        'attributes.*.headers',
        'attributes.headers["set-cookie"]',
        'attributes.headers.authorization',
      ],
      censor: '[redacted]',
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Puts everything besides the message into `attributes`, except the two ids, which have fields of their own. */
function record({ traceId, spanId, err, req, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const attributes = {
    ...rest,
    ...(err === undefined ? {} : { err: errorForLog(err) }),
    ...(req === undefined ? {} : { req: requestForLog(req) }),
  };
  return { ...(Object.keys(attributes).length === 0 ? {} : { attributes }), traceId, spanId };
}

/**
 * Name, code, message, stack and cause. Leaves out what else a driver's error carries: parameters, the conflicting row,
 * the URL with its password.
 */
export function errorForLog(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: errorForLog(error.cause) }),
  };
}

/** Method and path. The query is left out because it may hold a token. */
function requestForLog(req: unknown): Record<string, unknown> {
  const request = req as { method?: string; url?: string; id?: unknown };
  return { method: request.method, path: request.url?.split('?', 1)[0], id: request.id };
}
