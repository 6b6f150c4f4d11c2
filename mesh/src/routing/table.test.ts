import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../clock.ts';
import type { HttpRouteMatch } from '../config/model.ts';
import { Registry } from '../discovery/registry.ts';
import type { Entrance } from '../exchange.ts';
import { backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { routeTable } from './table.ts';

const edge: Entrance = { name: 'edge', side: 'north-south', port: 0 };
const internal: Entrance = { name: 'internal', side: 'east-west', port: 4140 };

const match = (over: Partial<HttpRouteMatch> = {}): HttpRouteMatch => ({
  path: { type: 'PathPrefix', value: '/' },
  headers: [],
  queryParams: [],
  ...over,
});
const prefix = (value: string) => ({ type: 'PathPrefix' as const, value });
const exact = (value: string) => ({ type: 'Exact' as const, value });
const condition = (name: string, value: string) => ({ type: 'Exact' as const, name, value });

function table(...routes: ReturnType<typeof route>[]) {
  const registry = new Registry({ clock: systemClock, connect: () => assert.fail('nothing connects') });
  const built = routeTable(meshConfig([service('shop', []), service('auth', [])], routes), registry);
  return (path: string, over: { method?: string; host?: string; headers?: string[]; entrance?: Entrance } = {}) =>
    built.find(over.entrance ?? edge, {
      method: over.method ?? 'GET',
      path,
      authority: over.host ?? 'shop.example',
      headers: over.headers ?? [],
    })?.rule.id ?? null;
}

const one = (name: string, matches: HttpRouteMatch[], over: Parameters<typeof route>[2] = {}) =>
  route(name, [rule({ matches, backendRefs: [backendRef('shop')] })], over);

describe('a route table', () => {
  test('matches prefixes by whole path elements', () => {
    const find = table(one('a', [match({ path: prefix('/a') })]), one('slash', [match({ path: prefix('/b/') })]));
    assert.deepEqual(
      ['/a', '/a/', '/a/b', '/a?x', '/ab', '/', '/A'].map((path) => find(path)),
      ['a/0', 'a/0', 'a/0', 'a/0', null, null, null],
    );
    assert.deepEqual([find('/b'), find('/b/c')], ['slash/0', 'slash/0']);
  });

  test('prefers exact paths, then expressions, then prefixes; then longer ones, a method, more headers, more parameters', () => {
    const find = table(
      one('any', [match()]),
      one('prefix', [match({ path: prefix('/a/b') })]),
      one('method', [match({ path: prefix('/a/b'), method: 'POST' })]),
      one('header', [match({ path: prefix('/a/b'), headers: [condition('x', '1')] })]),
      one('query', [match({ path: prefix('/a/b'), queryParams: [condition('q', '1')] })]),
      one('exact', [match({ path: exact('/a/b/c') })]),
      one('regex', [match({ path: { type: 'RegularExpression', value: '/a/b/[c-d]' } })]),
    );
    assert.equal(find('/z'), 'any/0');
    assert.equal(find('/a/b'), 'prefix/0');
    assert.equal(find('/a/b', { method: 'POST', headers: ['x', '1'] }), 'method/0');
    assert.equal(find('/a/b?q=1', { headers: ['x', '1'] }), 'header/0');
    assert.equal(find('/a/b?q=1'), 'query/0');
    assert.equal(find('/a/b/c'), 'exact/0');
    assert.equal(find('/a/b/d'), 'regex/0');
    assert.equal(find('/a/b/dd'), 'prefix/0');
  });

  test('matches Host like other fields, with or without its port, in any letter case (GEP-1294)', () => {
    const named = (name: string, value: string, type: 'Exact' | 'RegularExpression' = 'Exact') =>
      one(name, [match({ headers: [{ type, name: 'host', value }] })], {
        parents: [{ kind: 'Service', name: 'shop' }],
      });
    const find = table(
      named('short', 'Shop'),
      named('ported', 'shop:8080'),
      named('regex', 'shop[.].*', 'RegularExpression'),
    );
    const at = (host: string) => find('/', { host, entrance: internal });
    assert.deepEqual(['shop', 'shop:80', 'shop.ns.svc', 'auth'].map(at), ['short/0', 'short/0', 'regex/0', 'auth/0']);
    // If more than one matches, the route's name decides.
    assert.equal(at('shop:8080'), 'ported/0');
  });

  test('prefers the older route, then the name, then the order in the document', () => {
    const find = table(
      one('b-young', [match()], { createdAt: '2026-02-01T00:00:00Z' }),
      one('c-old', [match()], { createdAt: '2026-01-01T00:00:00Z' }),
      one('a-timeless', [match()]),
      route('d', [
        rule({ matches: [match({ path: exact('/d') })], backendRefs: [backendRef('shop')] }),
        rule({ matches: [match({ path: exact('/d') })], backendRefs: [backendRef('auth')] }),
      ]),
    );
    assert.equal(find('/'), 'c-old/0');
    assert.equal(find('/d'), 'd/0');
  });

  test('prefers exact host names, then the longest wildcard, then any host', () => {
    const find = table(
      one('any', [match({ path: exact('/x') })]),
      one('wide', [match()], { hostnames: ['*.example'] }),
      one('wider', [match()], { hostnames: ['*.shop.example'] }),
      one('host', [match()], { hostnames: ['a.shop.example'] }),
    );
    assert.equal(find('/x', { host: 'a.shop.example:8080' }), 'host/0');
    assert.equal(find('/x', { host: 'b.shop.example' }), 'wider/0');
    assert.equal(find('/x', { host: 'b.example' }), 'wide/0');
    assert.equal(find('/x', { host: 'example' }), 'any/0');
    assert.equal(find('/y', { host: 'example' }), null);
  });

  test('reads repeated header fields as one list, and the first value of repeated parameters', () => {
    const find = table(
      one('list', [match({ headers: [condition('x', '1,2')] })]),
      one('first', [match({ queryParams: [condition('q', 'a b')] })]),
    );
    assert.equal(find('/', { headers: ['x', '1', 'y', '0', 'x', '2'] }), 'list/0');
    assert.equal(find('/?q=a+b&q=c'), 'first/0');
    assert.equal(find('/?q=c&q=a+b'), null);
  });

  test('matches expressions in paths, fields and parameters as a whole', () => {
    const expression = (name: string, value: string) => ({ type: 'RegularExpression' as const, name, value });
    const find = table(
      one('path', [match({ path: { type: 'RegularExpression', value: '/v[0-9]+/carts(/.*)?' } })]),
      one('field', [match({ headers: [expression('user-agent', 'curl/.*')] })]),
      one('query', [match({ queryParams: [expression('page', '[0-9]+')] })]),
    );
    assert.equal(find('/v12/carts/1'), 'path/0');
    assert.equal(find('/x/v1/carts'), null);
    assert.equal(find('/v1/carts2'), null);
    assert.equal(find('/', { headers: ['user-agent', 'curl/8'] }), 'field/0');
    assert.equal(find('/', { headers: ['user-agent', 'not curl/8'] }), null);
    assert.equal(find('/?page=12'), 'query/0');
    assert.equal(find('/?page=12x'), null);
    assert.equal(find('/?Page=12'), null);
  });

  test('requires all conditions of a match, and any match of a rule', () => {
    const find = table(
      one('both', [
        match({
          method: 'GET',
          headers: [condition('a', '1'), condition('b', '2')],
          queryParams: [condition('q', '')],
        }),
        match({ path: exact('/alone') }),
      ]),
    );
    assert.equal(find('/?q', { headers: ['a', '1', 'b', '2'] }), 'both/0');
    assert.equal(find('/?q', { headers: ['a', '1'] }), null);
    assert.equal(find('/', { headers: ['a', '1', 'b', '2'] }), null);
    assert.equal(find('/?q', { headers: ['a', '1', 'b', '2'], method: 'POST' }), null);
    assert.equal(find('/alone', { method: 'POST' }), 'both/0');
  });

  test('compares the rules of several routes as one list: each request finds the most specific', () => {
    const find = table(
      one('a-shop', [match({ path: prefix('/') })], { createdAt: '2020-01-01T00:00:00Z' }),
      one('b-carts', [match({ path: prefix('/carts') })], { createdAt: '2024-01-01T00:00:00Z' }),
      one('c-dark', [match({ path: prefix('/carts'), headers: [condition('x-dark', 'yes')] })]),
      one('d-two', [match({ path: prefix('/carts'), headers: [condition('x-dark', 'yes'), condition('x', 'y')] })]),
    );
    assert.equal(find('/'), 'a-shop/0');
    assert.equal(find('/carts/1'), 'b-carts/0');
    assert.equal(find('/carts/1', { headers: ['x-dark', 'yes'] }), 'c-dark/0');
    assert.equal(find('/carts/1', { headers: ['x', 'y', 'x-dark', 'yes'] }), 'd-two/0');
  });

  test('sends a preflight to the rule of the request that it announces, if that rule has CORS', () => {
    const filters = [
      {
        type: 'CORS' as const,
        cors: {
          allowOrigins: [],
          allowCredentials: false,
          allowMethods: [],
          allowHeaders: [],
          exposeHeaders: [],
          maxAgeS: 5,
        },
      },
    ];
    const find = table(
      route('put', [rule({ matches: [match({ path: exact('/a'), method: 'PUT' })], filters })]),
      route('post', [rule({ matches: [match({ path: exact('/a'), method: 'POST' })] })]),
      one('all', [match()]),
    );
    const asking = (method: string) => ['origin', 'http://o', 'access-control-request-method', method];
    assert.equal(find('/a', { method: 'OPTIONS', headers: asking('PUT') }), 'put/0');
    assert.equal(find('/a', { method: 'OPTIONS', headers: asking('POST') }), 'all/0');
    assert.equal(find('/a', { method: 'OPTIONS', headers: asking('PUT').slice(0, 2) }), 'all/0');
    assert.equal(find('/a', { method: 'GET', headers: asking('PUT') }), 'all/0');
  });

  test('separates the listeners of a Gateway by port and by the most specific host name', () => {
    const config = meshConfig(
      [service('shop', [])],
      [
        one('public', [match({ path: prefix('/public') })], {
          parents: [{ kind: 'Gateway', name: 'edge', sectionName: 'http' }],
        }),
        one('private', [match({ path: prefix('/private') })], {
          parents: [{ kind: 'Gateway', name: 'edge', port: 9000 }],
        }),
        one('wild', [match({ path: prefix('/wild') })], {
          hostnames: ['a.shop.example', 'b.shop.example'],
          parents: [{ kind: 'Gateway', name: 'edge', sectionName: 'wild' }],
        }),
        one('everywhere', [match({ path: prefix('/all') })]),
      ],
    );
    config.gateways[0]?.listeners.splice(
      0,
      1,
      { name: 'http', port: 8080 },
      { name: 'wild', port: 8080, hostname: '*.shop.example' },
      { name: 'one', port: 8080, hostname: 'a.shop.example' },
      { name: 'private', port: 9000 },
    );
    const registry = new Registry({ clock: systemClock, connect: () => assert.fail('nothing connects') });
    const built = routeTable(config, registry);
    const find = (port: number, host: string, path: string) =>
      built.find({ ...edge, port }, { method: 'GET', path, authority: host, headers: [] })?.rule.route ?? null;
    assert.equal(find(8080, 'x:8080', '/public'), 'public');
    assert.equal(find(9000, 'x:9000', '/public'), null);
    assert.equal(find(9000, 'x:9000', '/private'), 'private');
    assert.equal(find(8080, 'x:8080', '/private'), null, 'the port decides, not what the client claims');
    assert.equal(find(8080, 'x:9000', '/private'), null);
    assert.equal(find(8080, 'b.shop.example', '/wild'), 'wild');
    assert.equal(find(8080, 'a.shop.example', '/wild'), null, 'its own listener takes that host');
    assert.equal(find(8080, 'b.shop.example', '/public'), null);
    for (const host of ['x', 'a.shop.example', 'b.shop.example']) assert.equal(find(8080, host, '/all'), 'everywhere');
    assert.equal(find(9000, 'x', '/all'), 'everywhere');
    assert.equal(find(1, 'x', '/all'), null);
  });

  test('lists all rules that a request matches, in order', () => {
    const config = meshConfig(
      [service('shop', [])],
      [
        one('all', [match()]),
        one('carts', [match({ path: prefix('/carts') })]),
        one('other', [match({ path: prefix('/x') })]),
      ],
    );
    const registry = new Registry({ clock: systemClock, connect: () => assert.fail('nothing connects') });
    const found = routeTable(config, registry).findAll(edge, {
      method: 'GET',
      path: '/carts/1?x',
      authority: 'a',
      headers: [],
    });
    assert.deepEqual(
      found.map(({ rule: { id } }) => id),
      ['carts/0', 'all/0'],
    );
  });

  test('routes east-west requests by host: through the routes of the service, or directly to it', () => {
    const find = table(
      one('auth-tokens', [match({ path: exact('/tokens') })], { parents: [{ kind: 'Service', name: 'auth' }] }),
    );
    assert.equal(find('/anything', { entrance: internal, host: 'shop:4140' }), 'shop/0');
    assert.equal(find('/anything', { entrance: internal, host: 'shop.default.svc.cluster.local' }), 'shop/0');
    assert.equal(find('/tokens', { entrance: internal, host: 'auth' }), 'auth-tokens/0');
    assert.equal(find('/other', { entrance: internal, host: 'auth' }), null);
    assert.equal(find('/', { entrance: internal, host: 'unrouted' }), null);
    assert.equal(find('/tokens', { host: 'auth' }), null);
  });

  test('separates the ports of a service, by the host and by the parentRef', () => {
    const shop = service('shop', []);
    shop.ports.push({ port: 9000, targetPort: 9000 });
    const to = (name: string, path: string, port?: number) =>
      one(name, [match({ path: exact(path) })], {
        parents: [{ kind: 'Service', name: 'shop', ...(port === undefined ? {} : { port }) }],
      });
    const registry = new Registry({ clock: systemClock, connect: () => assert.fail('nothing connects') });
    const found = (config: ReturnType<typeof meshConfig>, host: string, path: string) =>
      routeTable(config, registry).find(internal, { method: 'GET', path, authority: host, headers: [] })?.rule ?? null;
    const both = meshConfig([shop], [to('all', '/all'), to('admin', '/admin', 9000)]);
    assert.equal(found(both, 'shop:9000', '/admin')?.route, 'admin');
    assert.equal(found(both, 'shop', '/admin'), null);
    for (const host of ['shop', 'shop:9000', 'shop:80', 'shop:4140'])
      assert.equal(found(both, host, '/all')?.route, 'all');
    const one9000 = meshConfig([shop], [to('admin', '/admin', 9000)]);
    assert.equal(found(one9000, 'shop:9000', '/x'), null);
    assert.equal(found(one9000, 'shop:4140', '/x')?.backends[0]?.service.id, 'shop:80');
    assert.equal(found(meshConfig([shop], []), 'shop:9000', '/x')?.backends[0]?.service.id, 'shop:9000');
  });
});
