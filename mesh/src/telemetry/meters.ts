import type { Meters } from '../layers/parts.ts';
import { Metrics } from './metrics.ts';

/** The families that the layers count in. Names follow OpenTelemetry's, as Prometheus writes them. */
export function createMeters(): Meters {
  const metrics = new Metrics();
  const active = new Map<string, number>();
  metrics.gauge('http_server_active_requests', 'Requests of clients under way.', ['entrance'], () =>
    [...active].map(([entrance, value]) => ({ values: [entrance], value })),
  );
  return {
    metrics,
    active,
    requests: metrics.counter(
      'http_server_requests_total',
      'Requests of clients, after retries: what callers saw (effective).',
      ['entrance', 'route', 'service', 'http_request_method', 'status_class'],
    ),
    requestDurations: metrics.durations(
      'http_server_request_duration_seconds',
      'From the head of the request to the last byte of the reply, all attempts together.',
      ['entrance', 'route', 'service'],
    ),
    failures: metrics.counter(
      'http_server_request_failures_total',
      'Requests that the mesh could not bring to a whole reply, by cause.',
      ['entrance', 'route', 'service', 'reason', 'flag'],
    ),
    attempts: metrics.counter('http_client_requests_total', 'Attempts at an endpoint, before retries (actual).', [
      'service',
      'endpoint',
      'status_class',
    ]),
    attemptDurations: metrics.durations(
      'http_client_request_duration_seconds',
      'One attempt at an endpoint, to the last byte of its reply.',
      ['service', 'endpoint'],
    ),
    breakerTrips: metrics.counter(
      'mesh_breaker_trips_total',
      'Endpoints taken out by their circuit breaker, by cause.',
      ['service', 'endpoint', 'reason'],
    ),
  };
}
