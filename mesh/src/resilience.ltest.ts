import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { adminClient } from './cli/admin-client.ts';
import { status as printStatus } from './cli/status.ts';
import type { RouteRetry } from './config/model.ts';
import type { BackendTrafficPolicy } from './config/policy-model.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, type TestMesh, testMesh, until, upstreamServer } from './testing/harness.ts';
import { quietPort } from './testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** One instance whose behavior a test can change. */
interface Instance {
  port: number;
  name: string;
  behave: RequestListener;
  /** Requests that came, without health checks. */
  requests: number;
}

async function instance(name: string): Promise<Instance> {
  const made: Instance = { name, port: 0, requests: 0, behave: (_request, response) => void response.end(name) };
  const { port } = await upstreamServer(closing, (request, response) => {
    if (!request.url?.startsWith('/health')) made.requests += 1;
    made.behave(request, response);
  });
  made.port = port;
  return made;
}

const slowPenalty = { minMs: 600_000, maxMs: 600_000, jitterRatio: 0 };

/** Longer than a busy machine takes for a reply, except in the test of hanging. */
const patienceMs = 60_000;

function shop(
  instances: readonly Instance[],
  policy: Partial<BackendTrafficPolicy> = {},
  backendRequestMs: number = patienceMs,
  retry?: RouteRetry,
) {
  const over = retry === undefined ? {} : { retry };
  const rules = [rule({ backendRefs: [backendRef('shop')], timeouts: { requestMs: 0, backendRequestMs }, ...over })];
  const ports = instances.map(({ port }) => port);
  return meshConfig([service('shop', ports, policy)], [route('all', rules)]);
}

interface ShownEndpoint {
  endpoint: string;
  health: { state: string; last: string };
  breaker: { state: string; reason?: string };
}

async function shown(mesh: TestMesh, { port }: Instance): Promise<ShownEndpoint> {
  const { services } = (await (await fetch(`${mesh.adminUrl}/endpoints`)).json()) as {
    services: { endpoints: ShownEndpoint[] }[];
  };
  const found = services.flatMap(({ endpoints }) => endpoints).find(({ endpoint }) => endpoint === `127.0.0.1:${port}`);
  assert.ok(found, `port ${port} is listed`);
  return found;
}

async function status(mesh: TestMesh): Promise<number> {
  const response = await fetch(mesh.url);
  await response.arrayBuffer();
  return response.status;
}

/** Clients that send requests until they are stopped, and the replies that they got. */
function load(mesh: TestMesh, clients: number) {
  const statuses: number[] = [];
  const bodies = new Map<string, number>();
  let stopped = false;
  const underWay = new Set<Promise<void>>();
  const ask = async () => {
    const response = await fetch(mesh.url).catch(() => null);
    const text = (await response?.text().catch(() => 'cut')) ?? 'refused';
    statuses.push(response?.status ?? 0);
    bodies.set(text, (bodies.get(text) ?? 0) + 1);
  };
  const running = Array.from({ length: clients }, async () => {
    while (!stopped) {
      const asking = ask();
      underWay.add(asking);
      await asking;
      underWay.delete(asking);
    }
  });
  closing.add(() => {
    stopped = true;
  });
  return {
    statuses,
    bodies,
    /** Resolves when every request that is in flight now has its reply. */
    settled: () => Promise.all(underWay),
    stop: async () => {
      stopped = true;
      await Promise.all(running);
    },
  };
}

/** Ways in which an instance can fail. */
const bad: [how: string, behave: RequestListener][] = [
  ['replies 500', (_request, response) => void response.writeHead(500).end()],
  ['resets connections', (request) => void request.socket.destroy()],
  ['hangs', () => {}],
];

