import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { HttpRouteFilter, HttpRouteMatch } from '../config/model.ts';
import { backendRef, meshConfig, route, routePolicy, rule, service } from '../testing/config.ts';
import { Closing, type TestMesh, testMesh, upstreamServer } from '../testing/harness.ts';
import { overrideHeader } from './override.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

function ask(port: number, host: string, headers: Record<string, string | string[]> = {}, path = '/') {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, headers: { ...headers, host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** `front` calls `auth` through the mesh, and passes the header on; `auth-next` and `dark` get no traffic by weight. */
async function callGraph(
  allowFrom: string[],
  internalAllowFrom: string[] = [],
  filters: { rule?: HttpRouteFilter[]; backend?: HttpRouteFilter[] } = {},
) {
  const held: { mesh?: TestMesh } = {};
  const front = await upstreamServer(closing, async (request, response) => {
    const passed = request.headers[overrideHeader];
    const headers = passed === undefined ? {} : { [overrideHeader]: passed };
    const { body } = await ask(held.mesh?.internalPort ?? 0, 'auth', headers);
    response.end(`front(${passed ?? ''}) > ${body}`);
  });
  const named = (name: string) => upstreamServer(closing, (_request, response) => response.end(name));
  const [auth, next, dark] = await Promise.all(['auth', 'auth-next', 'dark'].map(named));
  const matches: HttpRouteMatch[] = [
    {
      path: { type: 'PathPrefix', value: '/' },
      headers: [{ type: 'Exact', name: 'x-dark', value: 'yes' }],
      queryParams: [],
    },
  ];
  const config = meshConfig(
    [
      service('front', [front.port]),
      service('auth', [auth?.port ?? 0]),
      service('auth-next', [next?.port ?? 0]),
      service('dark', [dark?.port ?? 0]),
    ],
    [
      route(
        'front',
        [
          rule({
            filters: filters.rule ?? [],
            backendRefs: [{ ...backendRef('front', 1), filters: filters.backend ?? [] }, backendRef('dark', 0)],
          }),
        ],
        {
          policy: routePolicy({ override: { allowFrom } }),
        },
      ),
      route('front-dark', [rule({ matches, backendRefs: [backendRef('dark')] })]),
      ...(internalAllowFrom.length === 0
        ? []
        : [
            route('auth', [rule({ backendRefs: [backendRef('auth')] })], {
              parents: [{ kind: 'Service', name: 'auth' }],
              policy: routePolicy({ override: { allowFrom: internalAllowFrom } }),
            }),
          ]),
    ],
  );
  const mesh = await testMesh(closing, config);
  held.mesh = mesh;
  const get = (value?: string | string[], headers: Record<string, string> = {}) =>
    ask(mesh.edgePort, 'shop', value === undefined ? headers : { ...headers, [overrideHeader]: value });
  return { mesh, get };
}

describe('an override', () => {
  test('steers a whole call graph, for one request', async () => {
    const { mesh, get } = await callGraph(['127.0.0.1']);
    assert.equal((await get('auth=auth-next')).body, 'front(auth=auth-next) > auth-next');
    assert.equal((await get()).body, 'front() > auth');
    assert.equal((await get('front=auth-next')).body, 'auth-next');
    assert.equal((await get(['other=x', 'auth=auth-next'])).body, 'front(other=x, auth=auth-next) > auth-next');
    const metrics = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    assert.match(metrics, /mesh_overrides_total\{route="front",service="front",instead="auth-next"\} 1/);
    assert.match(metrics, /mesh_overrides_total\{route="auth",service="auth",instead="auth-next"\} 2/);
    assert.equal(mesh.log.requests().filter(({ service: name }) => name === 'auth-next').length, 3);
  });

  test('is stripped at the edge from peers that may not override', async () => {
    for (const allowFrom of [[], ['10.0.0.0/8', '::1']]) {
      const { get } = await callGraph(allowFrom);
      assert.equal((await get('auth=auth-next, front=dark')).body, 'front() > auth');
      // Also without regard to the address that it claims.
      assert.equal((await get('auth=auth-next', { 'x-forwarded-for': '10.0.0.1' })).body, 'front() > auth');
      assert.equal((await get('rubbish')).status, 200);
    }
  });

  test('counts from a block of addresses', async () => {
    const { get } = await callGraph(['127.0.0.0/8']);
    assert.equal((await get('front=dark')).body, 'dark');
  });

  test('may be set by a rule, for a whole call graph and any client; and by a backend for the calls of its service', async () => {
    const set: HttpRouteFilter = {
      type: 'RequestHeaderModifier',
      modifier: { set: [{ name: overrideHeader, value: 'auth=auth-next' }], add: [], remove: [] },
    };
    for (const filters of [{ rule: [set] }, { backend: [set] }]) {
      const { get } = await callGraph([], [], filters);
      assert.equal((await get()).body, 'front(auth=auth-next) > auth-next');
      assert.equal((await get('auth=dark')).body, 'front(auth=auth-next) > auth-next', 'and by no other way');
    }
  });

  test('counts between services as received, unless the route names peers', async () => {
    const { mesh } = await callGraph([]);
    const override = { [overrideHeader]: 'auth=auth-next' };
    assert.equal((await ask(mesh.internalPort, 'auth', override)).body, 'auth-next');
    const { mesh: strict } = await callGraph([], ['10.0.0.1']);
    assert.equal((await ask(strict.internalPort, 'auth', override)).body, 'auth');
  });

  test('that cannot be followed completely is refused', async () => {
    const { get } = await callGraph(['127.0.0.1']);
    for (const value of [
      'front',
      'front=',
      '=dark',
      'front=da rk',
      'front=dark; a=b',
      'front=missing',
      'a'.repeat(64),
    ]) {
      const { status } = await get(value);
      assert.equal(status, 400, value);
    }
    const many = Array.from({ length: 17 }, (_, i) => `s${i}=dark`).join(',');
    assert.equal((await get(many)).status, 400);
  });
});

describe('a dark launch', () => {
  test('is reached by header or override only', async () => {
    const { get } = await callGraph(['127.0.0.1']);
    for (let i = 0; i < 20; i += 1) assert.equal((await get()).body, 'front() > auth');
    assert.equal((await get(undefined, { 'x-dark': 'yes' })).body, 'dark');
    assert.equal((await get(undefined, { 'x-dark': 'no' })).body, 'front() > auth');
    assert.equal((await get('front=dark')).body, 'dark');
  });
});
