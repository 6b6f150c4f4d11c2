import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { JournalEntry } from '../control/journal.ts';
import type { MetricsJson } from '../telemetry/metrics.ts';
import { cli } from '../testing/cli.ts';
import { Closing, until, upstreamServer } from '../testing/harness.ts';
import { startLoad } from '../testing/load.ts';
import { MeshProcess } from '../testing/mesh-process.ts';
import { readPrometheus } from '../testing/prometheus.ts';
import { quietPort } from '../testing/quiet-port.ts';
import type { WorkerShown } from './member.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

interface Place {
  edgePort: number;
  old: number;
  next: number;
}

/** Two services behind the route `shop`, and one whose instances register themselves behind `/leased`. */
const documents = ({ edgePort, old, next }: Place, extra = '') => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: banyan
  listeners: [{ name: http, port: ${edgePort}, protocol: HTTP }]
---
apiVersion: v1
kind: Service
metadata: { name: old }
spec: { type: ExternalName, externalName: 127.0.0.1, ports: [{ port: 80, targetPort: ${old} }] }
---
apiVersion: v1
kind: Service
metadata: { name: next }
spec: { type: ExternalName, externalName: 127.0.0.1, ports: [{ port: 80, targetPort: ${next} }] }
---
apiVersion: v1
kind: Service
metadata: { name: leased }
spec: { ports: [{ port: 80 }] }
---
apiVersion: mesh.banyan.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: leased }
spec:
  targetRefs: [{ group: "", kind: Service, name: leased }]
  discovery: { lease: { ttl: 60s } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: leased }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /leased } }]
      backendRefs: [{ name: leased, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - backendRefs:
        - { name: old, port: 80, weight: 100 }
        - { name: next, port: 80, weight: 0 }
${extra}`;

async function place(): Promise<Place> {
  const named = (name: string) =>
    upstreamServer(closing, (received, response) => {
      const chunks: Buffer[] = [];
      received.on('data', (chunk: Buffer) => chunks.push(chunk));
      received.on('end', () => {
        response.writeHead(200, { 'x-instance': name }).end(`${received.method} ${Buffer.concat(chunks)}`);
      });
    });
  return { edgePort: await quietPort(), old: (await named('old')).port, next: (await named('next')).port };
}

/** A route for the requests with this header alone. */
const routeFor = (load: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: load }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ headers: [{ name: x-load, value: "${load}" }] }]
      backendRefs: [{ name: old, port: 80 }]
`;

async function started(args: string[] = ['--workers', '2'], env: Record<string, string> = {}, extra = '') {
  const where = await place();
  const folder = MeshProcess.folder(closing, documents(where, extra));
  const mesh = await MeshProcess.start(closing, folder, args, env);
  return { mesh, where, folder };
}

const workersOf = async (mesh: MeshProcess) => (await mesh.admin.get<{ workers: WorkerShown[] }>('/workers')).workers;

/** Which instance replies on `count` new connections, which the primary distributes round-robin. */
async function instances(mesh: MeshProcess, count: number, path = '/'): Promise<string[]> {
  const seen: string[] = [];
  for (let i = 0; i < count; i += 1) {
    seen.push(
      await new Promise<string>((resolve, reject) => {
        const sent = request(`${mesh.edge}${path}`, { agent: new Agent({ keepAlive: false }) }, (response) => {
          response.resume().on('end', () => resolve(`${response.statusCode} ${response.headers['x-instance'] ?? ''}`));
        });
        sent.on('error', reject).end();
      }),
    );
  }
  return seen;
}

/** An instance of `leased` registers itself. */
async function lease(mesh: MeshProcess, port: number): Promise<void> {
  const put = await fetch(`${mesh.adminUrl}/leases/leased/one`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ port }),
  });
  assert.equal(put.status, 200);
}

const load = (mesh: MeshProcess, headers: Record<string, string> = {}) =>
  startLoad(closing, {
    url: mesh.edge,
    headers,
    clients: 4,
    requestsMax: 200_000,
    expected: (method, body) => `${method} ${body}`,
  });

