import { ControlError } from '../control/control-error.ts';
import type { ErrorGroups } from '../telemetry/error-groups.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { filterUsage, readFilter, type Seen } from '../telemetry/request-filter.ts';
import { type ShadowRing, shadowOutcomes } from '../telemetry/shadows.ts';
import { statsOf } from '../telemetry/stats.ts';
import { perSecondDefault, type Tap } from '../telemetry/tap.ts';
import type { Span, TraceRing } from '../telemetry/trace.ts';
import type { Operation } from './server.ts';

export interface TelemetryParts {
  metrics: Metrics;
  traces: TraceRing;
  errors: ErrorGroups;
  tap: Tap;
  /** Monotonic ms. */
  nowMs: () => number;
  shadows: ShadowRing;
}

/** What the process knows about single requests. */
export function telemetryOperations({ metrics, nowMs, traces, errors, tap, shadows }: TelemetryParts): Operation[] {
  return [
    {
      methods: ['GET'],
      path: '/stats',
      right: 'read',
      summary:
        'The last 30 to 60 s: requests, success rate and latencies per route, service (effective, actual) and endpoint.',
      handle: () => ({ json: statsOf(metrics, nowMs()) }),
    },
    {
      methods: ['GET'],
      path: '/traces',
      right: 'read',
      summary: `The last traces, newest first: ?limit=20 and ${filterUsage}`,
      handle: ({ query }) => {
        const filter = filterOf(query, ['limit']);
        const found = traces.recent(limitOf(query, 20), (span) => filter(seenIn(span)));
        return { json: { traces: found } };
      },
    },
    {
      methods: ['GET'],
      path: '/traces/:id',
      right: 'read',
      summary: 'One trace by its id, if it is still held.',
      handle: ({ params }) => ({ json: { traces: traces.byId((params.id ?? '').toLowerCase()) } }),
    },
    {
      methods: ['GET'],
      path: '/errors',
      right: 'read',
      summary: 'Failures grouped by what, where and why, the last first: ?limit=50',
      handle: ({ query }) => ({
        json: { groups: errors.list().slice(0, limitOf(query, 50)), forgotten: errors.forgotten },
      }),
    },
    {
      methods: ['GET'],
      path: '/shadows',
      right: 'read',
      summary: `The last mirrored requests beside those that they copy, newest first: ?limit=50&route=&mirror=&outcome=${shadowOutcomes.join('|')}`,
      handle: ({ query }) => {
        const wanted = (['route', 'mirror', 'outcome'] as const).flatMap((name) => {
          const value = query.get(name);
          return value === null ? [] : [{ name, value }];
        });
        const found = shadows.recent(limitOf(query, 50), (shadow) =>
          wanted.every(({ name, value }) => shadow[name] === value),
        );
        return { json: { shadows: found } };
      },
    },
    {
      methods: ['GET'],
      path: '/tap',
      right: 'read',
      summary: `Requests as they end, one JSON object a line: ?perSecond=${perSecondDefault} and ${filterUsage}`,
      handle: ({ query }) => {
        const filter = filterOf(query, ['perSecond']);
        const perSecond = Math.min(limitOf(query, perSecondDefault, 'perSecond'), 10_000);
        if (!tap.open) throw new ControlError('busy', ['too many are watching: end one of the others']);
        return { stream: { type: 'application/x-ndjson', start: (sink) => tap.watch(filter, sink, perSecond) } };
      },
    },
  ];
}

/** @throws ControlError invalid */
function filterOf(query: URLSearchParams, also: readonly string[]) {
  const { filter, faults } = readFilter(query, also);
  if (faults.length > 0) throw new ControlError('invalid', faults);
  return filter;
}

function seenIn({ attributes, children, durationMs }: Span): Seen {
  const text = (name: string) => {
    const value = attributes[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const status = Number(attributes['http.response.status_code'] ?? 0);
  return {
    // The rule's id is `route/index`, and no route has a slash in its name.
    route: text('mesh.route')?.split('/')[0] ?? null,
    service: text('mesh.service'),
    endpoint: String(children.at(-1)?.attributes['mesh.endpoint'] ?? '') || null,
    method: text('http.request.method_original') ?? text('http.request.method') ?? '',
    path: text('url.path') ?? '',
    status,
    durationMs,
    failed: status >= 500 || 'error.type' in attributes,
  };
}

export function limitOf(query: URLSearchParams, fallback: number, name = 'limit'): number {
  const limit = Number(query.get(name) ?? fallback);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, 10_000) : fallback;
}
