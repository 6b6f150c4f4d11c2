import { ControlError } from '../control/control-error.ts';
import type { ErrorGroups } from '../telemetry/error-groups.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { filterUsage, readFilter, type Seen } from '../telemetry/request-filter.ts';
import type { ServiceSpans } from '../telemetry/service-spans.ts';
import { type ShadowRing, shadowOutcomes } from '../telemetry/shadows.ts';
import { statsOf } from '../telemetry/stats.ts';
import { perSecondDefault, type Tap } from '../telemetry/tap.ts';
import type { Span, TraceRing } from '../telemetry/trace.ts';
import type { Operation } from './server.ts';

export interface TelemetryParts {
  metrics: Metrics;
  traces: TraceRing;
  serviceSpans: ServiceSpans;
  errors: ErrorGroups;
  tap: Tap;
  /** Monotonic ms. */
  nowMs: () => number;
  shadows: ShadowRing;
}

/** Where services send their spans: the path of OTLP over HTTP. */
export const spansPath = '/v1/traces';
/** A batch of a few hundred spans. */
const spansBytesMax = 512 * 1024;

/** What the process knows about single requests. */
export function telemetryOperations(parts: TelemetryParts): Operation[] {
  const { metrics, nowMs, traces, serviceSpans, errors, tap, shadows } = parts;
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
      summary: 'One trace by its id, if it is still held: its requests, and the spans of the services.',
      handle: ({ params }) => {
        const id = (params.id ?? '').toLowerCase();
        return { json: { traces: traces.byId(id), spans: serviceSpans.byId(id) } };
      },
    },
    {
      methods: ['POST'],
      path: spansPath,
      // Every service has it.
      right: 'lease',
      bodyBytesMax: spansBytesMax,
      summary: 'Services send their spans: OTLP over HTTP in JSON.',
      handle: ({ body }) => {
        const rejected = serviceSpans.add(body);
        if (rejected === 0) return { json: {} };
        return { json: { partialSuccess: { rejectedSpans: String(rejected), errorMessage: 'some are no spans' } } };
      },
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
