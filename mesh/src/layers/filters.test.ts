import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CorsFilter, HttpRouteFilter, HttpRouteMatch, PathModifier } from '../config/model.ts';
import { backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const prefix = (value: string): HttpRouteMatch[] => [
  { path: { type: 'PathPrefix', value }, headers: [], queryParams: [] },
];

/** A mesh whose one rule, under /shop, has these filters. The service behind it reports the requests that it gets. */
async function filtering(
  filters: HttpRouteFilter[],
  options: {
    inner?: HttpRouteFilter[];
    reply?: Record<string, string>;
    trustedProxies?: string[];
    gone?: boolean;
  } = {},
) {
  const seen: { path: string; host: string; headers: string[] }[] = [];
  const upstream = await upstreamServer(closing, (request, response) => {
    seen.push({ path: request.url ?? '', host: request.headers.host ?? '', headers: request.rawHeaders });
    response.writeHead(200, { server: 'shop', ...options.reply });
    response.end('shop');
  });
  const config = meshConfig(
    [service('shop', options.gone === true ? [] : [upstream.port])],
    [
      route('shop', [
        rule({
          matches: prefix('/shop'),
          filters,
          backendRefs: [{ ...backendRef('shop'), filters: options.inner ?? [] }],
        }),
      ]),
    ],
  );
  const { trustedProxies = [] } = options;
  const mesh = await testMesh(closing, config, { trustedProxies });
  return { mesh, seen };
}

/** With its own Host, and without following redirects. */
function ask(
  port: number,
  path: string,
  headers: Record<string, string | string[]> = {},
  method = 'GET',
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

/** The values of `name`, as sent. */
function valuesOf(raw: readonly string[], name: string): string[] {
  return raw.flatMap((text, i) => (i % 2 === 0 && text.toLowerCase() === name ? [raw[i + 1] as string] : []));
}

const value = (name: string, text: string) => ({ name, value: text });

describe('header modifiers', () => {
  test('set, add and remove fields of requests, those of the rule before those of the backend', async () => {
    const { mesh, seen } = await filtering(
      [
        {
          type: 'RequestHeaderModifier',
          modifier: { set: [value('x-set', 'rule')], add: [value('x-add', 'rule')], remove: ['x-secret'] },
        },
      ],
      {
        inner: [
          {
            type: 'RequestHeaderModifier',
            modifier: { set: [value('x-set', 'backend')], add: [value('x-add', 'backend')], remove: [] },
          },
        ],
      },
    );
    await ask(mesh.edgePort, '/shop', { 'x-set': ['a', 'b'], 'x-add': 'client', 'x-secret': 's' });
    const raw = seen[0]?.headers ?? [];
    assert.deepEqual(valuesOf(raw, 'x-set'), ['backend']);
    assert.deepEqual(valuesOf(raw, 'x-add'), ['client', 'rule', 'backend']);
    assert.deepEqual(valuesOf(raw, 'x-secret'), []);
  });

  test('set, add and remove fields of replies, those of the backend before those of the rule', async () => {
    const modifier = (by: string) => ({
      set: [value('x-by', by)],
      add: [value('set-cookie', `${by}=1`)],
      remove: by === 'rule' ? ['server'] : [],
    });
    const { mesh } = await filtering([{ type: 'ResponseHeaderModifier', modifier: modifier('rule') }], {
      inner: [{ type: 'ResponseHeaderModifier', modifier: modifier('backend') }],
      reply: { 'set-cookie': 'own=1' },
    });
    const { headers, body } = await ask(mesh.edgePort, '/shop');
    assert.equal(body, 'shop');
    assert.equal(headers['x-by'], 'rule');
    assert.equal(headers.server, undefined);
    assert.deepEqual(headers['set-cookie'], ['own=1', 'backend=1', 'rule=1']);
  });
});

describe('rewrites', () => {
  const replacePrefix = (text: string): PathModifier => ({ type: 'ReplacePrefixMatch', replacePrefixMatch: text });

  test('change host and path for the service, but not the host and path in the log', async () => {
    const { mesh, seen } = await filtering([
      { type: 'URLRewrite', rewrite: { hostname: 'internal.example', path: replacePrefix('/v2') } },
    ]);
    await ask(mesh.edgePort, '/shop/carts?a=/shop', { host: 'www.example:8080' });
    assert.equal(seen[0]?.path, '/v2/carts?a=/shop');
    assert.equal(seen[0]?.host, 'internal.example');
    assert.deepEqual(valuesOf(seen[0]?.headers ?? [], 'x-forwarded-host'), ['www.example:8080']);
    await until(() => mesh.log.requests().length === 1, 'the request is logged');
    assert.equal(mesh.log.requests()[0]?.path, '/shop/carts');
    assert.equal(mesh.log.requests()[0]?.host, 'www.example:8080');
  });

  test('of the backend come after those of the rule', async () => {
    const { mesh, seen } = await filtering([{ type: 'URLRewrite', rewrite: { hostname: 'rule.example' } }], {
      inner: [{ type: 'URLRewrite', rewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/one' } } }],
    });
    await ask(mesh.edgePort, '/shop/carts?q=1');
    assert.deepEqual([seen[0]?.host, seen[0]?.path], ['rule.example', '/one?q=1']);
  });
});

describe('redirects', () => {
  test('come from the mesh, and keep the parts of the request that they do not set', async () => {
    const { mesh, seen } = await filtering([
      { type: 'RequestRedirect', redirect: { hostname: 'new.example', statusCode: 301 } },
      { type: 'ResponseHeaderModifier', modifier: { set: [value('x-moved', 'yes')], add: [], remove: [] } },
    ]);
    const { status, headers, body } = await ask(mesh.edgePort, '/shop/a?b=c', { host: 'old.example:8080' });
    assert.equal(status, 301);
    assert.equal(headers.location, 'http://new.example:8080/shop/a?b=c');
    assert.equal(headers['x-moved'], 'yes');
    assert.equal(body, '');
    const post = await ask(mesh.edgePort, '/shop', { host: 'old.example', 'content-length': '0' }, 'POST');
    assert.equal(post.headers.location, 'http://new.example/shop');
    assert.equal(seen.length, 0);
  });

  test('know the scheme from a trusted proxy only', async () => {
    const redirect: HttpRouteFilter[] = [
      { type: 'RequestRedirect', redirect: { hostname: 'b.example', statusCode: 302 } },
    ];
    const forwarded = { host: 'a.example', 'x-forwarded-for': '10.0.0.1', 'x-forwarded-proto': 'https' };
    const { mesh: trusting } = await filtering(redirect, { trustedProxies: ['127.0.0.1'] });
    assert.equal((await ask(trusting.edgePort, '/shop', forwarded)).headers.location, 'https://b.example/shop');
    for (const proto of ['HTTPS', 'https, http']) {
      const alone = { host: 'a.example', 'x-forwarded-proto': proto };
      assert.equal((await ask(trusting.edgePort, '/shop', alone)).headers.location, 'https://b.example/shop', proto);
    }
    const { mesh: wary } = await filtering(redirect);
    assert.equal((await ask(wary.edgePort, '/shop', forwarded)).headers.location, 'http://b.example/shop');
  });
});

describe('CORS', () => {
  const cors: CorsFilter = {
    allowOrigins: ['https://*.shop.example', 'http://localhost:3000'],
    allowCredentials: true,
    allowMethods: ['PUT', 'DELETE'],
    allowHeaders: ['authorization'],
    exposeHeaders: ['location'],
    maxAgeS: 600,
  };
  const preflight = (origin: string) => ({
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization',
  });

  test('the mesh replies to preflights', async () => {
    const { mesh, seen } = await filtering([{ type: 'CORS', cors }]);
    const reply = await ask(mesh.edgePort, '/shop/a', preflight('https://www.shop.example'), 'OPTIONS');
    assert.equal(reply.status, 204);
    assert.equal(reply.headers['access-control-allow-origin'], 'https://www.shop.example');
    assert.equal(reply.headers['access-control-allow-credentials'], 'true');
    assert.equal(reply.headers['access-control-allow-methods'], 'PUT, DELETE');
    assert.equal(reply.headers['access-control-allow-headers'], 'authorization');
    assert.equal(reply.headers['access-control-max-age'], '600');
    const stranger = await ask(mesh.edgePort, '/shop/a', preflight('https://shop.example.evil'), 'OPTIONS');
    assert.equal(stranger.status, 204);
    assert.equal(stranger.headers['access-control-allow-origin'], undefined);
    assert.equal(stranger.headers['access-control-allow-methods'], undefined);
    assert.equal(seen.length, 0);
    // OPTIONS without both fields is no preflight: it goes to the service.
    assert.equal((await ask(mesh.edgePort, '/shop/a', { origin: 'http://localhost:3000' }, 'OPTIONS')).body, 'shop');
  });

  test('replies name the allowed origins, whatever the service says', async () => {
    const { mesh } = await filtering([{ type: 'CORS', cors }], {
      reply: { 'access-control-allow-origin': '*', vary: 'Accept' },
    });
    const allowed = await ask(mesh.edgePort, '/shop', { origin: 'http://localhost:3000' });
    assert.equal(allowed.body, 'shop');
    assert.equal(allowed.headers['access-control-allow-origin'], 'http://localhost:3000');
    assert.equal(allowed.headers['access-control-expose-headers'], 'location');
    assert.equal(allowed.headers.vary, 'Accept, Origin');
    const stranger = await ask(mesh.edgePort, '/shop', { origin: 'http://localhost:3001' });
    assert.equal(stranger.status, 200);
    assert.equal(stranger.headers['access-control-allow-origin'], undefined);
    assert.equal(stranger.headers.vary, 'Accept, Origin');
  });

  test('a failure is readable by the same origins as a reply', async () => {
    const { mesh } = await filtering([{ type: 'CORS', cors }], { gone: true });
    const failed = await ask(mesh.edgePort, '/shop', { origin: 'http://localhost:3000' });
    assert.equal(failed.status, 503);
    assert.equal(failed.headers['access-control-allow-origin'], 'http://localhost:3000');
    assert.equal((await ask(mesh.edgePort, '/shop')).headers['access-control-allow-origin'], undefined);
  });

  test('a preflight falls under a rule for another method, if that rule allows the method', async () => {
    const upstream = await upstreamServer(closing, (_request, response) => response.end());
    const matches: HttpRouteMatch[] = [
      { path: { type: 'Exact', value: '/carts' }, headers: [], queryParams: [], method: 'PUT' },
    ];
    const config = meshConfig(
      [service('shop', [upstream.port])],
      [
        route('put', [rule({ matches, filters: [{ type: 'CORS', cors }], backendRefs: [backendRef('shop')] })]),
        route('closed', [
          rule({
            matches: [{ path: { type: 'Exact', value: '/closed' }, headers: [], queryParams: [], method: 'PUT' }],
            backendRefs: [backendRef('shop')],
          }),
        ]),
      ],
    );
    const mesh = await testMesh(closing, config);
    const reply = await ask(mesh.edgePort, '/carts', preflight('http://localhost:3000'), 'OPTIONS');
    assert.equal(reply.status, 204);
    assert.equal(reply.headers['access-control-allow-methods'], 'PUT, DELETE');
    assert.equal((await ask(mesh.edgePort, '/closed', preflight('http://localhost:3000'), 'OPTIONS')).status, 404);
    assert.equal((await ask(mesh.edgePort, '/carts', { origin: 'http://localhost:3000' }, 'OPTIONS')).status, 404);
  });
});
