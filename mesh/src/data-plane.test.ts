import assert from 'node:assert/strict';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';
import { quietPort } from './testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** A mesh with one upstream for all requests. */
async function simple(listener: Parameters<typeof upstreamServer>[1], over: Parameters<typeof testMesh>[2] = {}) {
  const upstream = await upstreamServer(closing, listener);
  const config = meshConfig(
    [service('shop', [upstream.port])],
    [route('all', [rule({ backendRefs: [backendRef('shop')] })])],
  );
  return { mesh: await testMesh(closing, config, over), ...upstream };
}

describe('a request passes through', () => {
  test('method, path, query, fields and body are forwarded as sent, and the reply as received', async () => {
    const { mesh } = await simple(async (request, response) => {
      const body = await readText(request);
      response.writeHead(201, [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-Reply', 'yes'],
      ] as never);
      response.end(
        JSON.stringify({ method: request.method, url: request.url, custom: request.headers['x-custom'], body }),
      );
    });
    const response = await fetch(`${mesh.url}/a//b/%20c?x=1&y=%20z`, {
      method: 'PUT',
      body: 'content',
      headers: { 'x-custom': 'one, two' },
    });
    assert.equal(response.status, 201);
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.equal(response.headers.get('x-reply'), 'yes');
    assert.deepEqual(await response.json(), {
      method: 'PUT',
      url: '/a//b/%20c?x=1&y=%20z',
      custom: 'one, two',
      body: 'content',
    });
  });

  test('many requests use one upstream connection', async () => {
    const { mesh, server } = await simple((_request, response) => response.end('ok'));
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    for (let i = 0; i < 20; i += 1) assert.equal(await (await fetch(mesh.url)).text(), 'ok');
    assert.equal(connections, 1);
  });

  test('the log, the metrics and the traces record it', async () => {
    const { mesh } = await simple((_request, response) => response.end('ok'));
    await (await fetch(`${mesh.url}/secret?token=t`)).text();
    await until(() => mesh.log.requests().length === 1, 'the request is logged');
    const [line] = mesh.log.requests();
    assert.equal(line?.path, '/secret');
    assert.equal(line?.status, 200);
    assert.equal(line?.service, 'shop');
    assert.doesNotMatch(JSON.stringify(line), /token/);
    const metrics = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    assert.match(
      metrics,
      /http_server_requests_total\{entrance="edge",route="all",service="shop",http_request_method="GET",status_class="2xx"\} 1/,
    );
    const { traces } = (await (await fetch(`${mesh.adminUrl}/traces`)).json()) as {
      traces: { traceId: string; children: unknown[] }[];
    };
    assert.equal(traces[0]?.traceId, line?.traceId);
    assert.equal(traces[0]?.children.length, 1);
  });
});

describe('failures', () => {
  test('no route is 404, no endpoint and no listener are 503, in JSON', async () => {
    const gone = await upstreamServer(closing, () => {}, await quietPort());
    await new Promise((resolve) => gone.server.close(resolve));
    const path = (value: string) => [{ path: { type: 'Exact' as const, value }, headers: [], queryParams: [] }];
    const config = meshConfig(
      [service('empty', []), service('gone', [gone.port])],
      [
        route('empty', [rule({ matches: path('/empty'), backendRefs: [backendRef('empty')] })]),
        route('gone', [rule({ matches: path('/gone'), backendRefs: [backendRef('gone')] })]),
        route('weightless', [rule({ matches: path('/weightless'), backendRefs: [backendRef('gone', 0)] })]),
      ],
    );
    const mesh = await testMesh(closing, config);
    for (const [target, status] of [
      ['/nowhere', 404],
      ['/empty', 503],
      ['/gone', 503],
      ['/weightless', 500],
    ] as const) {
      const response = await fetch(mesh.url + target);
      assert.equal(response.status, status, target);
      const { errors } = (await response.json()) as { errors: { status: number; title: string; detail: string }[] };
      assert.equal(errors[0]?.status, status);
    }
  });

  test('an upstream that closes before its head is 502, and so is one that does not speak HTTP', async () => {
    const { mesh } = await simple((request, response) => {
      if (request.url === '/garbage') response.socket?.end('nonsense\r\n\r\n');
      else response.destroy();
    });
    for (const path of ['/', '/garbage']) {
      const response = await fetch(mesh.url + path);
      assert.equal(response.status, 502, path);
      await response.json();
    }
  });

  test('an upstream that breaks off its body breaks off the reply to the client', async () => {
    const { mesh } = await simple((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('part', () => response.destroy());
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    assert.match(await client.untilClosed(), /200 OK[\s\S]*part$/);
    await until(() => mesh.log.requests().length === 1, 'the request is logged');
    assert.deepEqual(mesh.log.requests()[0]?.flags, ['UC']);
  });

  test('an upstream that breaks off a chunked body never looks like a clean end', async () => {
    const { mesh } = await simple((_request, response) => {
      response.write('part', () => response.destroy());
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    assert.doesNotMatch(await client.untilClosed(), /\r\n0\r\n\r\n$/);
  });
});