describe('a bad instance among good ones', () => {
  for (const [how, behave] of bad) {
    test(`that ${how} is out after its failures in a row, and then no request fails`, async () => {
      const instances = [await instance('a'), await instance('b'), await instance('c')];
      const [first] = instances as [Instance];
      const { circuitBreaker } = backendPolicy();
      const mesh = await testMesh(
        closing,
        shop(
          instances,
          {
            circuitBreaker: { ...circuitBreaker, consecutiveFailures: 3, penalty: slowPenalty },
            // So that the instance is used whatever balancing has learned of it.
            loadBalancer: { ...backendPolicy().loadBalancer, algorithm: 'RoundRobin' },
          },
          how === 'hangs' ? 1500 : patienceMs,
        ),
      );
      assert.equal(await status(mesh), 200);
      first.behave = behave;
      await until(async () => {
        await status(mesh);
        return (await shown(mesh, first)).breaker.state === 'tripped';
      }, 'it is tripped');
      assert.equal((await shown(mesh, first)).breaker.reason, 'consecutive_failures');
      const { requests } = first;
      for (let i = 0; i < 50; i += 1) assert.equal(await status(mesh), 200);
      assert.equal(first.requests, requests);
      const metrics = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
      const labels = `service="shop",endpoint="127.0.0.1:${first.port}"`;
      assert.match(metrics, new RegExp(`mesh_breaker_state\\{${labels}\\} 1\\n`));
      assert.match(metrics, new RegExp(`mesh_breaker_trips_total\\{${labels},reason="consecutive_failures"\\} 1\\n`));
      assert.equal(mesh.log.lines.filter(({ message }) => message === 'endpoint tripped').length, 1);
    });
  }

  for (const [how, behave] of bad) {
    test(`that ${how} causes no failures for idempotent requests, and soon no retries`, async () => {
      const instances = [await instance('a'), await instance('b'), await instance('c')];
      const [first] = instances as [Instance];
      const { circuitBreaker, loadBalancer } = backendPolicy();
      const mesh = await testMesh(
        closing,
        shop(
          instances,
          {
            circuitBreaker: { ...circuitBreaker, consecutiveFailures: 3, penalty: slowPenalty },
            loadBalancer: { ...loadBalancer, algorithm: 'RoundRobin' },
            // Enough to notice: three failures, and those on their way then.
            retryBudget: { percent: 20, minRetriesPerSecond: 100, ttlMs: 10_000 },
          },
          how === 'hangs' ? 1500 : patienceMs,
          { codes: [500, 502, 503, 504], attempts: 2, backoffMs: 1 },
        ),
      );
      const clients = load(mesh, 5);
      await until(() => clients.bodies.size === 3, 'all are used');
      first.behave = behave;
      await until(async () => (await shown(mesh, first)).breaker.state === 'tripped', 'it is tripped');
      // However many others have had their reply meanwhile, one may still be on its way there.
      await clients.settled();
      const seen = clients.statuses.length;
      const { requests } = first;
      await until(() => clients.statuses.length > seen + 100, 'requests go on');
      await clients.stop();
      assert.equal(first.requests, requests);
      assert.deepEqual([...new Set(clients.statuses)], [200]);
    });
  }

  test('that fails now and then is out by its success rate', async () => {
    const instances = [await instance('a'), await instance('b')];
    const [first] = instances as [Instance];
    const { circuitBreaker } = backendPolicy();
    const mesh = await testMesh(
      closing,
      shop(instances, {
        circuitBreaker: { ...circuitBreaker, penalty: slowPenalty },
        loadBalancer: { ...backendPolicy().loadBalancer, algorithm: 'RoundRobin' },
      }),
    );
    first.behave = (_request, response) => void response.writeHead(first.requests % 3 === 0 ? 503 : 200).end();
    await until(async () => {
      await status(mesh);
      return (await shown(mesh, first)).breaker.reason === 'success_rate';
    }, 'it is tripped');
  });

  test('is back at once when new documents switch breakers off', async () => {
    const instances = [await instance('a'), await instance('b')];
    const [first] = instances as [Instance];
    const { circuitBreaker, loadBalancer } = backendPolicy();
    const config = (enabled: boolean) =>
      shop(instances, {
        circuitBreaker: { ...circuitBreaker, enabled, consecutiveFailures: 1, penalty: slowPenalty },
        loadBalancer: { ...loadBalancer, algorithm: 'RoundRobin' },
      });
    const mesh = await testMesh(closing, config(true));
    first.behave = (_request, response) => void response.writeHead(500).end();
    await until(async () => {
      await status(mesh);
      return (await shown(mesh, first)).breaker.state === 'tripped';
    }, 'it is tripped');
    const lines: string[] = [];
    const admin = adminClient(mesh.adminUrl, undefined);
    await printStatus(admin, false, { out: (line) => lines.push(line), err: () => {} });
    assert.match(lines.join('\n'), new RegExp(`127.0.0.1:${first.port} \\(0, tripped\\)`));
    mesh.documents = { config: config(false) };
    await mesh.reload('test', '');
    const { requests } = first;
    for (let i = 0; i < 4; i += 1) await status(mesh);
    assert.equal(first.requests, requests + 2);
  });

  test('gets one probe at a time, and is back when one succeeds', async () => {
    const instances = [await instance('a'), await instance('b')];
    const [first] = instances as [Instance];
    const { circuitBreaker } = backendPolicy();
    const mesh = await testMesh(
      closing,
      shop(instances, {
        circuitBreaker: {
          ...circuitBreaker,
          consecutiveFailures: 3,
          penalty: { minMs: 20, maxMs: 40, jitterRatio: 0.5 },
        },
        loadBalancer: { ...backendPolicy().loadBalancer, algorithm: 'RoundRobin' },
      }),
    );
    first.behave = (_request, response) => void response.writeHead(500).end();
    await until(async () => {
      await status(mesh);
      return (await shown(mesh, first)).breaker.state !== 'admitting';
    }, 'it is tripped');
    let atOnce = 0;
    let most = 0;
    let probes = 0;
    first.behave = (_request, response) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      probes += 1;
      setTimeout(() => {
        atOnce -= 1;
        response.writeHead(500).end();
      }, 5);
    };
    const clients = load(mesh, 8);
    await until(() => probes >= 5, 'it has been probed');
    assert.equal(most, 1);
    first.behave = (_request, response) => void response.end('back');
    await until(async () => (await shown(mesh, first)).breaker.state === 'admitting', 'it is admitted');
    await until(() => (clients.bodies.get('back') ?? 0) > 10, 'it has its share again');
    await clients.stop();
  });

  test('never leaves a service without endpoints', async () => {
    const only = await instance('a');
    only.behave = (_request, response) => void response.writeHead(500).end();
    const mesh = await testMesh(closing, shop([only]));
    for (let i = 0; i < 30; i += 1) assert.equal(await status(mesh), 500);
    only.behave = (_request, response) => void response.end('back');
    assert.equal(await status(mesh), 200, 'it is back at once');
  });

  test('cannot be caused by clients with too short deadlines', async () => {
    const instances = [await instance('a'), await instance('b')];
    for (const it of instances) it.behave = (_request, response) => void setTimeout(() => response.end(it.name), 30);
    const { circuitBreaker } = backendPolicy();
    const config = shop(instances, { circuitBreaker: { ...circuitBreaker, consecutiveFailures: 1 } });
    const mesh = await testMesh(closing, config);
    for (let i = 0; i < 10; i += 1) {
      const response = await fetch(mesh.url, { headers: { 'x-request-timeout-ms': '5' } });
      assert.equal(response.status, 504);
      await response.arrayBuffer();
    }
    const aborted = AbortSignal.timeout(5);
    await fetch(mesh.url, { signal: aborted }).catch(() => {});
    for (const it of instances) assert.equal((await shown(mesh, it)).breaker.state, 'admitting');
  });
});

