import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Service } from '../config/model.ts';
import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import { standingClock } from '../testing/clock.ts';
import { backendPolicy, endpoint, meshConfig, service } from '../testing/config.ts';
import { heldLog } from '../testing/harness.ts';
import type { Resolved } from './dns.ts';
import { type CheckResult, healthOf } from './health.ts';
import { Leases } from './leases.ts';
import { Registry } from './registry.ts';
import { type Discovery, discover } from './sources.ts';

const healthCheck = {
  path: '/health/ready',
  intervalMs: 3_000,
  timeoutMs: 100,
  healthyThreshold: 1,
  unhealthyThreshold: 1,
  expectedStatus: { from: 200, to: 299 },
};

function setUp(services: Service[]) {
  const clock = standingClock();
  const registry = new Registry({
    clock,
    connect: () => ({
      send: () => assert.fail('nothing is sent'),
      close: async () => {},
      destroy: async () => {},
      follow: () => {},
      full: false,
      stats: () => ({ open: 0, queued: 0 }),
    }),
  });
  const probes: { port: number; resolve: (result: CheckResult) => void; canceled: boolean }[] = [];
  const looks: { host: string; resolve: (resolved: Resolved) => void }[] = [];
  const leases = new Leases(clock);
  const discovery: Discovery = discover(meshConfig(services, []), {
    registry,
    clock,
    leases,
    log: heldLog(),
    resolve: (host) => {
      const { promise, resolve } = Promise.withResolvers<Resolved>();
      looks.push({ host, resolve });
      return promise;
    },
    probe: ({ port }) => {
      const { promise, resolve } = Promise.withResolvers<CheckResult>();
      const probe = { port, resolve, canceled: false };
      probes.push(probe);
      return {
        result: promise,
        cancel: () => {
          probe.canceled = true;
          resolve({ failure: 'canceled' });
        },
      };
    },
  });
  return {
    clock,
    leases,
    discovery,
    probes,
    looks,
    /** Puts documents in force, as the control plane does. */
    push: (...next: Service[]) => {
      registry.follow(next);
      discovery.update(meshConfig(next, []));
    },
    endpoints: (name: string) => registry.find(name, 80)?.endpoints ?? [],
    settled: () => new Promise(setImmediate),
  };
}

const named = (name: string, policy: Partial<BackendTrafficPolicy> = {}): Service => ({
  ...service(name, [], policy),
  externalName: `${name}.example`,
});
const { discovery: discoveryPolicy } = backendPolicy();

describe('changed documents', () => {
  test('disturb no health check and no look-up of an unchanged service', async () => {
    const checked = () => service('checked', [1], { healthCheck });
    const { push, probes, looks, clock, endpoints, settled } = setUp([checked(), named('named')]);
    looks[0]?.resolve({ addresses: ['10.0.0.1'] });
    await settled();
    const waiting = clock.waiting();
    for (let port = 10; port < 60; port += 1) push(checked(), named('named'), service('busy', [port]));
    assert.deepEqual(
      endpoints('busy').map(({ id }) => id),
      ['127.0.0.1:59'],
    );
    assert.equal(probes.length, 1, 'the check in flight continues');
    assert.equal(looks.length, 1, 'and the next lookup comes when it is due');
    assert.deepEqual(
      clock.waiting().filter((delayMs) => delayMs !== discoveryPolicy.drainMs),
      waiting,
    );
    probes[0]?.resolve({ status: 503 });
    await settled();
    assert.equal(healthOf(endpoints('checked')[0] as never).state, 'unhealthy');
  });

  test('restart only what they change of a service', async () => {
    const shop = (over: Partial<BackendTrafficPolicy> = {}, ports = [1]): Service => ({
      ...named('shop', { healthCheck, ...over }),
      externalName: undefined as never,
      endpoints: [...ports.map((port) => endpoint(port)), { ...endpoint(9), address: 'shop.example' }],
    });
    const { push, probes, looks, settled, endpoints } = setUp([shop()]);
    const counts = () => [looks.length, probes.filter(({ canceled }) => canceled).length];
    looks[0]?.resolve({ addresses: ['10.0.0.1'] });
    await settled();
    assert.deepEqual(counts(), [1, 0]);
    push(shop({}, [1, 2]));
    assert.deepEqual(
      endpoints('shop').map(({ id }) => id),
      ['127.0.0.1:1', '127.0.0.1:2', '10.0.0.1:9'],
      'other addresses are taken at once',
    );
    push(shop({ retryBudget: { percent: 1, minRetriesPerSecond: 1, ttlMs: 1000 } }, [1, 2]));
    assert.deepEqual(counts(), [1, 0]);
    push(shop({ discovery: { ...discoveryPolicy, dnsTtlMs: 60_000 } }, [1, 2]));
    assert.deepEqual(counts(), [2, 0], 'another time to live is a reason to look again');
    push(shop({ healthCheck: { ...healthCheck, path: '/other' } }, [1, 2]));
    assert.equal(looks.length, 3, 'the time to live is the old one again');
    assert.ok((counts()[1] as number) > 0, 'another check begins anew');
  });

  test('stop the watches of a service that they do not name any more', async () => {
    const { push, looks, clock, settled } = setUp([named('shop')]);
    looks[0]?.resolve({ addresses: ['10.0.0.1'] });
    await settled();
    push();
    assert.deepEqual(clock.waiting(), []);
  });

  test('keep the endpoints of a service while its new name is looked up for the first time', async () => {
    const { push, looks, endpoints, settled } = setUp([service('shop', [1])]);
    push(named('shop'));
    assert.equal(endpoints('shop')[0]?.id, '127.0.0.1:1');
    looks[0]?.resolve({ addresses: ['10.0.0.1'] });
    await settled();
    assert.equal(endpoints('shop')[0]?.id, '10.0.0.1:80');
  });
});

