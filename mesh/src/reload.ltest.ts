import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { BackendTrafficPolicy } from './config/policy-model.ts';
import { healthOf } from './discovery/health.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, type TestMesh, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const { timeouts, limits, discovery } = backendPolicy();

const configOf = (port: number, policy: Partial<BackendTrafficPolicy>, mirrorPort?: number) => {
  const mirror = { service: 'shadow', port: 80, numerator: 1, denominator: 1 };
  const filters = mirrorPort === undefined ? [] : [{ type: 'RequestMirror' as const, mirror }];
  const services = [service('shop', [port], policy)];
  if (mirrorPort !== undefined) services.push(service('shadow', [mirrorPort], policy));
  return meshConfig(services, [route('all', [rule({ backendRefs: [backendRef('shop')], filters })])]);
};

async function push(mesh: TestMesh, config: ReturnType<typeof configOf>) {
  mesh.documents = { config };
  await mesh.reload('a test', 'another policy');
}

/** Says nothing, but counts. */
const silent = () => {
  const seen = { asked: 0, ended: 0 };
  const listener: RequestListener = (request) => {
    seen.asked += 1;
    request.socket.once('close', () => {
      seen.ended += 1;
    });
  };
  return { seen, listener };
};

describe('a reload reaches', () => {
  test('a request that was under way before it', async () => {
    const { seen, listener } = silent();
    const { port } = await upstreamServer(closing, listener);
    const mesh = await testMesh(closing, configOf(port, {}));
    const waiting = fetch(mesh.url);
    await until(() => seen.asked === 1, 'the service has the request');
    await push(mesh, configOf(port, { timeouts: { ...timeouts, idleMs: 50 } }));
    assert.equal((await waiting).status, 504);
  });

  test('the connections of mirrors', async () => {
    const { port } = await upstreamServer(closing, (_request, response) => response.end());
    const { seen, listener } = silent();
    const shadow = await upstreamServer(closing, listener);
    const mesh = await testMesh(closing, configOf(port, {}, shadow.port));
    await (await fetch(mesh.url)).arrayBuffer();
    await until(() => seen.asked === 1, 'the mirror has its copy');
    await push(mesh, configOf(port, { timeouts: { ...timeouts, idleMs: 50 } }, shadow.port));
    await until(() => seen.ended === 1, 'the copy is given up', 5_000);
  });

  test('requests that wait for a place', async () => {
    const { seen, listener } = silent();
    const { port } = await upstreamServer(closing, listener);
    const one = { limits: { ...limits, maxInFlight: 1, queueTimeoutMs: 60_000 } };
    const mesh = await testMesh(closing, configOf(port, one));
    for (let n = 0; n < 2; n += 1) fetch(mesh.url).catch(() => {});
    await until(() => seen.asked === 1 && mesh.inFlight() === 2, 'one is under way, and one waits');
    await push(mesh, configOf(port, { limits: { ...limits, maxInFlight: 2 } }));
    await until(() => seen.asked === 2, 'the second one has a place');
  });

  test('how long requests wait for a place', async () => {
    const { seen, listener } = silent();
    const { port } = await upstreamServer(closing, listener);
    const one = { ...limits, maxInFlight: 1 };
    const mesh = await testMesh(closing, configOf(port, { limits: { ...one, queueTimeoutMs: 60_000 } }));
    fetch(mesh.url).catch(() => {});
    await until(() => seen.asked === 1, 'one is under way');
    const waiting = fetch(mesh.url);
    await until(() => mesh.inFlight() === 2, 'and one waits');
    await push(mesh, configOf(port, { limits: { ...one, queueTimeoutMs: 20 } }));
    assert.equal((await waiting).status, 503);
    assert.equal(mesh.log.requests().at(-1)?.reason, 'overloaded');
  });

  test('an instance that has left already: its requests are cut when the new drain time is over', async () => {
    const { seen, listener } = silent();
    const leaving = await upstreamServer(closing, listener);
    const { port } = await upstreamServer(closing, (_request, response) => response.end());
    const mesh = await testMesh(closing, configOf(leaving.port, {}));
    const waiting = fetch(mesh.url);
    await until(() => seen.asked === 1, 'the instance has the request');
    await push(mesh, configOf(port, {}));
    await push(mesh, configOf(port, { discovery: { ...discovery, drainMs: 20 } }));
    assert.equal((await waiting).status, 503);
  });
});

test('reloads that change one service leave the health checks of another one running', async () => {
  const checks: ServerResponse[] = [];
  const { port } = await upstreamServer(closing, (_request, response) => void checks.push(response));
  const healthCheck = {
    path: '/health/ready',
    intervalMs: 60_000,
    timeoutMs: 60_000,
    healthyThreshold: 1,
    unhealthyThreshold: 1,
    expectedStatus: { from: 200, to: 299 },
  };
  const config = (n: number) => ({
    ...configOf(port, { healthCheck }),
    services: [service('shop', [port], { healthCheck }), service('busy', [1 + n])],
  });
  const mesh = await testMesh(closing, config(0));
  await until(() => checks.length === 1, 'a check is under way');
  for (let n = 1; n <= 5; n += 1) await push(mesh, config(n));
  checks[0]?.writeHead(503).end();
  const [instance] = mesh.registry.find('shop', 80)?.endpoints ?? [];
  assert.ok(instance !== undefined);
  await until(() => healthOf(instance).state === 'unhealthy', 'the check is believed');
  assert.equal(checks.length, 1);
});
