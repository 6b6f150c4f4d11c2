import { type DestinationStream, type Logger, pino } from 'pino';

/** Severities by pino's labels: the first number of each of OpenTelemetry's ranges. */
const severities: Readonly<Record<string, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

/** The monolith's logger: JSON lines with the fields of OpenTelemetry's log data model. See "Logs" in dev/README.md. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { resource: { 'service.name': 'monolith', 'process.pid': process.pid } },
    messageKey: 'body',
    formatters: {
      level: (label: string) => ({ severityText: label.toUpperCase(), severityNumber: severities[label] }),
      log: record,
    },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** The fields of a log line except the message. All are attributes, except the two ids, which have their own fields. */
function record({ traceId, spanId, err, busboyOptions, ...rest }: Record<string, unknown>): Record<string, unknown> {
  // What the parser of forms was given holds the headers of the request, so also its tokens.
  if (busboyOptions !== undefined) return { traceId, spanId };
  const attributes = { ...rest, ...(err === undefined ? {} : { err: errorForLog(err) }) };
  return { ...(Object.keys(attributes).length === 0 ? {} : { attributes }), traceId, spanId };
}

/**
 * Name, code, message, stack and cause. Other fields of driver errors (parameters, the conflicting row) may be secret.
 */
function errorForLog(error: unknown): Record<string, unknown> {
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

/** W3C Trace Context, section 3.2: version, trace id, parent id, flags; ids of zeros only are invalid. */
const traceparentPattern = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}$/;

/** The ids of the trace and of the caller's span; empty if the header is missing or malformed. */
export function traceIds(traceparent: unknown): { traceId?: string; spanId?: string } {
  const match = typeof traceparent === 'string' ? traceparentPattern.exec(traceparent) : null;
  return match === null ? {} : { traceId: match[1] ?? '', spanId: match[2] ?? '' };
}