describe('active health checks', () => {
  const healthCheck = {
    path: '/health/ready',
    intervalMs: 100,
    timeoutMs: 1000,
    healthyThreshold: 1,
    unhealthyThreshold: 2,
    expectedStatus: { from: 200, to: 299 },
  };
  /** Still serves, but reports that it is not ready. */
  const unready = (it: Instance) => {
    it.behave = (request, response) => {
      response.writeHead(request.url === '/health/ready' ? 503 : 200).end(it.name);
    };
  };

  test('keep requests from an instance that is not ready, until it is', async () => {
    const instances = [await instance('a'), await instance('b')];
    const [first] = instances as [Instance];
    const mesh = await testMesh(closing, shop(instances, { healthCheck }));
    await until(async () => (await shown(mesh, first)).health.state === 'healthy', 'it is healthy');
    const { behave } = first;
    unready(first);
    await until(async () => (await shown(mesh, first)).health.state === 'unhealthy', 'it is out');
    assert.equal((await shown(mesh, first)).health.last, '503');
    const { requests } = first;
    for (let i = 0; i < 20; i += 1) assert.equal(await (await fetch(mesh.url)).text(), 'b');
    assert.equal(first.requests, requests);
    first.behave = behave;
    await until(async () => (await (await fetch(mesh.url)).text()) === 'a', 'it is used again');
    assert.ok(mesh.log.lines.some(({ message }) => message === 'endpoint unhealthy'));
  });

  test('are ignored when they report nearly all instances as out', async () => {
    const instances = [await instance('a'), await instance('b')];
    const mesh = await testMesh(closing, shop(instances, { healthCheck }));
    for (const it of instances) unready(it);
    for (const it of instances) {
      await until(async () => (await shown(mesh, it)).health.state === 'unhealthy', 'it is out');
    }
    for (let i = 0; i < 10; i += 1) assert.equal(await status(mesh), 200);
  });
});

