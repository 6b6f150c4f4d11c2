import type { ControlPlane } from '../control/control-plane.ts';
import type { HoldPlan } from '../control/hold-plan.ts';
import type { Journal } from '../control/journal.ts';
import type { Leases } from '../discovery/leases.ts';
import type { Registry } from '../discovery/registry.ts';
import type { Holds } from '../hold/holds.ts';
import type { Settlers } from '../settle/settlers.ts';
import { endpointOperations } from './endpoint-operations.ts';
import { fieldsOf, textOf } from './fields.ts';
import { holdOperations, holdStatusOperations } from './hold-operations.ts';
import { inForceOperations } from './in-force-operations.ts';
import { leaseOperations } from './lease-operations.ts';
import { policyOperations } from './policy-operations.ts';
import { routeOperations } from './route-operations.ts';
import type { AdminRequest, Operation } from './server.ts';
import { settleOperations } from './settle-operations.ts';
import { limitOf, type TelemetryParts, telemetryOperations } from './telemetry-operations.ts';

export interface AdminParts extends TelemetryParts {
  mesh: ControlPlane;
  registry: Registry;
  journal: Journal;
  leases: Leases;
  holds: HoldPlan;
  /** The holds as they are in force in this process. */
  inProcess: Holds;
  settlers: Settlers;
  /** Reads the documents again and puts them in force. @throws ControlError bad_documents */
  reload: (who: string, why: string) => Promise<void>;
  /** Whether the process takes requests: false while it drains. */
  accepting: () => boolean;
}

/** Everything that the admin port of a mesh can do. */
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
      summary: 'What is in force, since when, and why the last documents were refused, if they were.',
      handle: () => ({ json: { ...mesh.status, changes: mesh.changes, holds: parts.holds.list() } }),
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
    ...inForceOperations(mesh.inForce),
    ...routeOperations(mesh),
    ...policyOperations(mesh),
    ...holdStatusOperations(parts.inProcess).map((operation) => ({
      ...operation,
      handle: (request: AdminRequest) => {
        parts.holds.check(request.params.name ?? '', request.params.rule ?? null);
        return operation.handle(request);
      },
    })),
    ...holdOperations(parts.holds),
    ...settleOperations(parts.settlers),
    {
      methods: ['POST'],
      path: '/reload',
      right: 'change',
      summary: 'Reads the documents again: {"who":"…","why":"…"}. Bad ones change nothing.',
      handle: async ({ body }) => {
        const { who, why } = fieldsOf(body);
        await parts.reload(textOf(who, 'admin'), textOf(why, ''));
        return { json: mesh.status };
      },
    },
    ...endpointOperations(registry, parts.nowMs),
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
