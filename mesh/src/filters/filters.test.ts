import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CorsFilter, HttpRouteMatch, PathModifier } from '../config/model.ts';
import { header } from '../headers.ts';
import { corsOf } from './cors.ts';
import { modifyPath } from './path-modifier.ts';
import { locationOf } from './redirect.ts';

const match = (type: HttpRouteMatch['path']['type'], value: string) => ({ path: { type, value } });
const prefix = (value: string) => match('PathPrefix', value);
const replacing = (replacePrefixMatch: string): PathModifier => ({ type: 'ReplacePrefixMatch', replacePrefixMatch });

describe('a path modifier', () => {
  test('replaces a prefix as in the table of the standard', () => {
    const table: [path: string, prefix: string, replacement: string, result: string][] = [
      ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
      ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
      ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
      ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
      ['/foo', '/foo', '/xyz', '/xyz'],
      ['/foo/', '/foo', '/xyz', '/xyz/'],
      ['/foo/bar', '/foo', '', '/bar'],
      ['/foo/', '/foo', '', '/'],
      ['/foo', '/foo', '', '/'],
      ['/foo/', '/foo', '/', '/'],
      ['/foo', '/foo', '/', '/'],
      ['/bar', '/', '/xyz', '/xyz/bar'],
      ['/', '/', '/xyz', '/xyz/'],
      ['/foo/bar?foo=/foo', '/foo', '/xyz', '/xyz/bar?foo=/foo'],
    ];
    for (const [path, value, replacement, result] of table) {
      assert.equal(modifyPath(path, replacing(replacement), prefix(value)), result, `${path} ${value} ${replacement}`);
    }
  });

  test('replaces the whole path and keeps the query', () => {
    const modifier: PathModifier = { type: 'ReplaceFullPath', replaceFullPath: '/one' };
    assert.equal(modifyPath('/a/b?c=d?', modifier, match('Exact', '/a/b')), '/one?c=d?');
    assert.equal(modifyPath('/a', { ...modifier, replaceFullPath: '' }, prefix('/')), '/');
  });

  test('keeps a path that no prefix has matched', () => {
    assert.equal(modifyPath('/a/b', replacing('/x'), match('RegularExpression', '/a/.')), '/a/b');
  });

  test('keeps a path that has lost the prefix to another filter', () => {
    assert.equal(modifyPath('/older/bar', replacing('/x'), prefix('/old')), '/older/bar');
    assert.equal(modifyPath('/a', replacing('/x'), prefix('/foo/bar')), '/a');
  });

  test('makes a path from any path, never one that a client could read as a host', () => {
    const segments = fc.array(fc.stringMatching(/^[a-z0-9.~-]{1,5}$/), { maxLength: 4 });
    const path = segments.map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(path, path, fc.constantFrom('', '/', '/x', '/x/', '/x/y'), (first, rest, replacement) => {
        const made = modifyPath(first === '/' ? rest : `${first}${rest}`, replacing(replacement), prefix(first));
        assert.match(made, /^\//);
        assert.doesNotMatch(made, /\/\//);
      }),
    );
  });
});

describe('a redirect', () => {
  const from = { scheme: 'http' as const, authority: 'a.example:8080', path: '/foo/bar?q=1' };
  const statusCode = 302 as const;
  const location = (redirect: object, over: Partial<typeof from> = {}) =>
    locationOf({ statusCode, ...redirect }, { ...from, ...over }, prefix('/foo'));

  test('keeps the parts that it does not set', () => {
    assert.equal(location({}), 'http://a.example:8080/foo/bar?q=1');
    assert.equal(location({ hostname: 'b.example' }), 'http://b.example:8080/foo/bar?q=1');
    assert.equal(location({ path: replacing('/x') }), 'http://a.example:8080/x/bar?q=1');
    assert.equal(location({}, { authority: '[::1]:8080' }), 'http://[::1]:8080/foo/bar?q=1');
    assert.equal(location({}, { authority: '[::1]' }), 'http://[::1]/foo/bar?q=1');
  });

  test('sets the port of its scheme, and omits default ports', () => {
    assert.equal(location({ scheme: 'https' }), 'https://a.example/foo/bar?q=1');
    assert.equal(location({ scheme: 'https', port: 8443 }), 'https://a.example:8443/foo/bar?q=1');
    assert.equal(location({ scheme: 'https', port: 443 }), 'https://a.example/foo/bar?q=1');
    assert.equal(location({ port: 80 }), 'http://a.example/foo/bar?q=1');
    assert.equal(location({}, { authority: 'a.example' }), 'http://a.example/foo/bar?q=1');
    assert.equal(location({ scheme: 'http', port: 443 }), 'http://a.example:443/foo/bar?q=1');
  });
});

describe('CORS', () => {
  const filter: CorsFilter = {
    allowOrigins: [],
    allowCredentials: false,
    allowMethods: [],
    allowHeaders: [],
    exposeHeaders: [],
    maxAgeS: 5,
  };
  const granted = (allowOrigins: string[], origin: string, over: Partial<CorsFilter> = {}) =>
    header(corsOf({ ...filter, allowOrigins, ...over }).replyFields(['origin', origin]), 'access-control-allow-origin');

  test('matches origins exactly, and by wildcards', () => {
    assert.equal(granted(['https://a.example'], 'https://a.example'), 'https://a.example');
    assert.equal(granted(['https://a.example'], 'http://a.example'), undefined);
    assert.equal(granted(['https://a.example'], 'https://a.example:444'), undefined);
    assert.equal(granted(['https://*.a.example'], 'https://x.y.a.example'), 'https://x.y.a.example');
    assert.equal(granted(['https://*.a.example'], 'https://a.example'), undefined);
    assert.equal(granted(['https://*.a.example'], 'https://.a.example'), undefined);
    assert.equal(granted(['https://*.a.example'], 'https://evil.example/.a.example'), undefined);
    assert.equal(granted(['https://*.a.example'], 'https://evil.example:1@x.a.example'), undefined);
    assert.equal(granted(['https://*'], 'https://x.y'), 'https://x.y');
    assert.equal(granted(['https://*'], 'https://x.y:8443'), undefined);
    assert.equal(granted(['https://*:8443'], 'https://x.y:8443'), 'https://x.y:8443');
    assert.equal(granted([], 'https://a.example'), undefined);
    assert.equal(granted(['https://*'], 'null'), undefined);
  });

  test('names the allowed origin with credentials, and sends * otherwise', () => {
    assert.equal(granted(['*'], 'https://a.example'), '*');
    assert.equal(granted(['*'], 'https://a.example', { allowCredentials: true }), 'https://a.example');
    const stars = { allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*'], exposeHeaders: ['*'] };
    const asked = [
      ...['origin', 'https://a.example', 'access-control-request-method', 'PUT'],
      ...['access-control-request-headers', 'x-a,x-b,\u0001bad'],
    ];
    const open = corsOf({ ...filter, ...stars });
    const fields = open.preflight('OPTIONS', asked) ?? [];
    assert.equal(header(fields, 'access-control-allow-methods'), '*');
    assert.equal(header(fields, 'access-control-allow-headers'), '*');
    assert.equal(header(open.replyFields(asked), 'access-control-expose-headers'), '*');
    const named = corsOf({ ...filter, ...stars, allowCredentials: true });
    const careful = named.preflight('OPTIONS', asked) ?? [];
    assert.equal(header(careful, 'access-control-allow-methods'), 'PUT');
    assert.equal(header(careful, 'access-control-allow-headers'), 'x-a, x-b');
    assert.equal(header(careful, 'access-control-allow-credentials'), 'true');
    assert.equal(header(named.replyFields(asked), 'access-control-expose-headers'), undefined);
  });

  test('treats the default port of the scheme as no port', () => {
    const both = ['https://www.example', 'https://www.example:443'];
    for (const written of [...both, 'HTTPS://WWW.example:443']) {
      for (const sent of both) assert.equal(granted([written], sent), sent, `${written} for ${sent}`);
      assert.equal(granted([written], 'https://www.example:444'), undefined);
      assert.equal(granted([written], 'http://www.example:443'), undefined);
    }
    assert.equal(granted(['http://a.example:80'], 'http://a.example'), 'http://a.example');
    assert.equal(granted(['http://a.example:443'], 'http://a.example'), undefined);
    assert.equal(granted(['https://*.a.example:443'], 'https://x.a.example'), 'https://x.a.example');
    assert.equal(granted(['https://*:443'], 'https://x.y'), 'https://x.y');
  });

  test('names the allowed headers only to a preflight that requests some', () => {
    const allowed = (over: Partial<CorsFilter>, ...asked: string[]) => {
      const fields = asked.flatMap((names) => ['access-control-request-headers', names]);
      const preflight = ['origin', 'https://a.example', 'access-control-request-method', 'PUT', ...fields];
      const reply = corsOf({ ...filter, allowOrigins: ['https://a.example'], ...over }).preflight('OPTIONS', preflight);
      assert.ok(reply !== null);
      return header(reply, 'access-control-allow-headers');
    };
    for (const allowHeaders of [['x-a'], ['*']]) {
      for (const allowCredentials of [true, false]) {
        assert.equal(allowed({ allowHeaders, allowCredentials }), undefined);
        assert.equal(allowed({ allowHeaders, allowCredentials }, ''), undefined);
      }
    }
    assert.equal(allowed({ allowHeaders: ['x-a', 'x-b'] }, 'x-c'), 'x-a, x-b');
    // A star does not include Authorization (Fetch section 3.2.5).
    assert.equal(allowed({ allowHeaders: ['*', 'authorization'] }, 'authorization'), '*, authorization');
    assert.equal(allowed({ allowHeaders: ['*'], allowCredentials: true }, 'x-a', 'x-b,x-c'), 'x-a, x-b, x-c');
  });
});