describe('workers', () => {
  test('a change is in force in all of them, under one generation, when the admin port replies', async () => {
    const { mesh, where } = await started();
    assert.deepEqual([...new Set(await instances(mesh, 6))], ['200 old']);
    const shifted = await mesh.admin.post<{ generation: number }>('/routes/shop/weights', { weights: { next: 100 } });
    assert.deepEqual(
      (await workersOf(mesh)).map(({ generation, state }) => ({ generation, state })),
      [shifted, shifted].map(({ generation }) => ({ generation, state: 'ready' })),
    );
    assert.deepEqual([...new Set(await instances(mesh, 6))], ['200 next']);

    await lease(mesh, where.old);
    assert.deepEqual([...new Set(await instances(mesh, 6, '/leased'))], ['200 old']);
    assert.equal(
      (
        await fetch(`${mesh.adminUrl}/leases/leased/one`, {
          method: 'DELETE',
          headers: { 'content-type': 'application/json' },
        })
      ).status,
      200,
    );
    assert.deepEqual([...new Set(await instances(mesh, 6, '/leased'))], ['503 ']);
  });

  test('documents reach them all, bad ones reach none', async () => {
    const { mesh, where, folder } = await started();
    MeshProcess.write(
      folder,
      documents(where).replace('weight: 100', 'weight: 0').replace('weight: 0 }\n', 'weight: 1 }\n'),
    );
    const { generation } = await mesh.admin.post<{ generation: number }>('/reload', {});
    assert.ok((await workersOf(mesh)).every((worker) => worker.generation === generation));
    MeshProcess.write(folder, 'kind: Nonsense');
    await assert.rejects(() => mesh.admin.post('/reload', {}), /mesh\.yaml/);
    assert.ok((await workersOf(mesh)).every((worker) => worker.generation === generation));
    assert.ok((await instances(mesh, 4)).every((seen) => seen.startsWith('200')));
  });

  test('their figures, traces, errors and taps are merged', async () => {
    const { mesh } = await started();
    const watching = new AbortController();
    const tapped: string[] = [];
    const tap = mesh.admin.lines('/tap', (line) => tapped.push(line), watching.signal);
    await until(() => tapped.length >= 2, 'both workers are watched');
    await instances(mesh, 10);
    await instances(mesh, 4, '/leased');
    await until(() => tapped.filter((line) => !line.includes('"alive"')).length === 14, 'every request is seen');
    watching.abort();
    await tap;

    const json = await mesh.admin.get<MetricsJson>('/metrics.json');
    const total = (name: string, route: string) =>
      json.counters
        .find((family) => family.name === name)
        ?.series.filter(({ labels }) => labels.route === route)
        .reduce((sum, { value }) => sum + value, 0);
    assert.equal(total('http_server_requests_total', 'shop'), 10);
    const durations = json.durations.find(({ name }) => name === 'http_server_request_duration_seconds')?.series;
    const shop = durations?.filter(({ labels }) => labels.route === 'shop') ?? [];
    assert.equal(shop.length, 1);
    assert.equal(shop[0]?.count, 10);
    assert.equal(shop[0]?.recent.count, 10);
    const samples = readPrometheus(await (await fetch(`${mesh.adminUrl}/metrics`)).text());
    const sample = (name: string, state?: string) =>
      samples.find((each) => each.name === name && (state === undefined || each.labels.state === state))?.value;
    assert.equal(sample('mesh_workers', 'ready'), 2);
    assert.equal(sample('mesh_config_generation'), 1);
    const { traces } = await mesh.admin.get<{ traces: { startedAt: number }[] }>('/traces?limit=100');
    assert.equal(traces.length, 14);
    assert.deepEqual(
      traces,
      traces.toSorted((a, b) => b.startedAt - a.startedAt),
    );
    const { groups } = await mesh.admin.get<{ groups: { what: string; count: number }[] }>('/errors');
    assert.deepEqual(
      groups.map(({ what, count }) => ({ what, count })),
      [{ what: 'no_endpoint', count: 4 }],
    );
    await assert.rejects(() => mesh.admin.get('/traces?status=x'), /status/);
  });

  test('one that dies is replaced, and what it counted stays counted', async () => {
    const { mesh } = await started();
    await instances(mesh, 8);
    const before = await workersOf(mesh);
    // This fetches the figures of both workers into the primary.
    await mesh.admin.get('/metrics.json');
    process.kill(before[0]?.pid ?? 0, 'SIGKILL');
    await until(async () => {
      const now = await workersOf(mesh);
      return now.length === 2 && now.every(({ pid, state }) => pid !== before[0]?.pid && state === 'ready');
    }, 'there are two workers again');
    assert.ok((await instances(mesh, 8)).every((seen) => seen === '200 old'));
    const samples = readPrometheus(await (await fetch(`${mesh.adminUrl}/metrics`)).text());
    const total = samples
      .filter(({ name, labels }) => name === 'http_server_requests_total' && labels.route === 'shop')
      .reduce((sum, { value }) => sum + value, 0);
    assert.equal(total, 16);
    assert.equal(samples.find(({ name }) => name === 'mesh_worker_deaths_total')?.value, 1);
    const { entries } = await mesh.admin.get<{ entries: JournalEntry[] }>('/journal');
    assert.equal(entries[0]?.what, 'worker died');
    await until(() => mesh.log.some(({ msg }) => msg === 'worker died'), 'it is in the log');
  });

  test('one that hangs is replaced before a change is reported to be in force', async () => {
    const { mesh } = await started();
    const [hung] = await workersOf(mesh);
    process.kill(hung?.pid ?? 0, 'SIGSTOP');
    const { generation } = await mesh.admin.post<{ generation: number }>('/routes/shop/weights', {
      weights: { next: 100 },
    });
    await until(async () => {
      const now = await workersOf(mesh);
      return now.length === 2 && now.every((worker) => worker.pid !== hung?.pid && worker.generation === generation);
    }, 'there are two workers again');
    assert.deepEqual([...new Set(await instances(mesh, 4))], ['200 next']);
  });

  test('end with their primary, however that ends', async () => {
    const { mesh } = await started();
    const workers = await workersOf(mesh);
    mesh.child.kill('SIGKILL');
    await until(() => workers.every(({ pid }) => !runs(pid)), 'the workers have ended');
  });

  test('that cannot listen end the start with the cause', async () => {
    const where = await place();
    const folder = MeshProcess.folder(closing, documents({ ...where, edgePort: where.old }));
    await assert.rejects(() => MeshProcess.start(closing, folder, ['--workers', '2']), /EADDRINUSE[\s\S]*EDGE_PORT/);
  });
});