describe('instances that leave', () => {
  test('finish the requests in flight, and no request fails, under load', async () => {
    const instances = [await instance('a'), await instance('b'), await instance('c')];
    const [first, ...others] = instances as [Instance, Instance, Instance];
    for (const it of instances) {
      // In two pieces, so that instances leave in the middle of replies.
      it.behave = (_request, response) => {
        response.write(it.name);
        setTimeout(() => response.end('!'), 5);
      };
    }
    const mesh = await testMesh(closing, shop(instances));
    const clients = load(mesh, 10);
    const statuses = () => clients.statuses.length;
    for (let round = 0; round < 5; round += 1) {
      const start = statuses();
      await until(() => statuses() > start + 30, 'requests go on');
      mesh.documents = { config: shop(others) };
      await mesh.reload('test', '');
      // However many others have had their reply meanwhile, one may still be on its way there.
      await clients.settled();
      const left = statuses();
      const { requests } = first;
      await until(() => statuses() > left + 30, 'requests go on');
      assert.equal(first.requests, requests, 'nothing new goes to it');
      mesh.documents = { config: shop(instances) };
      await mesh.reload('test', '');
      await until(() => first.requests > requests, 'it is used again');
    }
    await clients.stop();
    const failed = mesh.log.requests().filter(({ status }) => status !== 200);
    assert.deepEqual(failed, []);
    assert.deepEqual([...new Set(clients.statuses)], [200]);
    assert.deepEqual([...clients.bodies.keys()].sort(), ['a!', 'b!', 'c!']);
  });

  test('all of them: the service is reported as gone, and is served again when one is back', async () => {
    const only = await instance('a');
    const config = shop([only]);
    const mesh = await testMesh(closing, config);
    assert.equal(await status(mesh), 200);
    mesh.documents = { config: shop([]) };
    await mesh.reload('test', '');
    const response = await fetch(mesh.url);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('retry-after'), '1');
    await response.json();
    assert.deepEqual(mesh.log.requests().at(-1)?.flags, ['UH']);
    mesh.documents = { config };
    await mesh.reload('test', '');
    assert.equal(await status(mesh), 200);
  });

  test('by being killed: unsent requests go to another, at once', async () => {
    const alive = await instance('a');
    const listener: RequestListener = (_request, response) => void response.end('dying');
    const { server: dying, port } = await upstreamServer(closing, listener, await quietPort());
    const mesh = await testMesh(closing, shop([alive, { ...alive, port, name: 'dying' }]));
    await until(async () => (await (await fetch(mesh.url)).text()) === 'dying', 'both are used');
    dying.closeAllConnections();
    await new Promise((resolve) => dying.close(resolve));
    for (let i = 0; i < 50; i += 1) assert.equal(await status(mesh), 200);
  });
});
