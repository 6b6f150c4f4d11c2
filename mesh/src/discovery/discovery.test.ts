import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from '../clock.ts';
import { endpoint, meshConfig, service } from '../testing/config.ts';
import { heldLog } from '../testing/harness.ts';
import type { Connections } from '../upstream/connections.ts';
import { type EndpointsChange, Registry } from './registry.ts';
import { discover } from './sources.ts';

/** A clock that runs its tasks when told to. */
function manualClock(): Clock & { tick(): void; waiting(): number[] } {
  let tasks: { delayMs: number; task: () => void }[] = [];
  return {
    now: () => 0,
    wall: () => 0,
    after(delayMs, task) {
      const entry = { delayMs, task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((other) => other !== entry);
      };
    },
    tick() {
      const due = tasks;
      tasks = [];
      for (const { task } of due) task();
    },
    waiting: () => tasks.map(({ delayMs }) => delayMs),
  };
}

function setUp() {
  const clock = manualClock();
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
      stats: () => ({ open: 0, queued: 0 }),
    }),
    onChange: (change) => changes.push(change),
  });
  return { clock, registry, closed, destroyed, changes, finish: () => finish() };
}

describe('the registry', () => {
  test('keeps what it has learned about endpoints that stay, and drains those that leave', async () => {
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
    clock.tick();
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
  test('resolves names again, keeps the last answer through an outage, and stops', async () => {
    const { registry, clock, changes } = setUp();
    const answers: (string[] | Error)[] = [
      ['10.0.0.2', '10.0.0.1'],
      new Error('down'),
      ['10.0.0.1', '10.0.0.2'],
      ['10.0.0.3'],
    ];
    const log = heldLog();
    const shop = { ...service('shop', []), externalName: 'shop.example' };
    const discovery = discover(meshConfig([shop], []), {
      registry,
      clock,
      log,
      resolve: async () => {
        const next = answers.shift();
        if (next instanceof Error) throw next;
        return next ?? [];
      },
    });
    const ids = () => registry.find('shop', 80)?.endpoints.map(({ id }) => id);
    const nextLook = async () => {
      clock.tick();
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

  test('takes static endpoints at once, and leaves out those that are not ready', () => {
    const { registry, clock } = setUp();
    const shop = { ...service('shop', []), endpoints: [endpoint(1), { ...endpoint(2), ready: false }] };
    discover(meshConfig([shop], []), {
      registry,
      clock,
      log: heldLog(),
      resolve: () => assert.fail('nothing to resolve'),
    });
    assert.deepEqual(
      registry.find('shop', 80)?.endpoints.map(({ id }) => id),
      ['127.0.0.1:1'],
    );
  });
});
