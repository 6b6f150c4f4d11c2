import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import { backendPolicy, backendRef, endpoint, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, testMesh, until } from '../testing/harness.ts';
import { InstanceProcess } from '../testing/instance-process.ts';
import { type Outcome, startLoad } from '../testing/load.ts';

let instances: InstanceProcess[];
before(async () => {
  instances = [await InstanceProcess.start('a'), await InstanceProcess.start('b'), await InstanceProcess.start('c')];
});
after(() => Promise.all(instances.map((instance) => instance.kill())));

let closing: Closing;
beforeEach(async () => {
  closing = new Closing();
  for (const instance of instances) await instance.start();
});
afterEach(() => closing.close());

/**
 * Every timeout of the mesh is `waitMs`. A reply within `atOnceMs` has waited for none of them, even on a busy machine.
 */
const waitMs = 60_000;
const atOnceMs = 10_000;

const { circuitBreaker, limits, timeouts } = backendPolicy();
const patient: Partial<BackendTrafficPolicy> = {
  limits: { ...limits, queueTimeoutMs: waitMs },
  timeouts: { ...timeouts, connectMs: waitMs },
};
const healthCheck = {
  path: '/health/ready',
  intervalMs: 100,
  timeoutMs: 5000,
  healthyThreshold: 1,
  unhealthyThreshold: 2,
  expectedStatus: { from: 200, to: 299 },
};
/** Longer than the test: an instance ejected by then would stay ejected. */
const penalty = { minMs: 600_000, maxMs: 600_000, jitterRatio: 0 };
/** However often probes fail while all instances are gone, an ejection lasts little longer than the outage. */
const quick = { minMs: 100, maxMs: 500, jitterRatio: 0.1 };

const policies: [name: string, policy: Partial<BackendTrafficPolicy>][] = [
  ['with a breaker that is quick to forgive', { circuitBreaker: { ...circuitBreaker, penalty: quick } }],
  ['with health checks', { circuitBreaker: { ...circuitBreaker, penalty: quick }, healthCheck }],
  ['with a breaker that is slow to forgive', { circuitBreaker: { ...circuitBreaker, penalty } }],
];

describe('all instances of a service are gone', () => {
  for (const [name, policy] of policies) {
    test(`${name}: requests are refused at once and clearly, and succeed as soon as the instances are back`, async () => {
      const shop = service('shop', [], { ...patient, ...policy });
      shop.endpoints = instances.map(({ port }) => endpoint(port));
      const retry = { codes: [502, 503, 504], attempts: 2, backoffMs: 25 };
      const rules = [rule({ backendRefs: [backendRef('shop')], retry })];
      const mesh = await testMesh(closing, meshConfig([shop], [route('all', rules)]));
      const load = startLoad(closing, {
        url: mesh.url,
        clients: 8,
        requestsMax: 50_000,
        expected: (method, body) => `${method} ${body}`,
      });
      await load.more(50);
      assert.deepEqual(load.failures(), []);

      for (const instance of instances) await instance.kill();
      const goneMs = performance.now();
      await load.more(300);
      const gone = load.outcomes.filter(({ begunMs }) => begunMs >= goneMs);
      for (const outcome of gone) assertClear(outcome);
      const response = await fetch(mesh.url);
      assert.equal(response.headers.get('retry-after'), '1');
      await response.arrayBuffer();

      for (const instance of instances) await instance.start();
      const backMs = performance.now();
      await load.more(300);
      assert.deepEqual(load.failures(backMs), []);
      const served = () =>
        new Set(load.outcomes.filter(({ begunMs }) => begunMs >= backMs).map(({ instance }) => instance));
      // Instances ejected by the breaker stay out, and the others serve.
      if (name !== 'with a breaker that is slow to forgive') {
        await until(() => served().size === 3, 'all instances serve again', 30_000);
      }
      await load.stop();
      assert.deepEqual(load.failures(backMs), []);
    });
  }
});

function assertClear({ status, failure, begunMs, endedMs }: Outcome): void {
  assert.equal(status, 503, String(failure));
  const { errors } = JSON.parse(String(failure).slice(4)) as {
    errors: { status: number; title: string; detail: string }[];
  };
  const [error] = errors;
  assert.equal(error?.status, 503);
  assert.equal(error?.title, 'Service Unavailable');
  assert.match(error?.detail ?? '', /^The service does not accept connections\.$|^No instance/);
  assert.ok(endedMs - begunMs < atOnceMs, `it took ${endedMs - begunMs} ms`);
}
