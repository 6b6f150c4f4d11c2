import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { BackendTrafficPolicy } from './config/policy-model.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const { timeouts, limits, loadBalancer } = backendPolicy();

const configOf = (ports: number[], policy: Partial<BackendTrafficPolicy>) =>
  meshConfig([service('shop', ports, policy)], [route('all', [rule({ backendRefs: [backendRef('shop')] })])]);

const handshake = (path: string) => [
  `GET ${path} HTTP/1.1`,
  'Host: shop',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '',
  '',
];

describe('an upgrade', () => {
  test('to a silent service ends after timeouts.idle, and releases its place', async () => {
    const upstream = await upstreamServer(closing, (_request, response) => response.end('plain'));
    upstream.server.on('upgrade', (_request, socket: Socket) => socket.on('error', () => {}));
    const one = {
      timeouts: { ...timeouts, idleMs: 60 },
      limits: { ...limits, maxInFlight: 1, queueTimeoutMs: 60_000 },
    };
    const mesh = await testMesh(closing, configOf([upstream.port], one));
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    await until(() => mesh.inFlight() === 1, 'the upgrade is in flight');
    const waiting = fetch(mesh.url);
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 504 [\s\S]*"status":504/);
    assert.equal(mesh.log.requests()[0]?.reason, 'upstream_idle');
    assert.equal(await (await waiting).text(), 'plain');
  });

  test('that is refused by a truncated reply ends after timeouts.idle', async () => {
    const upstream = await upstreamServer(closing, () => {});
    upstream.server.on('upgrade', (_request, socket: Socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nhalf');
    });
    const mesh = await testMesh(closing, configOf([upstream.port], { timeouts: { ...timeouts, idleMs: 60 } }));
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 403 [\s\S]*half/);
    await until(() => mesh.log.requests().length === 1, 'it is over');
    assert.equal(mesh.log.requests()[0]?.reason, 'upstream_idle');
  });
});

describe('an instance whose connections are used up', () => {
  const held: ServerResponse[] = [];
  const holding = (name: string) => (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('x-instance', name);
    if (request.url !== '/hold') response.end();
    else {
      held.push(response);
      response.write('.');
    }
  };

  const before = async (names: string[], over: Partial<typeof limits> = {}) => {
    held.length = 0;
    const servers = await Promise.all(names.map((name) => upstreamServer(closing, holding(name))));
    const policy = {
      limits: { ...limits, maxConnections: 1, queueTimeoutMs: 60_000, ...over },
      loadBalancer: { ...loadBalancer, algorithm: 'RoundRobin' as const },
    };
    const ports = servers.map(({ port }) => port);
    const mesh = await testMesh(closing, configOf(ports, policy));
    return { mesh, hold: async () => fetch(`${mesh.url}/hold`) };
  };

  test('is not used while another one has room', async () => {
    const { mesh, hold } = await before(['a', 'b']);
    const full = (await hold()).headers.get('x-instance');
    for (let n = 0; n < 6; n += 1) {
      const response = await fetch(mesh.url);
      assert.equal(response.headers.get('x-instance'), full === 'a' ? 'b' : 'a');
      await response.arrayBuffer();
    }
    for (const response of held) response.end();
  });

  test('makes requests wait no longer than limits.queueTimeout: then 503 with Retry-After', async () => {
    const { mesh, hold } = await before(['a'], { queueTimeoutMs: 50 });
    const first = await hold();
    const shed = await fetch(mesh.url);
    assert.deepEqual([shed.status, shed.headers.get('retry-after')], [503, '1']);
    assert.equal(mesh.log.requests()[0]?.reason, 'overloaded');
    held[0]?.end();
    assert.equal(await first.text(), '.');
    const [endpoint] = mesh.registry.find('shop', 80)?.endpoints ?? [];
    assert.equal(endpoint?.inFlight, 0);
  });

  test('has room again with new documents that raise the limit', async () => {
    const { mesh, hold } = await before(['a']);
    await hold();
    const waiting = fetch(mesh.url);
    const [endpoint] = mesh.registry.find('shop', 80)?.endpoints ?? [];
    await until(() => endpoint?.connections.stats().queued === 1, 'a request waits');
    const port = endpoint?.port ?? 0;
    mesh.documents = { config: configOf([port], { limits: { ...limits, maxConnections: 2 } }) };
    await mesh.reload('a test', 'more connections');
    assert.equal((await waiting).status, 200);
    for (const response of held) response.end();
  });
});

describe('a name that does not resolve', () => {
  test('delays neither the start nor other services', async () => {
    const upstream = await upstreamServer(closing, (_request, response) => response.end('here'));
    const lost = {
      ...service('lost', [], { timeouts: { ...timeouts, connectMs: 50 } }),
      externalName: 'lost.example',
    };
    const { promise, resolve } = Promise.withResolvers<{ addresses: string[] }>();
    const path = { type: 'PathPrefix' as const, value: '/lost' };
    const routes = [
      route('all', [
        rule({ backendRefs: [backendRef('shop')] }),
        rule({ matches: [{ path, headers: [], queryParams: [] }], backendRefs: [backendRef('lost')] }),
      ]),
    ];
    const mesh = await testMesh(closing, meshConfig([service('shop', [upstream.port]), lost], routes), {
      resolve: () => promise,
    });
    assert.equal(await (await fetch(mesh.url)).text(), 'here');
    assert.equal((await fetch(`${mesh.adminUrl}/health/ready`)).status, 200);
    assert.equal((await fetch(`${mesh.url}/lost`)).status, 503);
    resolve({ addresses: ['127.0.0.1'] });
    await until(() => mesh.registry.find('lost', 80)?.endpoints.length === 1, 'the name is used when it resolves');
  });
});
