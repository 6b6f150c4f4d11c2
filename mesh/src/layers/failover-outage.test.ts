import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { HttpRouteRule } from '../config/model.ts';
import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import { healthOf } from '../discovery/health.ts';
import { backendPolicy, backendRef, meshConfig, route, routePolicy, rule, service } from '../testing/config.ts';
import { Closing, testMesh, until, upstreamServer } from '../testing/harness.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const { limits, retryBudget } = backendPolicy();
const retry: NonNullable<HttpRouteRule['retry']> = { codes: [502, 503, 504], attempts: 2, backoffMs: 1 };
const noBudget: Partial<BackendTrafficPolicy> = { retryBudget: { ...retryBudget, percent: 0, minRetriesPerSecond: 0 } };

interface Setting {
  /** Ports of the service. */
  ports: number[];
  policy?: Partial<BackendTrafficPolicy>;
  rule?: Partial<HttpRouteRule>;
}

/** Every request goes to the service `new`; GET and HEAD fail over to `old`. */
async function shop({ ports, policy = {}, rule: over = { retry } }: Setting) {
  const old = await upstreamServer(closing, (_request, response) => response.end('old'));
  const config = (now: number[], changed: Partial<BackendTrafficPolicy> = {}) =>
    meshConfig(
      [service('old', [old.port]), service('new', now, { ...policy, ...changed })],
      [
        route('shop', [rule({ backendRefs: [backendRef('new')], ...over })], {
          policy: routePolicy({ failover: { service: 'old', port: 80, methods: ['GET', 'HEAD', 'POST'] } }),
        }),
      ],
    );
  const mesh = await testMesh(closing, config(ports));
  const ask = async (method = 'GET') => {
    const response = await fetch(mesh.url, { method });
    return `${response.status} ${(await response.text()).slice(0, 3)}`;
  };
  const change = async (now: number[], changed: Partial<BackendTrafficPolicy> = {}) => {
    mesh.documents = { config: config(now, changed) };
    await mesh.reload('a test', 'a change');
  };
  const reasons = async () => {
    const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    return [...text.matchAll(/^mesh_failovers_total\{.*reason="(\w+)"/gm)].map(([, reason]) => reason);
  };
  const [own] = mesh.registry.find('new', 80)?.endpoints ?? [];
  return { mesh, ask, change, reasons, own };
}

/** An instance that keeps every request until the test lets it go. */
async function holding() {
  const held: ServerResponse[] = [];
  const listener: RequestListener = (_request, response) => held.push(response);
  const { port } = await upstreamServer(closing, listener);
  return { port, held };
}

describe('a read that waits at a service which loses its last instance', () => {
  for (const [what, bound] of [
    ['a place', { maxInFlight: 1 }],
    ['a connection', { maxConnections: 1 }],
  ] as const) {
    test(`in vain for ${what} fails over`, async () => {
      const { port, held } = await holding();
      const waiting = { ...limits, ...bound, queueTimeoutMs: 60_000 };
      const { ask, change, reasons, own, mesh } = await shop({ ports: [port], policy: { limits: waiting } });
      const first = ask();
      await until(() => held.length === 1, 'the first one is under way');
      const second = ask();
      const queued = async () => {
        const text = await (await fetch(`${mesh.adminUrl}/endpoints`)).text();
        return /"queued": ?1/.test(text);
      };
      await until(queued, 'the second one waits');
      assert.ok(own !== undefined);
      healthOf(own).set('unhealthy', 'no reply');
      await change([port], { limits: { ...waiting, queueTimeoutMs: 1 } });
      assert.equal(await second, '200 old');
      assert.deepEqual(await reasons(), ['none_healthy']);
      held[0]?.end('new');
      assert.equal(await first, '200 new');
    });
  }

  test('keeps its 503 while the service has an instance: what it sheds must not go elsewhere', async () => {
    const { port, held } = await holding();
    const policy = { limits: { ...limits, maxInFlight: 1, queueTimeoutMs: 1 } };
    const { ask, reasons } = await shop({ ports: [port], policy });
    const first = ask();
    await until(() => held.length === 1, 'the first one is under way');
    assert.match(await ask(), /^503/);
    assert.deepEqual(await reasons(), []);
    held[0]?.end('new');
    assert.equal(await first, '200 new');
  });
});

describe('a read under way at an instance that ends', () => {
  test('is replied to by the instance that has left the table, as long as it lives', async () => {
    const { port, held } = await holding();
    const { ask, change } = await shop({ ports: [port] });
    const first = ask();
    await until(() => held.length === 1, 'it is under way');
    await change([]);
    assert.equal(await ask(), '200 old');
    held[0]?.end('new');
    assert.equal(await first, '200 new');
  });

  test('fails over when the last instance has left the table and then breaks off', async () => {
    const { port, held } = await holding();
    const { ask, change, reasons } = await shop({ ports: [port] });
    const first = ask();
    await until(() => held.length === 1, 'it is under way');
    await change([]);
    held[0]?.destroy();
    assert.equal(await first, '200 old');
    assert.deepEqual(await reasons(), ['not_reached']);
  });

  test('fails over when its retries are over', async () => {
    let seen = 0;
    const { port } = await upstreamServer(closing, (request) => {
      seen += 1;
      request.socket.destroy();
    });
    const { ask, reasons } = await shop({ ports: [port] });
    assert.equal(await ask(), '200 old');
    assert.equal(seen, 3);
    assert.deepEqual(await reasons(), ['broken_off']);
  });

  test('fails over when the budget for retries is spent', async () => {
    const { port } = await upstreamServer(closing, (request) => request.socket.destroy());
    const { ask, reasons } = await shop({ ports: [port], policy: noBudget });
    assert.equal(await ask(), '200 old');
    assert.deepEqual(await reasons(), ['broken_off']);
  });

  test('keeps its 502 if the rule does not allow a second attempt, and so does a write', async () => {
    const { port } = await upstreamServer(closing, (request) => request.socket.destroy());
    const { ask } = await shop({ ports: [port], rule: {} });
    assert.match(await ask(), /^502/);
    const retrying = await shop({ ports: [port] });
    assert.match(await retrying.ask('POST'), /^502/);
    assert.deepEqual(await retrying.reasons(), []);
  });
});

describe('a read of a service whose instances are all gone, before that is known', () => {
  test('fails over although the budget for retries is spent', async () => {
    const { ask, reasons } = await shop({ ports: [await quietPort()], policy: noBudget });
    assert.equal(await ask(), '200 old');
    assert.deepEqual(await reasons(), ['not_reached']);
  });

  test('fails over, whatever the breakers of the instances say', async () => {
    const { ask, reasons, mesh } = await shop({ ports: [await quietPort(), await quietPort()], policy: noBudget });
    const tripped = async () => /"state": ?"tripped"/.test(await (await fetch(`${mesh.adminUrl}/endpoints`)).text());
    const replies = new Set<string>();
    await until(async () => {
      replies.add(await ask());
      return tripped();
    }, 'a breaker has tripped');
    for (const endpoint of mesh.registry.find('new', 80)?.endpoints ?? []) healthOf(endpoint).set('unhealthy', 'gone');
    replies.add(await ask());
    assert.deepEqual([...replies], ['200 old']);
    assert.deepEqual((await reasons()).toSorted(), ['none_healthy', 'not_reached']);
  });
});