describe('a name that does not resolve', () => {
  test('delays no other name, no lease and no health check', async () => {
    const leasing = { ...discoveryPolicy, lease: { ttlMs: 15_000, maxEndpoints: 10 } };
    const both: Service = {
      ...service('both', [], { healthCheck }),
      endpoints: ['silent.example', 'good.example'].map((address) => ({ ...endpoint(7), address })),
    };
    const { looks, leases, endpoints, probes, settled } = setUp([
      both,
      named('leased', { discovery: leasing, healthCheck }),
    ]);
    looks.find(({ host }) => host === 'good.example')?.resolve({ addresses: ['10.0.0.7'] });
    leases.put({ service: 'leased', id: 'a', address: '10.0.0.8', port: 8, weight: 1, servicePort: null, ttlMs: null });
    await settled();
    assert.equal(endpoints('both')[0]?.id, '10.0.0.7:7');
    assert.equal(endpoints('leased')[0]?.id, '10.0.0.8:8');
    assert.deepEqual(probes.map(({ port }) => port).sort(), [7, 8]);
  });

  test('delays the start by the connect timeout of the service, and at most by a second', async () => {
    const { timeouts } = backendPolicy();
    const patient = named('patient', { timeouts: { ...timeouts, connectMs: 60_000 } });
    const quick = named('quick', { timeouts: { ...timeouts, connectMs: 200 } });
    const { clock, discovery, looks, endpoints, settled } = setUp([patient, quick]);
    assert.deepEqual(clock.waiting(), [1_000, 200]);
    clock.runWaiting();
    await discovery.ready;
    looks[0]?.resolve({ addresses: ['10.0.0.1'] });
    await settled();
    assert.equal(endpoints('patient')[0]?.id, '10.0.0.1:80', 'and is taken when it comes');
  });
});

test('shorter leases apply to instances that are already registered', () => {
  const terms = (ttlMs: number) => {
    const shop = service('shop', []);
    shop.policy.discovery.lease = { ttlMs, maxEndpoints: 2 };
    return [shop];
  };
  const clock = standingClock();
  const leases = new Leases(clock);
  leases.setTerms(terms(60_000));
  leases.put({ service: 'shop', id: 'a', address: '10.0.0.1', port: 1, weight: 1, servicePort: null, ttlMs: null });
  leases.setTerms(terms(2_000));
  assert.deepEqual(clock.waiting(), [2_000]);
  assert.equal(leases.list('shop')[0]?.ttlMs, 2_000);
  leases.setTerms(terms(90_000));
  assert.deepEqual(clock.waiting(), [2_000], 'a longer one begins with the next heartbeat');
  clock.runWaiting();
  assert.deepEqual(leases.list(), []);
});
