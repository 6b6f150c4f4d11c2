import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpRouteMatch } from './config/model.ts';
import { parseConfig } from './config/parse.ts';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, type TestMesh, testMesh, upstreamServer } from './testing/harness.ts';

const closing = new Closing();
let mesh: TestMesh;

const under = (value: string): HttpRouteMatch[] => [
  { path: { type: 'PathPrefix', value }, headers: [], queryParams: [] },
];

before(async () => {
  const named = (name: string) =>
    upstreamServer(closing, (request, response) =>
      response.end(JSON.stringify({ name, url: request.url, host: request.headers.host })),
    );
  const [shop, admin] = [await named('shop'), await named('admin')];
  mesh = await testMesh(
    closing,
    meshConfig(
      [service('shop', [shop.port]), service('admin', [admin.port])],
      [
        route('all', [rule({ backendRefs: [backendRef('shop')] })], { hostnames: ['shop.example'] }),
        route('admin', [rule({ matches: under('/admin'), backendRefs: [backendRef('admin')] })], {
          hostnames: ['shop.example'],
        }),
      ],
    ),
  );
});
after(() => closing.close());

async function ask(target: string, host: string, port = mesh.edgePort) {
  const client = await RawClient.to(port, closing);
  client.send(`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', '', '');
  const received = await client.untilClosed();
  const status = Number(received.slice(9, 12));
  const body = received.slice(received.indexOf('{'));
  const seen = (status === 200 ? JSON.parse(body) : {}) as { name?: string; url?: string; host?: string };
  return { status, ...seen };
}

describe('a path', () => {
  test('matches the same rule and reaches the service as the same path, however its letters are escaped', async () => {
    for (const target of [
      '/admin/x',
      '/%61dmin/x',
      '/%61%64%6D%69%6e/%78',
      '/shop/%2e%2E/%61dmin/x',
      '//%61dmin/../../admin/x',
    ]) {
      const reply = await ask(target, 'shop.example');
      assert.deepEqual([reply.status, reply.name, reply.url], [200, 'admin', '/admin/x'], target);
    }
    assert.equal((await ask('/%2561dmin', 'shop.example')).name, 'shop', 'nothing is decoded twice');
    assert.equal((await ask('/%2%65', 'shop.example')).status, 400);
  });
});

describe('a host', () => {
  test('is the same name with and without a trailing dot, at the edge and between services', async () => {
    for (const host of ['shop.example', 'shop.example.', 'SHOP.example.:8080']) {
      const reply = await ask('/', host);
      assert.deepEqual([reply.name, reply.host], ['shop', host.toLowerCase().replace('e.', 'e')], host);
    }
    for (const host of ['admin.', 'admin.ns.', 'admin.ns.svc.', 'admin.ns.svc.cluster.local.', 'admin.:80']) {
      assert.equal((await ask('/', host, mesh.internalPort)).name, 'admin', host);
    }
  });

  test('may have any character of a reg-name: without a route it is 404, not 400', async () => {
    assert.equal((await ask('/', '0.0.0.0=5000')).status, 404);
    assert.equal((await ask('/', "a!b$c&d'(e)*+;=")).status, 404);
  });
});

describe('the path of a match', () => {
  const parse = (value: string, type = 'PathPrefix') =>
    parseConfig(
      [
        {
          name: 'x.yaml',
          text: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{kind: Service, group: '', name: a}]
  rules: [{matches: [{path: {type: ${type}, value: '${value}'}}], backendRefs: [{name: a, port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {ports: [{port: 80}]}
`,
        },
      ],
      {},
    );

  test('has the same form as the paths of requests, so that it matches them', () => {
    const valueIn = (...args: Parameters<typeof parse>) => {
      const result = parse(...args);
      assert.ok(result.ok);
      return result.config.routes[0]?.rules[0]?.matches[0]?.path.value;
    };
    assert.equal(valueIn('/%61dmin%c3%a9'), '/admin%C3%A9');
    assert.equal(valueIn('/%61dmin', 'Exact'), '/admin');
    assert.equal(valueIn('/%61dmin', 'RegularExpression'), '/%61dmin');
  });

  test('has no dot segments, in any spelling', () => {
    const result = parse('/a/%2e%2E/b');
    assert.match(result.ok ? '' : (result.faults[0]?.rule ?? ''), /must not hold "\." or "\.\." segments/);
  });
});
