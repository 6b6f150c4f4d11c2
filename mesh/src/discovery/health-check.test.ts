import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { HealthCheckPolicy } from '../config/policy-model.ts';
import { standingClock } from '../testing/clock.ts';
import { backendPolicy } from '../testing/config.ts';
import { Closing, upstreamServer } from '../testing/harness.ts';
import { quietPort } from '../testing/quiet-port.ts';
import type { Connections } from '../upstream/connections.ts';
import { Endpoint } from './endpoint.ts';
import { type CheckResult, Health, healthOf } from './health.ts';
import { checkHealth, type HealthChange } from './health-check.ts';
import { httpProbe } from './probe.ts';
import { Service } from './service.ts';

const policy: HealthCheckPolicy = {
  path: '/health/ready',
  intervalMs: 1000,
  timeoutMs: 100,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
  expectedStatus: { from: 200, to: 299 },
};
const good = { status: 204 };
const bad = { failure: 'timeout' };

describe('the health of an endpoint', () => {
  test('changes only after the threshold of opposite results in a row', () => {
    const health = new Health();
    const take = (...results: CheckResult[]) => results.map((result) => health.take(result, policy));
    assert.deepEqual(take(bad, bad, good), [null, null, 'healthy']);
    assert.deepEqual(take(bad, bad, good, bad, bad), [null, null, null, null, null]);
    assert.deepEqual(take({ status: 503 }, bad), ['unhealthy', null]);
    assert.deepEqual(take(good, bad, good, good), [null, null, null, 'healthy']);
    assert.equal(health.last, '204');
  });

  test('reports when the endpoint recovers, and no other change', () => {
    const health = new Health();
    let recovered = 0;
    health.onRecovered(() => {
      recovered += 1;
    });
    for (const result of [good, bad, bad, bad]) health.take(result, policy);
    assert.deepEqual([health.state, recovered], ['unhealthy', 0]);
    health.take(good, policy);
    assert.equal(recovered, 0);
    health.take(good, policy);
    assert.deepEqual([health.state, recovered], ['healthy', 1]);
    // The check of another process.
    health.set('unhealthy', '503');
    health.set('unhealthy', '503');
    health.set('healthy', '200');
    health.set('healthy', '200');
    assert.equal(recovered, 2);
  });

  test('is bad from the start if the first results are', () => {
    const health = new Health();
    assert.equal(health.state, 'unchecked');
    health.take({ status: 301 }, policy);
    health.take(bad, policy);
    assert.equal(health.take(bad, policy), 'unhealthy');
    health.reset();
    assert.equal(health.state, 'unchecked');
  });
});

const noConnections: Connections = {
  send: () => assert.fail('nothing is sent'),
  close: async () => {},
  destroy: async () => {},
  follow: () => {},
  full: false,
  stats: () => ({ open: 0, queued: 0 }),
};

function setUp(endpoints: number, healthCheck: HealthCheckPolicy | undefined = policy) {
  const clock = standingClock();
  const service = new Service('shop', 80, backendPolicy(healthCheck === undefined ? {} : { healthCheck }));
  service.endpoints = Array.from(
    { length: endpoints },
    (_, i) => new Endpoint('shop', { host: '10.0.0.1', port: i + 1 }, noConnections, 0),
  );
  const asked: { port: number; settle: (result: CheckResult) => void; canceled: boolean }[] = [];
  const changes: HealthChange[] = [];
  const stop = checkHealth(service, {
    clock,
    onHealth: (change) => changes.push(change),
    probe: ({ port }) => {
      const { promise, resolve } = Promise.withResolvers<CheckResult>();
      const entry = { port, settle: resolve, canceled: false };
      asked.push(entry);
      return {
        result: promise,
        cancel: () => {
          entry.canceled = true;
          resolve({ failure: 'canceled' });
        },
      };
    },
  });
  return {
    service,
    asked,
    changes,
    stop,
    waiting: clock.waiting,
    /** Runs everything that waits now. */
    tick: async () => {
      clock.runWaiting();
      await new Promise(setImmediate);
    },
    settled: () => new Promise(setImmediate),
  };
}

