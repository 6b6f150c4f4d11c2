/** Decides on traces on which no caller has decided. */
export type Sampler = (traceId: string) => boolean;

/**
 * Samples `percent` (0 to 100) of all traces by their id, so that every hop with the same percentage keeps the same
 * traces: OpenTelemetry's consistent probability sampling, on the upper 48 of the 56 random bits
 * (https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/).
 */
export function sampler(percent: number): Sampler {
  if (percent >= 100) return () => true;
  if (percent <= 0) return () => false;
  const threshold = (1 - percent / 100) * 2 ** 48;
  return (traceId) => Number.parseInt(traceId.slice(18, 30), 16) >= threshold;
}
