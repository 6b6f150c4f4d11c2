import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import { backendPolicy, backendRef, endpoint, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, type TestMesh, testMesh, until } from '../testing/harness.ts';
import { type Behavior, slowMs } from '../testing/instance-behavior.ts';
import { InstanceProcess } from '../testing/instance-process.ts';
import { type Load, startLoad } from '../testing/load.ts';

/** Three instances in processes of their own. The first one fails. */
let instances: [InstanceProcess, InstanceProcess, InstanceProcess];
before(async () => {
  instances = [await InstanceProcess.start('a'), await InstanceProcess.start('b'), await InstanceProcess.start('c')];
});
after(() => Promise.all(instances.map((instance) => instance.kill())));

let closing: Closing;
beforeEach(async () => {
  closing = new Closing();
  await instances[0].start();
  await instances[0].behave('well');
});
afterEach(() => closing.close());

const clients = 8;
/**
 * Requests begun before the fault is noticed: those that the consecutive-failures rule needs, and one of each client.
 */
const detectionMax = 7 + clients;

const defaults = backendPolicy();
/**
 * Faults are noticed by the results of requests. Round robin sends requests to each instance, whatever balancing has
 * learned of it.
 */
const passive: Partial<BackendTrafficPolicy> = {
  loadBalancer: { ...defaults.loadBalancer, algorithm: 'RoundRobin' },
  // Frequent probes, because each probe of an instance that is still bad could fail a request.
  circuitBreaker: { ...defaults.circuitBreaker, penalty: { minMs: 100, maxMs: 400, jitterRatio: 0.5 } },
};
/** Faults are noticed by health checks alone. */
const active: Partial<BackendTrafficPolicy> = {
  circuitBreaker: { ...defaults.circuitBreaker, enabled: false },
  healthCheck: {
    path: '/health/ready',
    intervalMs: 100,
    timeoutMs: 1000,
    healthyThreshold: 1,
    unhealthyThreshold: 2,
    expectedStatus: { from: 200, to: 299 },
  },
};

function shop(policy: Partial<BackendTrafficPolicy>, backendRequestMs: number) {
  const retry = { codes: [502, 503, 504], attempts: 2, backoffMs: 25 };
  const timeouts = { requestMs: 0, backendRequestMs };
  const made = service('shop', [], policy);
  made.endpoints = instances.map(({ port }) => endpoint(port));
  return meshConfig([made], [route('all', [rule({ backendRefs: [backendRef('shop')], retry, timeouts })])]);
}

/** @param backendRequestMs reached only by a hanging instance */
async function underLoad(
  policy: Partial<BackendTrafficPolicy>,
  backendRequestMs = 1500,
): Promise<{ mesh: TestMesh; load: Load }> {
  const mesh = await testMesh(closing, shop(policy, backendRequestMs));
  const load = startLoad(closing, {
    url: mesh.url,
    clients,
    requestsMax: 50_000,
    expected: (method, body) => `${method} ${body}`,
  });
  await until(() => new Set(load.outcomes.map(({ instance }) => instance)).size === 3, 'all instances are used');
  return { mesh, load };
}

/** The state of an instance in the mesh. */
async function known(mesh: TestMesh, { endpoint: id }: InstanceProcess) {
  const { services } = (await (await fetch(`${mesh.adminUrl}/endpoints`)).json()) as {
    services: { endpoints: { endpoint: string; health: { state: string }; breaker: { state: string } }[] }[];
  };
  const found = services.flatMap(({ endpoints }) => endpoints).find((each) => each.endpoint === id);
  assert.ok(found, `${id} is listed`);
  return { out: found.breaker.state !== 'admitting' || found.health.state === 'unhealthy' };
}

/** The number of failed probes of the instance. */
async function failedProbes(mesh: TestMesh, { endpoint: id }: InstanceProcess): Promise<number> {
  const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
  const series = `mesh_breaker_trips_total{service="shop",endpoint="${id}",reason="probe_failed"} `;
  const line = text.split('\n').find((each) => each.startsWith(series));
  return line === undefined ? 0 : Number(line.slice(series.length));
}

const isOut = (mesh: TestMesh) =>
  until(async () => (await known(mesh, instances[0])).out, 'the instance is ejected', 30_000);

