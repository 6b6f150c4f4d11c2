import assert from 'node:assert/strict';
import type { Server, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { defaultBackendPolicy } from '../config/default-policies.ts';
import type { LimitsPolicy, RateLimit } from '../config/policy-model.ts';
import { backendRef, meshConfig, route, routePolicy, rule, service } from '../testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** A shop that replies when the test says so. */
async function slowShop(over: Partial<LimitsPolicy>, prepare: (server: Server) => void = () => {}) {
  const open: ServerResponse[] = [];
  const upstream = await upstreamServer(closing, (_request, response) => void open.push(response));
  prepare(upstream.server);
  const limits = { ...defaultBackendPolicy().limits, ...over };
  const config = (changed: Partial<LimitsPolicy> = {}) =>
    meshConfig(
      [service('shop', [upstream.port], { limits: { ...limits, ...changed } })],
      [route('all', [rule({ backendRefs: [backendRef('shop')] })])],
    );
  const mesh = await testMesh(closing, config());
  const metric = async (name: string) => {
    const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{service="shop"\\} (\\d+)$`, 'm').exec(text)?.[1]);
  };
  return { mesh, open, config, metric };
}

describe('the limits of a service', () => {
  test('admit some requests, queue some more, and shed the rest at once', async () => {
    const { mesh, open, metric } = await slowShop({
      maxInFlight: 2,
      maxQueued: 1,
      queueTimeoutMs: 60_000,
      retryAfterS: 7,
    });
    const sent = [fetch(mesh.url), fetch(mesh.url)];
    await until(() => open.length === 2, 'two are in flight');
    sent.push(fetch(mesh.url));
    await until(async () => (await metric('mesh_requests_queued')) === 1, 'one waits');
    assert.equal(await metric('mesh_requests_in_flight'), 2);

    const shed = await fetch(mesh.url);
    assert.equal(shed.status, 503);
    assert.equal(shed.headers.get('retry-after'), '7');
    await shed.json();
    assert.deepEqual(mesh.log.requests().at(-1)?.flags, ['UO']);
    assert.equal(open.length, 2);

    open[0]?.end('a');
    await until(() => open.length === 3, 'the one that waited goes on');
    for (const response of open) response.end('b');
    for (const response of await Promise.all(sent)) assert.equal(response.status, 200);
    await until(async () => (await metric('mesh_requests_in_flight')) === 0, 'all places are free');
  });

  test('hold a place until the last byte, and free it when the client goes', async () => {
    const { mesh, open } = await slowShop({ maxInFlight: 1, maxQueued: 0 });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    await until(() => open.length === 1, 'it is in flight');
    open[0]?.write('first');
    await client.untilReceived(/first/);
    const shed = await fetch(mesh.url);
    assert.equal(shed.status, 503);
    await shed.json();
    client.socket.destroy();
    await until(() => mesh.inFlight() === 0, 'the mesh has noticed');
    const next = fetch(mesh.url);
    await until(() => open.length === 2, 'there is a place again');
    open[1]?.end('second');
    assert.equal(await (await next).text(), 'second');
  });

  test('end a wait that is too long, and one whose client has gone', async () => {
    const { mesh, open, metric } = await slowShop({ maxInFlight: 1, maxQueued: 5, queueTimeoutMs: 200 });
    void fetch(mesh.url).catch(() => {});
    await until(() => open.length === 1, 'one is in flight');
    const gone = await RawClient.to(mesh.edgePort, closing);
    gone.send('GET /gone HTTP/1.1', 'Host: shop', '', '');
    await until(async () => (await metric('mesh_requests_queued')) === 1, 'it waits');
    gone.socket.destroy();
    await until(async () => (await metric('mesh_requests_queued')) === 0, 'it waits no more');
    const late = await fetch(mesh.url);
    assert.equal(late.status, 503);
    assert.match(await late.text(), /No place came free/);
    open[0]?.end();
    assert.equal(open.length, 1, 'neither of them was sent');
  });

  test('do not count tunnels, which last for days', async () => {
    const { mesh, open } = await slowShop({ maxInFlight: 1, maxQueued: 0 }, (server) =>
      server.on('upgrade', (_request, socket) => {
        closing.add(() => socket.destroy());
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      }),
    );
    const client = await RawClient.to(mesh.edgePort, closing);
    const key = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'];
    client.send('GET / HTTP/1.1', 'Host: shop', 'Connection: Upgrade', 'Upgrade: websocket', ...key, '', '');
    await client.untilReceived(/101/);
    const sent = fetch(mesh.url);
    await until(() => open.length === 1, 'there is a place');
    open[0]?.end('ok');
    assert.equal((await sent).status, 200);
  });

  test('take effect with new documents, also for waiting requests', async () => {
    const { mesh, open, config, metric } = await slowShop({ maxInFlight: 1, queueTimeoutMs: 60_000 });
    const sent = [fetch(mesh.url)];
    await until(() => open.length === 1, 'one is in flight');
    sent.push(fetch(mesh.url));
    await until(async () => (await metric('mesh_requests_queued')) === 1, 'one waits');
    mesh.documents = { config: config({ maxInFlight: 3 }) };
    await mesh.reload('test', '');
    sent.push(fetch(mesh.url));
    await until(() => open.length === 3, 'all are in flight');
    for (const response of open) response.end();
    for (const response of await Promise.all(sent)) assert.equal(response.status, 200);
  });
});

describe('rate limits', () => {
  const limited = async (rateLimits: RateLimit[], trustedProxies: string[] = []) => {
    const upstream = await upstreamServer(closing, (_request, response) => response.end('ok'));
    const rules = [rule({ backendRefs: [backendRef('shop')] })];
    const config = () =>
      meshConfig([service('shop', [upstream.port])], [route('all', rules, { policy: routePolicy({ rateLimits }) })]);
    const mesh = await testMesh(closing, config(), { trustedProxies });
    const ask = async (headers: Record<string, string> = {}) => {
      const response = await fetch(mesh.url, { headers });
      await response.arrayBuffer();
      return response;
    };
    return { mesh, ask, config };
  };
  /** One token, and longer until the next than any test takes. */
  const once = { requestsPerSecond: 0.001, burst: 1 };

  test('of a route hold for all its clients together, and survive new documents', async () => {
    const { mesh, ask, config } = await limited([{ ...once, burst: 2, per: 'Route' }]);
    assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200]);
    const refused = await ask();
    assert.equal(refused.status, 429);
    assert.match(refused.headers.get('retry-after') ?? '', /^(1000|9\d\d)$/);
    assert.deepEqual(mesh.log.requests().at(-1)?.flags, ['RL']);
    const changed = config();
    changed.services[0]!.policy.limits.maxQueued += 1;
    mesh.documents = { config: changed };
    await mesh.reload('test', '');
    assert.equal(mesh.mesh.status.generation, 2);
    assert.equal((await ask()).status, 429, 'a change of the documents refills no bucket');
  });

  test('of clients hold for each client, and use no tokens of the route', async () => {
    const { ask } = await limited([
      { ...once, burst: 3, per: 'Route' },
      { ...once, per: 'Client', clientHeader: 'x-client' },
    ]);
    const statuses = [];
    for (const client of ['a', 'a', 'a', 'b', 'c', 'd']) statuses.push((await ask({ 'x-client': client })).status);
    assert.deepEqual(statuses, [200, 429, 429, 200, 200, 429]);
  });

  test('identify a client by its address, whatever it claims', async () => {
    const { ask } = await limited([{ ...once, per: 'Client' }]);
    assert.equal((await ask({ 'x-forwarded-for': '192.0.2.1' })).status, 200);
    assert.equal((await ask({ 'x-forwarded-for': '192.0.2.2' })).status, 429);
  });

  test('identify a client behind a trusted proxy by the last address that is not a proxy’s', async () => {
    const { ask } = await limited([{ ...once, per: 'Client' }], ['127.0.0.0/8', '10.0.0.0/8']);
    const from = async (chain: string) => (await ask({ 'x-forwarded-for': chain })).status;
    assert.equal(await from('192.0.2.1'), 200);
    assert.equal(await from('192.0.2.2'), 200);
    assert.equal(await from('192.0.2.9, 192.0.2.1, 10.0.0.1'), 429, 'addresses further left are only claims');
  });
});