describe('checking', () => {
  test('spreads the endpoints over the interval, with one check at a time for each', async () => {
    const { asked, tick, waiting } = setUp(4);
    assert.deepEqual(
      asked.map(({ port }) => port),
      [1],
    );
    assert.deepEqual(waiting(), [250, 500, 750, 1000]);
    await tick();
    // The check of the first endpoint is still running, so there is no second one.
    assert.deepEqual(asked.map(({ port }) => port).sort(), [1, 2, 3, 4]);
  });

  test('reports each change once, and stops', async () => {
    const { service, asked, changes, tick, settled, stop, waiting } = setUp(1);
    for (let i = 0; i < 5; i += 1) {
      asked.at(-1)?.settle({ status: 500 });
      await settled();
      await tick();
    }
    assert.deepEqual(changes, [{ service: 'shop:80', endpoint: '10.0.0.1:1', health: 'unhealthy', last: '500' }]);
    stop();
    assert.equal(asked.at(-1)?.canceled, true);
    assert.deepEqual(waiting(), []);
    await settled();
    assert.equal(changes.length, 1, 'a check that was called off decides nothing');
    assert.equal(healthOf(service.endpoints[0] as Endpoint).last, '500');
  });

  test('skips endpoints that have left', async () => {
    const { service, asked, settled, tick } = setUp(1);
    asked[0]?.settle(good);
    await settled();
    (service.endpoints[0] as Endpoint).draining = true;
    await tick();
    assert.equal(asked.length, 1);
  });

  test('without a policy forgets earlier results', () => {
    const { service } = setUp(1);
    const [endpoint] = service.endpoints;
    assert.ok(endpoint);
    for (let i = 0; i < 3; i += 1) healthOf(endpoint).take(bad, policy);
    service.policy = backendPolicy();
    checkHealth(service, { clock: { now: () => 0, wall: () => 0, after: () => () => {} }, probe: httpProbe });
    assert.equal(healthOf(endpoint).state, 'unchecked');
  });
});

describe('a check over HTTP', () => {
  let closing: Closing;
  beforeEach(() => {
    closing = new Closing();
  });
  afterEach(() => closing.close());
  const ask = (port: number, timeoutMs = 5000) =>
    httpProbe({ host: '127.0.0.1', port, path: '/ready', timeoutMs }).result;

  test('reports the status', async () => {
    const { port } = await upstreamServer(closing, (request, response) => {
      response.writeHead(request.url === '/ready' && request.method === 'GET' ? 204 : 404).end();
    });
    assert.deepEqual(await ask(port), { status: 204 });
  });

  test('does not wait for the body', async () => {
    const { port } = await upstreamServer(closing, (_request, response) => void response.writeHead(200).write('…'));
    assert.deepEqual(await ask(port), { status: 200 });
  });

  test('reports why there is no reply', async () => {
    const silent = createServer((socket) => closing.add(() => socket.destroy()));
    const garbage = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('SSH-2.0-OpenSSH\r\n\r\n');
      closing.add(() => socket.destroy());
    });
    const ports: number[] = [];
    for (const server of [silent, garbage]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closing.add(() => server.close());
      ports.push((server.address() as { port: number }).port);
    }
    assert.deepEqual(await ask(ports[0] as number, 50), { failure: 'timeout' });
    assert.match(JSON.stringify(await ask(ports[1] as number)), /HPE_/);
    const gone = await upstreamServer(closing, () => {}, await quietPort());
    await new Promise((resolve) => gone.server.close(resolve));
    assert.deepEqual(await ask(gone.port), { failure: 'ECONNREFUSED' });
  });
});

test('for any results: health changes only after the threshold of opposite results in a row, and then at once', () => {
  const results = fc.array(fc.boolean(), { maxLength: 200 });
  const thresholds = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(results, thresholds, thresholds, (given, healthyThreshold, unhealthyThreshold) => {
      const health = new Health();
      for (const [i, ok] of given.entries()) {
        const before = health.state;
        const changed = health.take(ok ? good : bad, { ...policy, healthyThreshold, unhealthyThreshold });
        assert.equal(health.state, changed ?? before);
        /** The number of latest results equal to this one, this one included. */
        const row = i - given.lastIndexOf(!ok, i);
        if (changed !== null) {
          assert.equal(changed, ok ? 'healthy' : 'unhealthy');
          assert.ok(row >= (ok ? (before === 'unchecked' ? 1 : healthyThreshold) : unhealthyThreshold));
        }
        // At the threshold, the health must have changed.
        if (row >= unhealthyThreshold && !ok) assert.equal(health.state, 'unhealthy');
        if (row >= healthyThreshold && ok) assert.equal(health.state, 'healthy');
      }
    }),
  );
});
