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

const quoted = (name: string) => `["${name}"]`;

export interface LogOptions {
  level: string;
  /** Stands on every line as `service`. */
  service: string;
  /** Default: standard output. */
  destination?: DestinationStream;
}

/**
 * The logger of a process: JSON lines. Secrets are kept out twice: errors and requests are written by serializers that
 * copy only what is known to be harmless, and members with a secret's name are redacted wherever they stand.
 */
export function createLogger({ level, service, destination }: LogOptions): Logger {
  const options = {
    level,
    base: { service },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        ...secrets.map(quoted),
        ...secrets.map((name) => `*${quoted(name)}`),
        'req.headers',
        'headers["set-cookie"]',
        'headers.authorization',
      ],
      censor: '[redacted]',
    },
    serializers: { err: errorForLog, req: requestForLog },
  };
  return destination ? pino(options, destination) : pino(options);
}

/**
 * Name, code, message, stack and cause. A driver's error carries more (parameters, the row in conflict, the URL with
 * its password): that stays out.
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

/** Method and path: a query may hold a token, so it ends at the question mark. */
function requestForLog(request: { method?: string; url?: string; id?: unknown }): Record<string, unknown> {
  return { method: request.method, path: request.url?.split('?', 1)[0], id: request.id };
}
