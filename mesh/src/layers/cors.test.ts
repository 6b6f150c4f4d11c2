import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CorsFilter } from '../config/model.ts';
import type { RoutePolicy } from '../config/policy-model.ts';
import { backendRef, meshConfig, route, routePolicy, rule, service } from '../testing/config.ts';
import { Closing, testMesh, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const origin = 'https://www.example';
const cors: CorsFilter = {
  allowOrigins: [origin],
  allowCredentials: false,
  allowMethods: ['PUT'],
  allowHeaders: ['authorization'],
  exposeHeaders: ['retry-after'],
  maxAgeS: 5,
};

/** A mesh with one rule, which has the CORS filter and `policy`. */
async function guarded(policy: Partial<RoutePolicy>) {
  const upstream = await upstreamServer(closing, (request, response) =>
    request.resume().on('end', () => response.end('shop')),
  );
  const rules = [rule({ filters: [{ type: 'CORS', cors }], backendRefs: [backendRef('shop')] })];
  const mesh = await testMesh(
    closing,
    meshConfig([service('shop', [upstream.port])], [route('shop', rules, { policy: routePolicy(policy) })]),
  );
  return (headers: Record<string, string>, method = 'GET', body = '') =>
    new Promise<{ status: number; headers: IncomingHttpHeaders }>((resolve, reject) => {
      const options = { host: '127.0.0.1', port: mesh.edgePort, method, headers: { origin, ...headers } };
      const sent = httpRequest(options, (response) => {
        response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
      });
      sent.on('error', reject).end(body);
    });
}

describe('a refusal of the mesh', () => {
  test('is readable by a script: 429', async () => {
    const ask = await guarded({ rateLimits: [{ requestsPerSecond: 0.001, burst: 1, per: 'Route' }] });
    assert.equal((await ask({})).status, 200);
    const refused = await ask({});
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['access-control-allow-origin'], origin);
    assert.equal(refused.headers['access-control-expose-headers'], 'retry-after');
    assert.equal(refused.headers.vary, 'Origin');
    const stranger = await ask({ origin: 'https://evil.example' });
    assert.equal(stranger.status, 429);
    assert.equal(stranger.headers['access-control-allow-origin'], undefined);
  });

  test('is readable by a script: 413, for an announced and for an unannounced length', async () => {
    const ask = await guarded({ bodyLimitBytes: 3 });
    for (const framing of [{ 'content-length': '5' }, { 'transfer-encoding': 'chunked' }]) {
      const refused = await ask(framing as Record<string, string>, 'POST', 'hello');
      assert.equal(refused.status, 413, JSON.stringify(framing));
      assert.equal(refused.headers['access-control-allow-origin'], origin);
    }
  });

  test('is readable by a script: 504 for an expired request', async () => {
    const ask = await guarded({});
    const refused = await ask({ 'x-request-timeout-ms': '0' });
    assert.equal(refused.status, 504);
    assert.equal(refused.headers['access-control-allow-origin'], origin);
  });
});

test('preflights count against no limit', async () => {
  const ask = await guarded({ rateLimits: [{ requestsPerSecond: 0.001, burst: 1, per: 'Client' }] });
  for (let i = 0; i < 5; i += 1) {
    const preflight = await ask({ 'access-control-request-method': 'PUT' }, 'OPTIONS');
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers['access-control-allow-methods'], 'PUT');
  }
  assert.equal((await ask({})).status, 200, 'the request itself has its token');
  assert.equal((await ask({}, 'OPTIONS')).status, 429, 'OPTIONS that is no preflight is an ordinary request');
});
