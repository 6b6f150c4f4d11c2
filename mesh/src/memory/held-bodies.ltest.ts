import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSettings } from '../settings.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from '../testing/harness.ts';
import { MeshProcess } from '../testing/mesh-process.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const root = fileURLToPath(new URL('../../..', import.meta.url));
const platform = readSettings({}).settings.documents.map((path) => `${root}${path}`);
const head = ['PUT /v2/products HTTP/1.1', 'Host: shop', 'Transfer-Encoding: chunked', '', ''].join('\r\n');

async function gauge(adminUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  assert.ok(line !== undefined, name);
  return Number(line.slice(name.length + 1));
}

test('60 unfinished bodies of 360 KB in chunks of one byte, by the documents of the platform, take little memory', async (t) => {
  let arrived = 0;
  const upstream = await upstreamServer(closing, (request) => {
    request.on('error', () => {});
    if (request.url === '/health/ready') request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    request.on('data', (chunk: Buffer) => {
      arrived += chunk.byteLength;
    });
  });
  const ports = { MONOLITH_PORT: String(upstream.port) };
  const mesh = await MeshProcess.start(closing, MeshProcess.folder(closing, ''), [], {
    ...ports,
    MESH_DOCUMENTS: platform.join(','),
    EDGE_PORT: String(await quietPort()),
    LOG_LEVEL: 'info',
  });
  const edgePort = Number(new URL(mesh.edge).port);
  const residentBefore = await gauge(mesh.adminUrl, 'process_resident_memory_bytes');
  const cpuBefore = await gauge(mesh.adminUrl, 'process_cpu_seconds_total');
  const body = '1\r\nx\r\n'.repeat(60_000);
  for (let i = 0; i < 60; i += 1) {
    const client = await RawClient.to(edgePort, closing);
    client.send(head + body);
  }
  await until(() => arrived === 60 * 60_000, 'all of it has gone through', 60_000);
  const held = await gauge(mesh.adminUrl, 'mesh_held_bytes');
  assert.ok(held >= 60 * 60_000, `${held} bytes are kept for another attempt`);
  assert.ok(held < 2 * 60 * 60_000, `${held} bytes are charged`);
  const resident = await gauge(mesh.adminUrl, 'process_resident_memory_bytes');
  const cpuS = (await gauge(mesh.adminUrl, 'process_cpu_seconds_total')) - cpuBefore;
  t.diagnostic(
    `resident ${Math.round(residentBefore / 1e6)} MB before, ${Math.round(resident / 1e6)} MB after, ${cpuS} s`,
  );
  assert.ok(resident < 250e6, `${resident} bytes resident`);
});

describe('the limit on held bytes', () => {
  const shop = (ports: number[], over = {}) =>
    meshConfig(
      [service('shop', ports, { circuitBreaker: { ...backendPolicy().circuitBreaker, enabled: false }, ...over })],
      [route('all', [rule({ backendRefs: [backendRef('shop')], retry: { codes: [503], attempts: 2, backoffMs: 1 } })])],
    );

  test('503 if a body must wait and there is no room for it; everything is released', async () => {
    const release: (() => void)[] = [];
    const upstream = await upstreamServer(closing, (request, response) => {
      request.resume();
      release.push(() => response.end('fine'));
    });
    // One request is in flight, and the others wait with the part of their body that has come.
    const limits = { ...backendPolicy().limits, maxInFlight: 1, queueTimeoutMs: 60_000 };
    const mesh = await testMesh(closing, shop([upstream.port], { limits }), { heldBytesMax: 1_048_576 });
    const first = fetch(mesh.url);
    await until(() => release.length === 1, 'the only place is taken');
    const clients: RawClient[] = [];
    for (let i = 0; i < 20; i += 1) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send(`PUT / HTTP/1.1\r\nHost: shop\r\nContent-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`);
      clients.push(client);
    }
    await until(async () => (await gauge(mesh.adminUrl, 'mesh_requests_queued{service="shop"}')) === 20, 'all wait');
    assert.ok((await gauge(mesh.adminUrl, 'mesh_held_bytes')) <= 1_048_576);
    let freed = 0;
    await until(() => {
      while (freed < release.length) release[freed++]?.();
      return clients.every(({ received }) => received !== '');
    }, 'all have their reply');
    assert.equal(await (await first).text(), 'fine');
    const count = (pattern: RegExp) => clients.filter(({ received }) => pattern.test(received)).length;
    assert.ok(count(/^HTTP\/1.1 200/) > 10);
    assert.ok(count(/^HTTP\/1.1 503[\s\S]*retry-after/i) > 0);
    assert.equal(count(/^HTTP\/1.1 (200|503)/), 20);
    await until(async () => (await gauge(mesh.adminUrl, 'mesh_held_bytes')) === 0, 'everything is given back');
  });

  test('nothing stays charged when clients go, whatever their bodies wait for', async () => {
    const limits = { ...backendPolicy().limits, maxInFlight: 2, queueTimeoutMs: 60_000 };
    const upstream = await upstreamServer(closing, (request) => void request.resume());
    const mesh = await testMesh(closing, shop([upstream.port], { limits }));
    const clients: RawClient[] = [];
    for (let i = 0; i < 10; i += 1) {
      const client = await RawClient.to(mesh.edgePort, closing);
      const [length, sent] = i % 2 === 0 ? [5000, 5000] : [9000, 4000];
      client.send(`PUT / HTTP/1.1\r\nHost: shop\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(sent)}`);
      clients.push(client);
    }
    await until(async () => (await gauge(mesh.adminUrl, 'mesh_held_bytes')) > 40_000, 'all are held');
    for (const { socket } of clients) socket.destroy();
    await until(async () => (await gauge(mesh.adminUrl, 'mesh_held_bytes')) === 0, 'everything is given back');
  });

  test('a held reply is handed on if there is no room for it', async () => {
    const upstream = await upstreamServer(closing, (_request, response) => {
      response.writeHead(200, { 'content-length': 3_000_000 });
      response.write(Buffer.alloc(2_900_000, 'x'));
    });
    const retry = { ...backendPolicy().retry, replyLimitBytes: 4_000_000 };
    const mesh = await testMesh(closing, shop([upstream.port], { retry }), { heldBytesMax: 1_048_576 });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
    await until(() => client.received.length > 2_900_000, 'what has come is handed on');
    assert.equal(await gauge(mesh.adminUrl, 'mesh_held_bytes'), 0);
  });
});
