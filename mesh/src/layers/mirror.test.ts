import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { HttpRouteFilter } from '../config/model.ts';
import type { MirrorPolicy } from '../config/policy-model.ts';
import type { Shadow } from '../telemetry/shadows.ts';
import { backendRef, meshConfig, route, routePolicy, rule, service } from '../testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

interface Got {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** An upstream that records its requests, and then replies. */
async function keeping(handle: RequestListener = (_request, response) => void response.end('ok')) {
  const got: Got[] = [];
  const { port, server } = await upstreamServer(closing, async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      return;
    }
    const { method = '', url = '', headers } = request;
    got.push({ method, url, headers, body: Buffer.concat(chunks) });
    handle(request, response);
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  return { port, server, got, connections: () => connections };
}

const mirrorTo = (name: string, numerator = 100): HttpRouteFilter => ({
  type: 'RequestMirror',
  mirror: { service: name, port: 80, numerator, denominator: 100 },
});

interface Options {
  policy?: Partial<MirrorPolicy>;
  filters?: HttpRouteFilter[];
  inner?: HttpRouteFilter[];
  handle?: RequestListener;
  mirrorHandle?: RequestListener;
  mirrorPorts?: number[];
  random?: () => number;
  trustedProxies?: string[];
}

/** A shop with one mirror `next`, and the requests that both got. */
async function mirrored(options: Options = {}) {
  const shop = await keeping(options.handle);
  const next = await keeping(options.mirrorHandle);
  const policy = routePolicy();
  const config = meshConfig(
    [service('shop', [shop.port]), service('next', options.mirrorPorts ?? [next.port])],
    [
      route(
        'all',
        [
          rule({
            filters: options.filters ?? [mirrorTo('next')],
            backendRefs: [{ ...backendRef('shop'), filters: options.inner ?? [] }],
          }),
        ],
        { policy: { ...policy, mirror: { ...policy.mirror, ...options.policy } } },
      ),
    ],
  );
  const { random = Math.random, trustedProxies = [] } = options;
  const mesh = await testMesh(closing, config, { random, trustedProxies });
  const shadows = async (query = '') =>
    ((await (await fetch(`${mesh.adminUrl}/shadows${query}`)).json()) as { shadows: Shadow[] }).shadows;
  const metric = async (name: string, label: string) => {
    const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{[^}]*"${label}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  return { mesh, shop, next, shadows, metric };
}

describe('a mirror', () => {
  test('gets a marked copy of each request, and its reply is compared and dropped', async () => {
    const { mesh, shop, next, shadows, metric } = await mirrored({
      mirrorHandle: (_request, response) => response.writeHead(500).end('x'.repeat(200_000)),
    });
    const response = await fetch(`${mesh.url}/carts?secret=1`, {
      headers: { 'x-custom': 'a', 'x-mesh-shadow': 'spoofed' },
    });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), 'ok');
    await until(async () => (await shadows()).length === 1, 'the copy is compared');
    assert.equal(shop.got[0]?.headers['x-mesh-shadow'], undefined);
    const copy = next.got[0];
    assert.equal(copy?.url, '/carts?secret=1');
    assert.equal(copy?.headers['x-mesh-shadow'], 'all');
    assert.equal(copy?.headers['x-custom'], 'a');
    assert.equal(copy?.headers.host, shop.got[0]?.headers.host);
    assert.equal(copy?.headers['x-request-id'], shop.got[0]?.headers['x-request-id']);
    const [shadow] = await shadows('?outcome=different_status');
    assert.deepEqual(
      [shadow?.route, shadow?.primary, shadow?.mirror, shadow?.primaryStatus, shadow?.status, shadow?.path],
      ['all', 'shop', 'next', 200, 500, '/carts'],
    );
    assert.equal(shadow?.traceId, copy?.headers.traceparent?.slice(3, 35));
    assert.deepEqual(await shadows('?outcome=same'), []);
    assert.match(
      await (await fetch(`${mesh.adminUrl}/metrics`)).text(),
      /shadow_requests_total\{route="all",mirror="next",primary_status_class="2xx",status_class="5xx",outcome="different_status"\} 1/,
    );
    assert.equal(await metric('mesh_shadow_duration_seconds_count', 'next'), 1);
  });

  test('of several hangs, resets, or is down: no request notices, and each outcome is counted', async () => {
    const hanging = await keeping(() => {});
    const resetting = await keeping((request) => request.socket.destroy());
    const gone = await keeping();
    await new Promise((resolve) => gone.server.close(resolve));
    const shop = await keeping();
    const policy = routePolicy();
    const mesh = await testMesh(
      closing,
      meshConfig(
        [
          service('shop', [shop.port]),
          service('hanging', [hanging.port]),
          service('resetting', [resetting.port]),
          service('gone', [gone.port]),
          service('empty', []),
        ],
        [
          route(
            'all',
            [
              rule({
                filters: ['hanging', 'resetting', 'gone', 'empty'].map((name) => mirrorTo(name)),
                backendRefs: [backendRef('shop')],
              }),
            ],
            { policy: { ...policy, mirror: { ...policy.mirror, timeoutMs: 200 } } },
          ),
        ],
      ),
    );
    for (let i = 0; i < 5; i += 1) assert.equal(await (await fetch(mesh.url)).text(), 'ok');
    const outcomes = async () => {
      const listed = (await (await fetch(`${mesh.adminUrl}/shadows`)).json()) as { shadows: Shadow[] };
      return listed.shadows.map(({ mirror, outcome, reason }) => `${mirror} ${outcome} ${reason}`);
    };
    await until(async () => (await outcomes()).length === 15, 'every copy has ended');
    assert.deepEqual(
      new Set(await outcomes()),
      new Set(['hanging timed_out attempt_timeout', 'resetting failed upstream_reset', 'gone failed connect_failed']),
    );
    const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    assert.match(text, /mesh_shadow_skipped_total\{route="all",mirror="empty",reason="no_endpoint"\} 5/);
    assert.ok(mesh.log.requests().every(({ status }) => status === 200));
  });

  test('that hangs uses no more than its budget, and recovers', async () => {
    const open: (() => void)[] = [];
    const { mesh, next, metric } = await mirrored({
      policy: { maxInFlight: 3, timeoutMs: 60_000 },
      mirrorHandle: (_request, response) => void open.push(() => response.end()),
    });
    for (let i = 0; i < 10; i += 1) assert.equal((await fetch(mesh.url)).status, 200);
    await until(() => next.got.length === 3, 'the budget is used up');
    assert.equal(await metric('mesh_shadow_skipped_total', 'busy'), 7);
    for (const respond of open) respond();
    await until(async () => (await metric('mesh_shadow_requests_total', 'same_status')) === 3, 'they have ended');
    await fetch(mesh.url);
    await until(() => next.got.length === 4, 'there is room again');
  });

  test('gets bodies byte for byte up to its limit, announced or chunked; longer ones are counted', async () => {
    const { mesh, shop, next, metric } = await mirrored({ policy: { unsafeMethods: true, bodyLimitBytes: 50_000 } });
    const hash = (bytes: Buffer | undefined) =>
      createHash('sha256')
        .update(bytes ?? '')
        .digest('hex');
    for (const size of [0, 1, 49_999, 50_000]) {
      const bytes = randomBytes(size);
      for (const body of [bytes, new Blob([bytes]).stream()]) {
        const before = next.got.length;
        await (await fetch(mesh.url, { method: 'POST', body, duplex: 'half' } as RequestInit)).text();
        await until(() => next.got.length === before + 1, `the copy of ${size} bytes has come`);
        assert.equal(hash(next.got.at(-1)?.body), hash(bytes));
        assert.equal(hash(shop.got.at(-1)?.body), hash(bytes));
      }
    }
    const copies = next.got.length;
    const long = randomBytes(50_001);
    await (await fetch(mesh.url, { method: 'POST', body: long })).text();
    await (
      await fetch(mesh.url, { method: 'POST', body: new Blob([long]).stream(), duplex: 'half' } as RequestInit)
    ).text();
    assert.equal(hash(shop.got.at(-1)?.body), hash(long));
    assert.equal(await metric('mesh_shadow_skipped_total', 'body_too_long'), 2);
    assert.equal(next.got.length, copies);
  });

  test('that does not read delays nothing', async () => {
    const never = await upstreamServer(closing, (request) => request.pause());
    const { mesh, shop } = await mirrored({
      policy: { unsafeMethods: true, bodyLimitBytes: 8_000_000 },
      mirrorPorts: [never.port],
    });
    const body = randomBytes(4_000_000);
    for (let i = 0; i < 3; i += 1) {
      const response = await fetch(mesh.url, { method: 'PUT', body });
      assert.equal(response.status, 200);
      await response.text();
    }
    assert.deepEqual(
      shop.got.map((got) => got.body.equals(body)),
      [true, true, true],
    );
  });

  test('gets no body that was never read to its end, and its place comes free', async () => {
    const { mesh, next, metric } = await mirrored({ policy: { unsafeMethods: true, maxInFlight: 1 } });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10', '', 'half');
    await until(() => mesh.inFlight() === 1, 'it is in flight');
    client.socket.destroy();
    await until(async () => (await metric('mesh_shadow_skipped_total', 'body_incomplete')) === 1, 'it is counted');
    await (await fetch(mesh.url, { method: 'POST', body: 'whole' })).text();
    await until(() => next.got.length === 1, 'the next one is mirrored');
    assert.equal(next.got[0]?.body.toString(), 'whole');
  });

  test('is read to its end, on a connection that is kept', async () => {
    let whole = 0;
    const { mesh, next, metric } = await mirrored({
      mirrorHandle: (_request, response) => {
        response.on('finish', () => {
          whole += 1;
        });
        response.write('x'.repeat(300_000));
        setImmediate(() => response.end('x'.repeat(300_000)));
      },
    });
    for (let i = 1; i <= 3; i += 1) {
      await (await fetch(mesh.url)).text();
      await until(async () => (await metric('mesh_shadow_requests_total', 'same_status')) === i, 'the copy has ended');
    }
    assert.equal(whole, 3);
    assert.equal(next.connections(), 1);
  });

  test('that hangs or breaks off within its reply counts as no reply, and its place comes free', async () => {
    const handlers: RequestListener[] = [
      (_request, response) => void response.writeHead(200).write('half'),
      (request, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('half');
        setImmediate(() => request.socket.destroy());
      },
      (_request, response) => void response.end(),
    ];
    const { mesh, shadows } = await mirrored({
      policy: { maxInFlight: 1, timeoutMs: 200 },
      mirrorHandle: (request, response) => handlers.shift()?.(request, response),
    });
    for (let i = 1; i <= 3; i += 1) {
      assert.equal(await (await fetch(mesh.url)).text(), 'ok');
      await until(async () => (await shadows()).length === i, 'the copy has ended');
    }
    assert.deepEqual(
      (await shadows()).map(({ outcome, status, reason }) => [outcome, status, reason]),
      [
        ['same_status', 200, null],
        ['failed', 200, 'upstream_reset'],
        ['timed_out', 200, 'attempt_timeout'],
      ],
    );
  });

  test('gets methods with an effect only if the route says so', async () => {
    const { mesh, next, metric } = await mirrored();
    await (await fetch(mesh.url, { method: 'POST', body: 'x' })).text();
    await (await fetch(mesh.url, { method: 'DELETE' })).text();
    await (await fetch(mesh.url)).text();
    await until(() => next.got.length === 1, 'one copy has come');
    assert.equal(next.got[0]?.method, 'GET');
    assert.equal(await metric('mesh_shadow_skipped_total', 'unsafe_method'), 2);
  });

  test('gets its share, drawn for each mirror', async () => {
    let point = 0.05;
    const { mesh, next } = await mirrored({
      filters: [mirrorTo('next', 0), mirrorTo('next', 5)],
      inner: [mirrorTo('next', 6)],
      random: () => point,
    });
    await (await fetch(mesh.url)).text();
    await until(() => next.got.length === 1, 'the larger share takes it');
    point = 0.049;
    await (await fetch(mesh.url)).text();
    await until(() => next.got.length === 3, 'both take it');
    point = 0.06;
    await (await fetch(mesh.url)).text();
    point = 0;
    await (await fetch(mesh.url)).text();
    await until(() => next.got.length === 5, 'both mirrors reply again, and their earlier copies have ended');
  });

  test('gets the request after the rule’s filters, without the changes of the backend’s filters', async () => {
    const set = (value: string): HttpRouteFilter => ({
      type: 'RequestHeaderModifier',
      modifier: { set: [{ name: 'x-by', value }], add: [], remove: [] },
    });
    const { mesh, shop, next } = await mirrored({ filters: [set('rule'), mirrorTo('next')], inner: [set('backend')] });
    await (await fetch(mesh.url)).text();
    await until(() => next.got.length === 1, 'the copy has come');
    assert.equal(next.got[0]?.headers['x-by'], 'rule');
    assert.equal(shop.got[0]?.headers['x-by'], 'backend');
  });

  test('copies no copies, and shares no connection with client requests', async () => {
    const { mesh, shop, next, metric } = await mirrored({
      filters: [mirrorTo('shop'), mirrorTo('next')],
      trustedProxies: ['127.0.0.1'],
    });
    for (let i = 0; i < 3; i += 1) await (await fetch(mesh.url)).text();
    await until(async () => (await metric('mesh_shadow_requests_total', 'same_status')) === 3, 'every copy has ended');
    assert.equal(shop.got.length, 6);
    assert.equal(shop.connections() >= 2, true);
    await (await fetch(mesh.url, { headers: { 'x-mesh-shadow': 'all' } })).text();
    assert.equal(shop.got.length, 7);
    await (await fetch(mesh.url)).text();
    await until(() => shop.got.length === 9, 'a request that is no copy is copied again');
    assert.equal(next.got.length, 4);
  });

  test('of a request that fails is still compared', async () => {
    const { mesh, shadows } = await mirrored({ handle: (request) => request.socket.destroy() });
    assert.equal((await fetch(mesh.url)).status, 502);
    await until(async () => (await shadows()).length === 1, 'it is compared');
    const [shadow] = await shadows();
    assert.deepEqual([shadow?.outcome, shadow?.primaryStatus, shadow?.status], ['different_status', null, 200]);
  });
});
