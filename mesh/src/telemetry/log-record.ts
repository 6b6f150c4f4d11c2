/** Severities by pino's labels: the first number of each of OpenTelemetry's ranges. */
const severities: Readonly<Record<string, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

/** The resource of every line of this process. */
const resource = { 'service.name': 'mesh', 'process.pid': process.pid };

/** The start of a line that is put together by hand, up to its time: see `accessLog`. */
export const infoHead = `{"severityText":"INFO","severityNumber":9,"resource":${JSON.stringify(resource)},"timestamp":"`;

/**
 * pino's options for lines with the fields of OpenTelemetry's log data model under their OTLP/JSON names: `timestamp`
 * (ISO 8601, UTC), `severityText`, `severityNumber`, `body`, `attributes`, `traceId`, `spanId`, `resource`.
 */
export function logOptions(level: string) {
  return {
    level,
    base: { resource },
    messageKey: 'body',
    nestedKey: 'attributes',
    formatters: {
      level: (label: string) => ({ severityText: label.toUpperCase(), severityNumber: severities[label] }),
    },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
  };
}
