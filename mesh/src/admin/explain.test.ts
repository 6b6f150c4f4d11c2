import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRoute, HttpRouteMatch } from '../config/model.ts';
import { backendRef, meshConfig, route, routePolicy, rule, service } from '../testing/config.ts';
import { Closing, testMesh } from '../testing/harness.ts';
import type { Explanation } from './explain.ts';

test('the explanation of a request tells what filters, sessions, mirrors and overrides do, and no header value', async () => {
  const closing = new Closing();
  try {
    const config = meshConfig(
      [service('old', [1]), service('new', [2])],
      [
        route(
          'all',
          [
            rule({
              matches: [{ path: { type: 'PathPrefix', value: '/a' }, headers: [], queryParams: [] }],
              filters: [
                {
                  type: 'RequestHeaderModifier',
                  modifier: { set: [{ name: 'x-key', value: 's3cret' }], add: [], remove: ['x-b'] },
                },
                {
                  type: 'URLRewrite',
                  rewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } },
                },
                { type: 'RequestMirror', mirror: { service: 'new', port: 80, numerator: 1, denominator: 20 } },
              ],
              backendRefs: [backendRef('old', 1), backendRef('new', 0)],
              sessionPersistence: {
                type: 'Header',
                sessionName: 'x-user',
                absoluteTimeoutMs: 0,
                idleTimeoutMs: 0,
                lifetimeType: 'Session',
              },
            }),
          ],
          { policy: routePolicy({ override: { allowFrom: ['10.0.0.1'] } }) },
        ),
      ],
    );
    const mesh = await testMesh(closing, config);
    const notes = async (query: string) => {
      const response = await fetch(`${mesh.adminUrl}/explain?path=/a/x?q=1&${query}`);
      return ((await response.json()) as Explanation).route?.notes ?? [];
    };
    assert.deepEqual(await notes(''), [
      'rule: request fields set x-key; remove x-b',
      'rule: sent on as /b/x?q=1, host localhost',
      'rule: 5 % mirrored to new, safe methods only, bodies up to 65536 bytes, for 10000 ms, 64 at a time',
      'sticky by header x-user: no session, drawn by the weights',
    ]);
    const last = async (query: string) => (await notes(query)).at(-1);
    assert.equal(await last('header=x-user:ann'), "sticky by header x-user: a client's own name, always to old");
    const override = 'header=x-mesh-override:old%3Dnew';
    assert.equal(
      await last(`${override}&client=10.0.0.2`),
      'x-mesh-override is dropped: 10.0.0.2 may not; it counts from 10.0.0.1',
    );
    assert.equal(await last(`${override}&client=10.0.0.1`), 'new instead of old');
    assert.match((await last(`${override}er&client=10.0.0.1`)) ?? '', /no service newer/);
  } finally {
    await closing.close();
  }
});

test('the explanation says what else matches, and what decides', async () => {
  const closing = new Closing();
  try {
    const at = (value: string, over: Partial<HttpRouteMatch> = {}): HttpRouteMatch[] => [
      { path: { type: 'PathPrefix', value }, headers: [], queryParams: [], ...over },
    ];
    const to = (name: string, matches: HttpRouteMatch[], over: Partial<HttpRoute> = {}) =>
      route(name, [rule({ matches, backendRefs: [backendRef('shop', 0)] })], over);
    const mesh = await testMesh(
      closing,
      meshConfig(
        [service('shop', [1])],
        [
          to('catch-all', at('/')),
          to('carts', at('/carts'), { createdAt: '2026-01-02T00:00:00Z' }),
          to('carts-older', at('/carts'), { createdAt: '2026-01-01T00:00:00Z' }),
          to('canary', at('/carts', { headers: [{ type: 'Exact', name: 'x-canary', value: 's3cret' }] })),
          to('other', at('/other')),
        ],
      ),
    );
    const explained = async (query: string) =>
      (await (await fetch(`${mesh.adminUrl}/explain?path=/carts/1&${query}`)).json()) as Explanation;
    const plain = await explained('');
    assert.equal(plain.route?.name, 'carts-older');
    assert.equal(plain.why, 'the first of 3 that match: PathPrefix /carts');
    assert.deepEqual(plain.others, [
      { route: 'carts', rule: 0, matches: 'PathPrefix /carts', because: 'its route is older' },
      { route: 'catch-all', rule: 0, matches: 'PathPrefix /', because: 'its path is longer' },
    ]);
    assert.deepEqual(plain.route?.notes, ['no backend has a weight: 500']);
    const canary = await explained('header=x-canary:s3cret');
    assert.equal(canary.why, 'the first of 4 that match: PathPrefix /carts; header x-canary');
    assert.equal(canary.others[0]?.because, 'it has more header conditions');
    assert.equal((await explained('entrance=edge:0')).route?.name, 'carts-older');
    assert.equal((await fetch(`${mesh.adminUrl}/explain?entrance=edge:9`)).status, 422);
  } finally {
    await closing.close();
  }
});