test('a restart whose new worker does not start says so, and leaves the old ones', async () => {
  const { mesh } = await started();
  const attempt = async () => {
    await until(async () => (await workersOf(mesh)).filter(({ state }) => state === 'ready').length === 2, 'two serve');
    const before = (await workersOf(mesh)).map(({ pid }) => pid);
    const going = cli(mesh, 'restart');
    const newOneKilled = async () => {
      const added = (await workersOf(mesh)).find(({ pid }) => !before.includes(pid));
      return added !== undefined && process.kill(added.pid, 'SIGKILL');
    };
    await until(newOneKilled, 'the first new one has been killed');
    return { ...(await going), before };
  };
  let outcome = await attempt();
  // The worker was killed after it had begun to serve: the restart did not fail, so the test tries again.
  while (outcome.code === 0) outcome = await attempt();
  assert.match(outcome.err, /not been replaced: .*SIGKILL/);
  const { entries } = await mesh.admin.get<{ entries: JournalEntry[] }>('/journal');
  assert.equal(entries[0]?.what, 'workers not replaced');
  const left = (await workersOf(mesh)).map(({ pid }) => pid);
  assert.deepEqual(left.toSorted(), outcome.before.toSorted());
});

describe('a restart under load loses no request', () => {
  test('of workers, by SIGUSR2 and by the command', async () => {
    // The port may have belonged to another test a moment ago, whose clients still try it: only what this one sends counts.
    const own = randomUUID();
    const { mesh } = await started(['--workers', '2'], {}, routeFor(own));
    const { outcomes, failures, more, stop } = load(mesh, { 'x-load': own });
    await more(100);
    const replaced = async (trigger: () => unknown) => {
      const before = (await workersOf(mesh)).map(({ pid }) => pid);
      await trigger();
      await until(
        async () => {
          const now = await workersOf(mesh);
          return now.length === 2 && now.every(({ pid, state }) => state === 'ready' && !before.includes(pid));
        },
        'all workers are new',
        30_000,
      );
    };
    await replaced(() => mesh.child.kill('SIGUSR2'));
    await more(100);
    await replaced(async () => {
      const { code, out } = await cli(mesh, 'restart', '--who', 'ann', '--why', 'a new certificate');
      const pids = (await workersOf(mesh)).map(({ pid }) => pid);
      assert.deepEqual([code, out], [0, `2 workers replaced: ${pids.join(' ')}`], 'it returns when all are new');
    });
    const { entries } = await mesh.admin.get<{ entries: JournalEntry[] }>('/journal');
    assert.deepEqual([entries[0]?.who, entries[0]?.why], ['ann', 'a new certificate']);
    await more(100);
    await stop();
    assert.deepEqual(failures(), []);
    const samples = readPrometheus(await (await fetch(`${mesh.adminUrl}/metrics`)).text());
    const counted = samples
      .filter(({ name, labels }) => name === 'http_server_requests_total' && labels.route === 'load')
      .reduce((sum, { value }) => sum + value, 0);
    assert.equal(counted, outcomes.length, 'what workers that have gone have counted is still there');
    assert.equal(await mesh.stop(), 0);
  });

  test('of a whole mesh, by a second one on the same ports', async () => {
    const where = await place();
    const folder = MeshProcess.folder(closing, documents(where));
    const [internal, admin] = [String(await quietPort()), String(await quietPort())];
    const env = { MESH_REUSE_PORT: 'yes', INTERNAL_PORT: internal, MESH_ADMIN_PORT: admin };
    const first = await MeshProcess.start(closing, folder, [], env);
    await lease(first, where.old);
    const { failures, more, stop } = load(first);
    await more(100);
    const second = await MeshProcess.start(closing, folder, [], env, 'edge');
    await more(100);
    const gone = first.stop();
    await more(100);
    assert.equal(await gone, 0);
    assert.deepEqual([...new Set(await instances(second, 4, '/leased'))], ['200 old'], 'leases have been taken over');
    await more(100);
    await stop();
    assert.deepEqual(failures(), []);
    await until(() => second.url('admin') !== null, 'the admin port is taken over');
    const { leases } = await second.admin.get<{ leases: { id: string }[] }>('/leases');
    assert.deepEqual(
      leases.map(({ id }) => id),
      ['one'],
    );
  });
});

describe('documents under load', () => {
  for (const workers of ['0', '2']) {
    test(`pushed again and again lose no request, bad ones change nothing: ${workers} workers`, async () => {
      const { mesh, where, folder } = await started(['--workers', workers]);
      const { failures, more, stop } = load(mesh);
      let generation = 1;
      for (let push = 1; push <= 15; push += 1) {
        MeshProcess.write(folder, documents(where).replace('weight: 0 }', `weight: ${push} }`));
        const reply = await mesh.admin.post<{ generation: number }>('/reload', {});
        assert.equal(reply.generation, generation + 1);
        generation = reply.generation;
        await more(10);
        MeshProcess.write(folder, 'kind: Nonsense');
        await assert.rejects(() => mesh.admin.post('/reload', {}), /mesh\.yaml/);
        await more(10);
        assert.equal((await mesh.admin.get<{ generation: number }>('/status')).generation, generation);
      }
      await stop();
      assert.deepEqual(failures(), []);
    });
  }
});

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
