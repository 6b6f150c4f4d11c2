import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { defaultBackendPolicy } from '../config/default-policies.ts';
import type { LoadBalancerPolicy } from '../config/policy-model.ts';
import { backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, testMesh, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** A mesh before instances that each reply with their number. */
async function before(over: Partial<LoadBalancerPolicy>, instances: RequestListener[]) {
  const servers = await Promise.all(instances.map((listener) => upstreamServer(closing, listener)));
  const { loadBalancer, circuitBreaker } = defaultBackendPolicy();
  const policy = {
    loadBalancer: { ...loadBalancer, slowStart: { ...loadBalancer.slowStart, windowMs: 0 }, ...over },
    circuitBreaker: { ...circuitBreaker, enabled: false },
  };
  const ports = servers.map(({ port }) => port);
  const rules = [rule({ backendRefs: [backendRef('shop')] })];
  const mesh = await testMesh(closing, meshConfig([service('shop', ports, policy)], [route('all', rules)]));
  const ask = async (headers: Record<string, string> = {}) => {
    const response = await fetch(mesh.url, { headers });
    return { who: await response.text(), status: response.status, cookie: response.headers.get('set-cookie') };
  };
  return { mesh, ask };
}

const saying =
  (number: number): RequestListener =>
  (_request, response) =>
    void response.end(String(number));
const three = [0, 1, 2].map(saying);

async function counts(ask: () => Promise<{ who: string }>, times: number): Promise<number[]> {
  const seen = [0, 0, 0];
  for (let i = 0; i < times; i += 1) {
    const { who } = await ask();
    seen[Number(who)] = (seen[Number(who)] ?? 0) + 1;
  }
  return seen;
}

describe('balancing by the service’s policy', () => {
  test('round robin uses the instances one after the other', async () => {
    const { ask } = await before({ algorithm: 'RoundRobin' }, three);
    assert.deepEqual(await counts(ask, 12), [4, 4, 4]);
  });

  test('an instance that fails at once gets almost no requests by EWMA', async () => {
    const broken: RequestListener = (_request, response) => {
      response.statusCode = 500;
      response.end('0');
    };
    const { ask } = await before({ algorithm: 'EWMA' }, [broken, saying(1), saying(2)]);
    const [failed = 0] = await counts(ask, 60);
    assert.ok(failed <= 6, `${failed} of 60 met the instance that fails`);
  });

  test('429 makes an instance slow, too', async () => {
    const busy: RequestListener = (_request, response) => {
      response.writeHead(429, { 'retry-after': '60' });
      response.end('0');
    };
    const { ask } = await before({ algorithm: 'EWMA' }, [busy, saying(1), saying(2)]);
    const [turnedAway = 0] = await counts(ask, 60);
    assert.ok(turnedAway <= 6, `${turnedAway} of 60`);
  });

  test('a header keeps a client on its instance, and clients spread', async () => {
    const { ask } = await before(
      { algorithm: 'ConsistentHash', consistentHash: { type: 'Header', name: 'x-tenant' } },
      three,
    );
    const places = new Set<string>();
    for (let tenant = 0; tenant < 12; tenant += 1) {
      const first = await ask({ 'x-tenant': `t${tenant}` });
      const second = await ask({ 'x-tenant': `t${tenant}` });
      assert.equal(first.who, second.who);
      places.add(first.who);
    }
    assert.ok(places.size > 1);
  });

  test('a cookie is set once and keeps the client on its instance', async () => {
    const hashing = { type: 'Cookie', name: 'shard', ttlMs: 60_000, path: '/shop' } as const;
    const { ask } = await before({ algorithm: 'ConsistentHash', consistentHash: hashing }, three);
    const first = await ask();
    assert.match(first.cookie ?? '', /^shard=\w+; Path=\/shop; Max-Age=60; HttpOnly; SameSite=Lax$/);
    const cookie = `theme=dark; ${first.cookie?.split(';')[0]}`;
    for (let i = 0; i < 6; i += 1) {
      const again = await ask({ cookie });
      assert.equal(again.who, first.who);
      assert.equal(again.cookie, null);
    }
  });

  test('the address of the client keeps it on its instance', async () => {
    const { ask } = await before({ algorithm: 'ConsistentHash', consistentHash: { type: 'Source' } }, three);
    const seen = await counts(ask, 9);
    assert.deepEqual(
      seen.filter((count) => count > 0),
      [9],
    );
  });

  test('a service without any instance gets 503', async () => {
    const { ask } = await before({}, []);
    assert.equal((await ask()).status, 503);
  });

  test('nothing is left in flight', async () => {
    const { ask, mesh } = await before({ algorithm: 'LeastRequest' }, three);
    await counts(ask, 5);
    const { services } = (await (await fetch(`${mesh.adminUrl}/endpoints`)).json()) as {
      services: { endpoints: { inFlight: number }[] }[];
    };
    const inFlight = services.flatMap(({ endpoints }) => endpoints.map((endpoint) => endpoint.inFlight));
    assert.deepEqual(inFlight, [0, 0, 0]);
  });
});
