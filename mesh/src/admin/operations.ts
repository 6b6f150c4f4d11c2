import { describeStack } from '../assemble.ts';
import { serialiseRedacted } from '../config/serialise.ts';
import { ControlError } from '../control/control-error.ts';
import type { Journal } from '../control/journal.ts';
import type { Mesh } from '../control/mesh.ts';
import { mirrorsOf, type Weights, weightsOf } from '../control/weights.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import { healthOf } from '../discovery/health.ts';
import type { Leases } from '../discovery/leases.ts';
import type { Registry } from '../discovery/registry.ts';
import { occupancyOf } from '../service-state/places.ts';
import { knownBreakerOf } from '../service-state/readiness.ts';
import { explainRequest } from './explain.ts';
import { leaseOperations } from './lease-operations.ts';
import type { Operation } from './server.ts';
import { limitOf, type TelemetryParts, telemetryOperations } from './telemetry-operations.ts';

export interface AdminParts extends TelemetryParts {
  mesh: Mesh;
  registry: Registry;
  journal: Journal;
  leases: Leases;
  /** Monotonic. */
  nowMs: () => number;
  /** Reads the documents again and puts them in force. @throws ControlError bad_documents */
  reload: (who: string, why: string) => Promise<void>;
  /** Whether the process takes requests: false while it drains. */
  accepting: () => boolean;
}

