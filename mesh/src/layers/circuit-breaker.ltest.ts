import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CircuitBreakerPolicy } from '../config/policy-model.ts';
import { knownBreakerOf } from '../service-state/readiness.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const defaults = backendPolicy();

/** Two instances in round-robin order; the test decides how the first one behaves. */
async function twoInstances(
  behave: { first: RequestListener },
  breaker: Partial<CircuitBreakerPolicy>,
  attempts: number,
) {
  const first = await upstreamServer(closing, (request, response) => behave.first(request, response));
  const second = await upstreamServer(closing, (_request, response) => void response.end('second'));
  const policy = {
    loadBalancer: { ...defaults.loadBalancer, algorithm: 'RoundRobin' as const },
    circuitBreaker: { ...defaults.circuitBreaker, ...breaker },
  };
  const retry = { codes: [500], attempts, backoffMs: 1 };
  const rules = [rule({ backendRefs: [backendRef('shop')], retry })];
  const config = meshConfig([service('shop', [first.port, second.port], policy)], [route('all', rules)]);
  const mesh = await testMesh(closing, config);
  const state = () => {
    const endpoint = mesh.registry.find('shop', 80)?.endpoints.find(({ port }) => port === first.port);
    assert.ok(endpoint !== undefined);
    const known = knownBreakerOf(endpoint);
    return { state: known?.state(performance.now()) ?? 'admitting', reason: known?.reason ?? null };
  };
  return { mesh, state };
}

const half: RequestListener = (request, response) => {
  response.writeHead(200, { 'content-length': 10 });
  response.write('half', () => void request.socket.destroy());
};

describe('replies that break off within their body', () => {
  test('count as failures in a row, whatever the status of their heads', async () => {
    let broken = 0;
    const penalty = { minMs: 600_000, maxMs: 600_000, jitterRatio: 0 };
    const behave: { first: RequestListener } = {
      first: (request, response) => {
        broken += 1;
        half(request, response);
      },
    };
    const { mesh, state } = await twoInstances(behave, { consecutiveFailures: 4, penalty }, 0);
    for (let i = 0; i < 20; i += 1) {
      const text = await (await fetch(mesh.url)).text().catch(() => 'broken');
      assert.ok(text === 'second' || text === 'broken');
    }
    assert.equal(broken, 4);
    assert.deepEqual(state(), { state: 'tripped', reason: 'consecutive_failures' });
  });

  test('are detected by a probe that costs no client its reply', async () => {
    const behave: { first: RequestListener } = { first: (_request, response) => void response.writeHead(500).end() };
    const penalty = { minMs: 20, maxMs: 20, jitterRatio: 0 };
    const { mesh, state } = await twoInstances(behave, { consecutiveFailures: 1, penalty }, 2);
    await until(async () => {
      assert.equal(await (await fetch(mesh.url)).text(), 'second');
      return state().state !== 'admitting';
    }, 'it is out');
    let broken = 0;
    behave.first = (request, response) => {
      broken += 1;
      half(request, response);
    };
    await until(async () => {
      assert.equal(await (await fetch(mesh.url)).text(), 'second');
      return broken >= 3;
    }, 'it has been probed');
    assert.equal(state().reason, 'probe_failed');
  });
});

test('a probe whose reply never ends is let through after a while, and counts as a success', async () => {
  const behave: { first: RequestListener } = { first: (_request, response) => void response.writeHead(500).end() };
  const penalty = { minMs: 20, maxMs: 20, jitterRatio: 0 };
  const { mesh, state } = await twoInstances(behave, { consecutiveFailures: 1, penalty }, 2);
  await until(async () => {
    assert.equal(await (await fetch(mesh.url)).text(), 'second');
    return state().state !== 'admitting';
  }, 'it is out');
  const streams: ServerResponse[] = [];
  behave.first = (_request, response) => {
    streams.push(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  };
  const clients: RawClient[] = [];
  await until(async () => {
    if (streams.length > 0) return true;
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    clients.push(client);
    await until(() => streams.length > 0 || client.received.includes('second'), 'it has gone somewhere');
    return streams.length > 0;
  }, 'it is probed');
  await clients.at(-1)?.untilReceived(/data: 1/);
  assert.equal(state().state, 'admitting');
  assert.equal(streams.length, 1);
});
