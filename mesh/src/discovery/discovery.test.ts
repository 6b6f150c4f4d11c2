import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { standingClock } from '../testing/clock.ts';
import { endpoint, meshConfig, service } from '../testing/config.ts';
import { heldLog } from '../testing/harness.ts';
import type { Connections } from '../upstream/connections.ts';
import { Leases } from './leases.ts';
import { type EndpointsChange, Registry } from './registry.ts';
import { discover } from './sources.ts';

function setUp() {
  const clock = standingClock();
  const closed: string[] = [];
  const destroyed: string[] = [];
  const changes: EndpointsChange[] = [];
  let finish = () => {};
  const registry = new Registry({
    clock,
    connect: (host, port): Connections => ({
      send: () => assert.fail('nothing is sent'),
      close: () => {
        closed.push(`${host}:${port}`);
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
      destroy: async () => {
        destroyed.push(`${host}:${port}`);
      },
      follow: () => {},
      full: false,
      stats: () => ({ open: 0, queued: 0 }),
    }),
    onChange: (change) => changes.push(change),
  });
  const options = {
    registry,
    clock,
    leases: new Leases(clock),
    probe: () => assert.fail('no service asks for health checks'),
  };
  return { clock, registry, options, closed, destroyed, changes, finish: () => finish() };
}

describe('the registry', () => {
  test('keeps its measurements of endpoints that stay, and drains those that leave', async () => {
    const { registry, clock, closed, destroyed, finish } = setUp();
    const shop = registry.service('shop', 80, service('shop', []).policy);
    registry.setEndpoints(shop, [
      { host: 'a', port: 1 },
      { host: 'b', port: 1 },
      { host: 'a', port: 1 },
    ]);
    const [a, b] = shop.endpoints;
    assert.equal(shop.endpoints.length, 2);
    registry.setEndpoints(shop, [
      { host: 'a', port: 1, weight: 3 },
      { host: 'c', port: 1 },
    ]);
    assert.equal(shop.endpoints[0], a);
    assert.equal(a?.weight, 3);
    assert.equal(b?.draining, true);
    assert.deepEqual(closed, ['b:1']);
    assert.deepEqual(clock.waiting(), [shop.policy.discovery.drainMs]);
    clock.runWaiting();
    assert.deepEqual(destroyed, ['b:1']);
    finish();
  });

  test('forgets services that no document names', () => {
    const { registry, closed } = setUp();
    const { policy } = service('shop', []);
    registry.setEndpoints(registry.service('shop', 80, policy), [{ host: 'a', port: 1 }]);
    registry.service('auth', 80, policy);
    registry.keepOnly(new Set(['auth:80']));
    assert.deepEqual(
      registry.services().map(({ id }) => id),
      ['auth:80'],
    );
    assert.deepEqual(closed, ['a:1']);
  });
});

describe('discovery', () => {
  test('looks names up again, keeps the last result during an outage, and stops', async () => {
    const { registry, clock, options, changes } = setUp();
    const lookups: (string[] | Error)[] = [
      ['10.0.0.2', '10.0.0.1'],
      new Error('down'),
      ['10.0.0.1', '10.0.0.2'],
      ['10.0.0.3'],
    ];
    const log = heldLog();
    const shop = { ...service('shop', []), externalName: 'shop.example' };
    const discovery = discover(meshConfig([shop], []), {
      ...options,
      log,
      resolve: async () => {
        const next = lookups.shift();
        if (next instanceof Error) throw next;
        return { addresses: next ?? [] };
      },
    });
    const ids = () => registry.find('shop', 80)?.endpoints.map(({ id }) => id);
    const nextLook = async () => {
      clock.runWaiting();
      await new Promise(setImmediate);
    };
    await discovery.ready;
    assert.deepEqual(ids(), ['10.0.0.1:80', '10.0.0.2:80']);
    assert.deepEqual(clock.waiting(), [shop.policy.discovery.dnsTtlMs]);
    await nextLook();
    assert.deepEqual(ids(), ['10.0.0.1:80', '10.0.0.2:80']);
    assert.equal(log.lines.length, 1);
    await nextLook();
    assert.equal(changes.length, 1, 'another order is no change');
    await nextLook();
    assert.deepEqual(ids(), ['10.0.0.3:80']);
    discovery.stop();
    const left = clock.waiting().filter((delayMs) => delayMs === shop.policy.discovery.dnsTtlMs);
    assert.deepEqual(left, []);
  });

  test("looks a name up again after its TTL, within limits, and after a failure at the policy's interval", async () => {
    const { clock, options } = setUp();
    const holds = [60_000, 0, 1e9, 'down', undefined, 2_500] as const;
    const expected = [60_000, 1_000, 3_600_000, 7_000, 7_000, 2_500];
    const { policy } = service('shop', []);
    const discovery = { ...policy.discovery, dnsTtlMs: 7_000, respectDnsTtl: true };
    const shop = { ...service('shop', []), policy: { ...policy, discovery }, externalName: 'shop.example' };
    let looks = 0;
    const discovered = discover(meshConfig([shop], []), {
      ...options,
      log: heldLog(),
      resolve: async (_host, { respectTtl }) => {
        assert.ok(respectTtl);
        const ttlMs = holds[looks++];
        if (ttlMs === 'down') throw new Error('down');
        return { addresses: ['10.0.0.1'], ...(ttlMs === undefined ? {} : { ttlMs }) };
      },
    });
    await discovered.ready;
    for (const delayMs of expected) {
      assert.deepEqual(clock.waiting(), [delayMs]);
      clock.runWaiting();
      await new Promise(setImmediate);
    }
    discovered.stop();
  });

  test('uses static endpoints at once, and leaves out those that are not ready', () => {
    const { registry, options } = setUp();
    const shop = { ...service('shop', []), endpoints: [endpoint(1), { ...endpoint(2), ready: false }] };
    discover(meshConfig([shop], []), {
      ...options,
      log: heldLog(),
      resolve: () => assert.fail('nothing to resolve'),
    });
    assert.deepEqual(
      registry.find('shop', 80)?.endpoints.map(({ id }) => id),
      ['127.0.0.1:1'],
    );
  });

  test('an outage of DNS removes no endpoints, even when the documents change', async () => {
    const { registry, options, changes } = setUp();
    let down = false;
    const resolve = async () => {
      if (down) throw new Error('down');
      return { addresses: ['10.0.0.1'] };
    };
    const shop = { ...service('shop', []), externalName: 'shop.example' };
    const first = discover(meshConfig([shop], []), { ...options, log: heldLog(), resolve });
    await first.ready;
    down = true;
    first.stop();
    await discover(meshConfig([shop], []), { ...options, log: heldLog(), resolve }).ready;
    assert.equal(changes.length, 1);
    assert.equal(registry.find('shop', 80)?.endpoints.length, 1);
  });

  test('uses registered instances beside those of the documents', async () => {
    const { registry, options } = setUp();
    const { policy } = service('shop', []);
    const leasing = { ...policy, discovery: { ...policy.discovery, lease: { ttlMs: 15_000, maxEndpoints: 10 } } };
    const shop = { ...service('shop', [1]), policy: leasing };
    const ids = () => registry.find('shop', 80)?.endpoints.map(({ id }) => id);
    const config = meshConfig([shop], []);
    const resolve = () => assert.fail('nothing to resolve');
    const first = discover(config, { ...options, log: heldLog(), resolve });
    const lease = { service: 'shop', id: 'a', address: '10.0.0.1', port: 7, weight: 2, servicePort: null, ttlMs: null };
    options.leases.put(lease);
    options.leases.put({ ...lease, id: 'b', address: '127.0.0.1', port: 1 });
    assert.deepEqual(ids(), ['127.0.0.1:1', '10.0.0.1:7']);
    first.stop();
    discover(config, { ...options, log: heldLog(), resolve });
    assert.deepEqual(ids(), ['127.0.0.1:1', '10.0.0.1:7'], 'leases live through new documents');
    options.leases.remove('shop', 'a');
    options.leases.remove('shop', 'b');
    assert.deepEqual(ids(), ['127.0.0.1:1']);
  });
});
