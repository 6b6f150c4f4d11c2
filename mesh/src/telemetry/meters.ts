import { Metrics } from './metrics.ts';

/** What the stack counts. Each family is created once and outlives every stack. */
export interface Meters {
  readonly metrics: Metrics;
  readonly requests: ReturnType<Metrics['counter']>;
  readonly requestDurations: ReturnType<Metrics['durations']>;
  readonly failures: ReturnType<Metrics['counter']>;
  readonly attempts: ReturnType<Metrics['counter']>;
  readonly attemptDurations: ReturnType<Metrics['durations']>;
  readonly breakerTrips: ReturnType<Metrics['counter']>;
  readonly retries: ReturnType<Metrics['counter']>;
  readonly retriesDenied: ReturnType<Metrics['counter']>;
  readonly hedges: ReturnType<Metrics['counter']>;
  readonly sessions: ReturnType<Metrics['counter']>;
  readonly overrides: ReturnType<Metrics['counter']>;
  readonly failovers: ReturnType<Metrics['counter']>;
  readonly settles: ReturnType<Metrics['counter']>;
  readonly settleDurations: ReturnType<Metrics['durations']>;
  readonly misdirected: ReturnType<Metrics['counter']>;
  readonly shadows: ReturnType<Metrics['counter']>;
  readonly shadowSkips: ReturnType<Metrics['counter']>;
  readonly shadowDurations: ReturnType<Metrics['durations']>;
  /** The remaining retry budget of each service, by service. */
  readonly retryBudgets: Map<string, () => number>;
  /** Client requests in flight, by entrance. */
  readonly active: Map<string, number>;
}

/** The families that the layers count in. Names follow OpenTelemetry's conventions, as Prometheus spells them. */
export function createMeters(): Meters {
  const metrics = new Metrics();
  const active = new Map<string, number>();
  metrics.gauge('http_server_active_requests', 'Client requests in flight.', ['entrance'], () =>
    [...active].map(([entrance, value]) => ({ values: [entrance], value })),
  );
  const retryBudgets = new Map<string, () => number>();
  metrics.gauge('mesh_retry_budget_remaining', 'Retries that the budget of a service has left now.', ['service'], () =>
    [...retryBudgets].map(([service, left]) => ({ values: [service], value: left() })),
  );
  return {
    metrics,
    active,
    retryBudgets,
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
    retries: metrics.counter(
      'mesh_retries_total',
      'Retries, by what went wrong before (status or failure) and by how the retry ended.',
      ['service', 'reason', 'outcome'],
    ),
    retriesDenied: metrics.counter(
      'mesh_retries_denied_total',
      'Failures that were passed on though the route retries them, by why.',
      ['service', 'reason'],
    ),
    hedges: metrics.counter(
      'mesh_hedges_total',
      'Attempts that were started beside a slow one (won, lost), or not because the budget was used up (denied).',
      ['service', 'outcome'],
    ),
    sessions: metrics.counter(
      'mesh_sessions_total',
      'Requests of sticky rules: of new clients, of clients that were kept, had to be moved, or name themselves (hashed).',
      ['route', 'service', 'event'],
    ),
    overrides: metrics.counter('mesh_overrides_total', 'Requests that were sent to another service on demand.', [
      'route',
      'service',
      'instead',
    ]),
    failovers: metrics.counter(
      'mesh_failovers_total',
      'Requests that went to another backend, because theirs had no endpoint, none_healthy, or was not_reached.',
      ['route', 'service', 'instead', 'reason'],
    ),
    settles: metrics.counter(
      'mesh_settles_total',
      'Requests that were settled before or after: settled, late, failed, or not_held because settling fails.',
      ['route', 'when', 'outcome'],
    ),
    settleDurations: metrics.durations('mesh_settle_duration_seconds', 'What settling has added to requests.', [
      'route',
      'when',
    ]),
    misdirected: metrics.counter(
      'mesh_misdirected_total',
      'Requests whose backend was not in charge (421): rerouted, timed_out, or not_replayable.',
      ['route', 'outcome'],
    ),
    shadows: metrics.counter(
      'mesh_shadow_requests_total',
      'Mirrored requests by how they ended, against the request itself: same_status, different_status, failed, timed_out.',
      ['route', 'mirror', 'primary_status_class', 'status_class', 'outcome'],
    ),
    shadowSkips: metrics.counter('mesh_shadow_skipped_total', 'Requests that were drawn but not mirrored, by why.', [
      'route',
      'mirror',
      'reason',
    ]),
    shadowDurations: metrics.durations(
      'mesh_shadow_duration_seconds',
      'Of mirrored requests, to the head of the reply.',
      ['route', 'mirror'],
    ),
    breakerTrips: metrics.counter(
      'mesh_breaker_trips_total',
      'Endpoints taken out by their circuit breaker, by cause.',
      ['service', 'endpoint', 'reason'],
    ),
  };
}