/** Everything that the admin port can do. */
export function operationsOf(parts: AdminParts): Operation[] {
  const { mesh, registry, metrics, journal } = parts;
  const operations: Operation[] = [
    {
      methods: ['GET'],
      path: '/health/live',
      right: 'health',
      summary: 'The process is up.',
      handle: () => ({ json: { status: 'ok' } }),
    },
    {
      methods: ['GET'],
      path: '/health/ready',
      right: 'health',
      summary: 'The process takes requests; 503 while it drains.',
      handle: () =>
        parts.accepting()
          ? { json: { status: 'ok', generation: mesh.status.generation } }
          : { status: 503, json: { status: 'draining', reason: 'the process is on its way out' } },
    },
    {
      methods: ['GET'],
      path: '/status',
      right: 'read',
      summary: 'What is in force since when, and why the last documents were refused, if they were.',
      handle: () => ({ json: { ...mesh.status, changes: mesh.changes } }),
    },
    {
      methods: ['GET'],
      path: '/metrics',
      right: 'read',
      summary: 'Metrics as Prometheus text.',
      handle: () => ({ text: { type: 'text/plain; version=0.0.4; charset=utf-8', content: metrics.text() } }),
    },
    {
      methods: ['GET'],
      path: '/metrics.json',
      right: 'read',
      summary: 'The same as JSON, durations with percentiles.',
      handle: () => ({ json: metrics.json() }),
    },
    {
      methods: ['GET'],
      path: '/config',
      right: 'read',
      summary:
        'The configuration in force as documents, defaults filled in, changes by hand included; values of header fields are blotted out.',
      handle: () => ({ text: { type: 'application/json', content: `${serialiseRedacted(mesh.config)}\n` } }),
    },
    {
      methods: ['GET'],
      path: '/stack',
      right: 'read',
      summary: 'The layers that run, outermost first.',
      handle: () => ({ json: { layers: describeStack(mesh.stack) } }),
    },
    {
      methods: ['GET'],
      path: '/explain',
      right: 'read',
      summary: 'Where one request would go, and why: ?method=&host=&path=&entrance=&client=&header=name:value',
      handle: ({ query }) => ({ json: explainRequest(mesh, query) }),
    },
    {
      methods: ['GET'],
      path: '/routes',
      right: 'read',
      summary: 'Every route with its weights and its mirrors.',
      handle: () => ({
        json: {
          routes: mesh.config.routes.map((route) => ({
            name: route.name,
            etag: mesh.etag(route.name),
            parents: route.parents,
            hostnames: route.hostnames,
            weights: weightsOf(route),
            mirrors: mirrorsOf(route),
            changed: mesh.changes[route.name] ?? null,
          })),
        },
      }),
    },
    {
      methods: ['GET'],
      path: '/routes/:name',
      right: 'read',
      summary: 'One route as it is in force, with its version as ETag.',
      handle: ({ params }) => {
        const name = params.name ?? '';
        const route = mesh.route(name);
        return {
          headers: { etag: mesh.etag(name) },
          json: { ...route, weights: weightsOf(route), changed: mesh.changes[name] ?? null },
        };
      },
    },
    {
      methods: ['POST', 'PUT', 'PATCH'],
      path: '/routes/:name/weights',
      right: 'change',
      summary: 'Sets weights: {"weights":{"auth":100},"who":"…","why":"…"}; what is not named gets the rest to 100.',
      handle: ({ params, body, headers }) => {
        const name = params.name ?? '';
        const { weights, who, why } = weightRequest(body);
        const ifMatch = headers['if-match'];
        const set = mesh.shift(name, weights, { who, why, ...(ifMatch === undefined ? {} : { ifMatch }) });
        return {
          headers: { etag: mesh.etag(name) },
          json: { route: name, weights: set, generation: mesh.status.generation },
        };
      },
    },
    {
      methods: ['POST'],
      path: '/reload',
      right: 'change',
      summary: 'Reads the documents again: {"who":"…","why":"…"}. Bad ones change nothing.',
      handle: async ({ body }) => {
        const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
        await parts.reload(textOf(fields.who, 'admin'), textOf(fields.why, ''));
        return { json: mesh.status };
      },
    },
    {
      methods: ['GET'],
      path: '/endpoints',
      right: 'read',
      summary: 'Every service with its endpoints: health, circuit breaker, and what is under way at each.',
      handle: () => ({
        json: {
          services: registry.services().map((service) => ({
            service: service.name,
            port: service.port,
            ...occupancyOf(service),
            endpoints: service.endpoints.map((endpoint) => ({
              endpoint: endpoint.id,
              weight: endpoint.weight,
              inFlight: endpoint.inFlight,
              connections: endpoint.connections.stats(),
              health: healthShown(endpoint),
              breaker: breakerShown(endpoint, parts.nowMs()),
            })),
          })),
        },
      }),
    },
    ...leaseOperations(parts.leases, parts.nowMs),
    ...telemetryOperations(parts),
    {
      methods: ['GET'],
      path: '/journal',
      right: 'read',
      summary: 'Every change, newest first: what, when, who, why. ?limit=100',
      handle: ({ query }) => ({ json: { entries: journal.recent(limitOf(query, 100)) } }),
    },
  ];
  const index: Operation = {
    methods: ['GET'],
    path: '/',
    right: 'read',
    summary: 'This list.',
    handle: () => ({
      json: {
        operations: [index, ...operations].map(({ methods, path, right, summary }) => ({
          methods,
          path,
          right,
          summary,
        })),
      },
    }),
  };
  return [index, ...operations];
}

function healthShown(endpoint: Endpoint): { state: string; last: string } {
  const { state, last } = healthOf(endpoint);
  return { state, last };
}

/** An endpoint that no attempt has gone to has no breaker yet, and is admitted. */
function breakerShown(endpoint: Endpoint, nowMs: number): { state: string; reason?: string; probeInMs?: number } {
  const breaker = knownBreakerOf(endpoint);
  if (breaker === null || breaker.reason === null) return { state: 'admitting' };
  const probeInMs = Math.max(0, Math.round(breaker.trippedUntilMs - nowMs));
  return { state: breaker.state(nowMs), reason: breaker.reason, probeInMs };
}

function weightRequest(body: unknown): { weights: Weights; who: string; why: string } {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const { weights } = fields;
  const isMap = typeof weights === 'object' && weights !== null && !Array.isArray(weights);
  if (!isMap || !Object.values(weights).every((weight) => typeof weight === 'number')) {
    throw new ControlError('invalid', [
      '"weights" must be an object of numbers by service, as in {"weights":{"auth":100}}',
    ]);
  }
  return { weights: weights as Weights, who: textOf(fields.who, 'unknown'), why: textOf(fields.why, '') };
}

/** A short line of text: it goes into the journal and the log as it stands. */
function textOf(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value.slice(0, 500) : fallback;
}
