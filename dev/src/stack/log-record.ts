/**
 * A line of one of our programs' logs: the fields of OpenTelemetry's log data model under their OTLP/JSON names. What
 * the fields mean is in dev/README.md, "Logs".
 */
export interface LogRecord {
  /** ISO 8601, UTC. */
  timestamp?: string;
  severityText?: string;
  /** 1 to 24. */
  severityNumber?: number;
  body?: unknown;
  attributes?: Readonly<Record<string, unknown>> & { err?: { message?: unknown; stack?: unknown } };
  traceId?: string;
  spanId?: string;
  resource?: Readonly<Record<string, unknown>>;
}

/** From here on, a record tells an error. */
export const severityOfError = 17;

/** The record on a line; null where the line is something else, such as a stack trace or a store's own log. */
export function recordOf(line: string): LogRecord | null {
  if (!line.startsWith('{')) return null;
  try {
    const record = JSON.parse(line) as LogRecord;
    return 'body' in record || 'severityNumber' in record ? record : null;
  } catch {
    return null;
  }
}