/** Waits until the instance has recovered: it gets requests again, and none fails. */
async function isBack(mesh: TestMesh, load: Load): Promise<void> {
  await until(async () => !(await known(mesh, instances[0])).out, 'the instance is back', 30_000);
  const from = load.outcomes.length;
  await until(
    () => load.outcomes.slice(from).filter(({ instance, failure }) => instance === 'a' && failure === null).length > 20,
    'it has its share again',
    30_000,
  );
  await load.stop();
}

/** Faults that another instance can make up for, because no byte of a reply has been sent to the client. */
const beforeTheHead: [how: string, go: (instance: InstanceProcess) => Promise<void>][] = [
  ['killed', (instance) => instance.kill()],
  ...(['fails', 'hangs', 'resets', 'garbage'] as Behavior[]).map(
    (behavior): [string, (instance: InstanceProcess) => Promise<void>] => [
      behavior,
      (instance) => instance.behave(behavior),
    ],
  ),
];

describe('an instance fails under load, noticed by the results of requests', () => {
  for (const [how, goBad] of beforeTheHead) {
    test(`${how}: no request fails, neither before the ejection, nor during probes, nor after the recovery`, async () => {
      const { mesh, load } = await underLoad(passive);
      await goBad(instances[0]);
      await isOut(mesh);
      await until(async () => (await failedProbes(mesh, instances[0])) >= 3, 'probes have failed', 30_000);
      await load.more(200);
      await instances[0].start();
      await instances[0].behave('well');
      await isBack(mesh, load);
      assert.deepEqual(load.failures(), []);
    });
  }

  for (const how of ['half', 'halfChunked'] as const) {
    test(`${how} a body: replies in flight break off for the client too; no request fails once the instance is ejected`, async () => {
      const { mesh, load } = await underLoad(passive);
      await instances[0].behave(how);
      await isOut(mesh);
      const outMs = performance.now();
      await until(async () => (await failedProbes(mesh, instances[0])) >= 3, 'probes have failed', 30_000);
      await load.more(200);
      await instances[0].behave('well');
      await isBack(mesh, load);
      assert.deepEqual(load.failures(outMs), []);
      const failed = load.failures();
      assert.ok(failed.length <= detectionMax, `${failed.length} requests failed`);
      // A part of a reply must not pass for the whole.
      for (const { failure } of failed) assert.match(String(failure), /ECONNRESET|aborted/);
    });
  }
});

describe('an instance fails under load, noticed by health checks', () => {
  for (const [how, goBad] of beforeTheHead) {
    test(`${how}: no request fails`, async () => {
      const { mesh, load } = await underLoad(active);
      await goBad(instances[0]);
      await isOut(mesh);
      await load.settled();
      const from = load.outcomes.length;
      await load.more(200);
      const asked = load.outcomes.slice(from).filter(({ instance }) => instance === 'a');
      assert.deepEqual(asked, [], 'the instance gets no requests');
      await instances[0].start();
      await instances[0].behave('well');
      await isBack(mesh, load);
      assert.deepEqual(load.failures(), []);
    });
  }
});

describe('an instance becomes slow under load', () => {
  test('no request fails, and the instance gets few of them', async () => {
    // Balancing notices it, because no reply fails or times out. A shorter memory than the default ends the test
    // sooner.
    const ewma = { ...defaults.loadBalancer.ewma, decayMs: 500 };
    const { mesh, load } = await underLoad({ loadBalancer: { ...defaults.loadBalancer, ewma } }, 0);
    await instances[0].behave('slow');
    await until(
      () => load.outcomes.some(({ instance, begunMs, endedMs }) => instance === 'a' && endedMs - begunMs >= slowMs),
      'the instance is known to be slow',
    );
    await load.settled();
    const from = load.outcomes.length;
    await load.more(600);
    const since = load.outcomes.slice(from);
    const share = since.filter(({ instance }) => instance === 'a').length / since.length;
    assert.ok(share < 0.1, `${share} of the requests went there`);
    await instances[0].behave('well');
    await isBack(mesh, load);
    assert.deepEqual(load.failures(), []);
  });
});
