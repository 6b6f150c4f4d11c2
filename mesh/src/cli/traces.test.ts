import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceSpan } from '../telemetry/service-spans.ts';
import type { Span } from '../telemetry/trace.ts';
import type { AdminClient } from './admin-client.ts';
import { listTraces, showTrace } from './traces.ts';

const traceId = '1'.repeat(32);

function mesh(
  spanId: string,
  parentId: string | null,
  kind: Span['kind'],
  startedAt: number,
  more: Partial<Span> = {},
): Span {
  const attributes = {
    'http.request.method': 'POST',
    'url.path': '/v2/carts/7/checkout',
    'http.response.status_code': 201,
  };
  const base = {
    traceId,
    spanId,
    parentId,
    kind,
    startedAt,
    durationMs: 20,
    sampled: true,
    debug: false,
    name: 'POST',
  };
  return { ...base, attributes, children: [], ...more };
}

function service(
  spanId: string,
  parentId: string,
  from: string,
  startedAt: number,
  more: Partial<ServiceSpan>,
): ServiceSpan {
  const base = { traceId, spanId, parentId, service: from, startedAt, durationMs: 5.25, attributes: {}, failed: false };
  return { ...base, kind: 'server', name: 'POST', ...more };
}

async function shown(trace: { traces: Span[]; spans: ServiceSpan[] }, json = false): Promise<string> {
  const lines: string[] = [];
  const admin = {
    get: async (path: string) => {
      assert.equal(path, `/traces/${traceId}`);
      return trace;
    },
  } as unknown as AdminClient;
  await showTrace(admin, traceId, json, { out: (text) => lines.push(text), err: assert.fail });
  return lines.join('\n');
}

const attempt = mesh('b', 'a', 'client', 1_001, {
  durationMs: 18.04,
  attributes: { 'mesh.service': 'carts', 'mesh.endpoint': '10.0.0.1:80', 'http.response.status_code': 201 },
});
const checkout = {
  traces: [mesh('a', 'f', 'server', 1_000, { children: [attempt] })],
  spans: [
    service('p', 'c', 'carts', 1_030, {
      ...{ kind: 'producer', name: 'publish facts' },
      attributes: { 'messaging.rabbitmq.destination.routing_key': 'order.created' },
    }),
    service('q', 'p', 'jobs', 1_031, { kind: 'consumer', name: 'process jobs.orders', failed: true }),
    service('c', 'b', 'carts', 1_002, {
      name: 'POST /v2/carts/:id/checkout',
      attributes: { 'http.response.status_code': 201 },
    }),
    service('d', 'c', 'carts', 1_003, {
      ...{ kind: 'client', name: 'GET' },
      attributes: { 'server.address': 'settings', 'url.path': '/v2/settings', 'http.response.status_code': 200 },
    }),
  ],
};

test('a trace is a tree of the mesh and of the services, with times', async () => {
  assert.equal(
    await shown(checkout),
    [
      'BEGAN     TOOK     SPAN',
      '+0.0 ms   20.0 ms  mesh  POST /v2/carts/7/checkout 201',
      '+1.0 ms   18.0 ms  └─ mesh  → carts 10.0.0.1:80 201',
      '+2.0 ms   5.3 ms      └─ carts  POST /v2/carts/:id/checkout 201',
      '+3.0 ms   5.3 ms         ├─ carts  GET → settings /v2/settings 200',
      '+30.0 ms  5.3 ms         └─ carts  publish facts order.created',
      '+31.0 ms  5.3 ms            └─ jobs  process jobs.orders  FAILED',
    ].join('\n'),
  );
});

test('a span whose parent is not held is shown at the edge, and one that is its own ancestor once', async () => {
  const round = [service('x', 'y', 'a', 5, {}), service('y', 'x', 'b', 6, {}), service('z', 'z', 'c', 7, {})];
  const lines = (await shown({ traces: [], spans: [...round, service('o', 'lost', 'd', 4, {})] })).split('\n');
  assert.deepEqual(
    lines.slice(1).map((line) => line.replace(/^.* ms {2,}/, '')),
    ['d  POST', 'a  POST', '└─ b  POST', 'c  POST'],
  );
});

test('a trace that is not held is said to be gone, and JSON is as the mesh has it', async () => {
  await assert.rejects(shown({ traces: [], spans: [] }), /No span/);
  assert.deepEqual(JSON.parse(await shown(checkout, true)), checkout);
});

test('the last requests are listed with the ids of their traces', async () => {
  const lines: string[] = [];
  const admin = { get: async () => ({ traces: checkout.traces }) } as unknown as AdminClient;
  await listTraces(admin, '5', false, { out: (text) => lines.push(text), err: assert.fail });
  assert.match(
    lines.join('\n'),
    new RegExp(`${traceId} +1970-01-01T00:00:01.000Z +20.0 ms +201 +POST /v2/carts/7/checkout`),
  );
});
