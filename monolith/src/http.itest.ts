import assert from 'node:assert/strict';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { bodyLimitBytes } from './app.ts';
import { openTestShop, type TestShop } from './testing/open-shop.ts';

describe('bad input', () => {
  let open: TestShop;
  before(async () => {
    open = await openTestShop();
  });
  after(() => open.close());

  const json = { 'content-type': 'application/json' };
  const customer = { data: { type: 'customer', name: 'A', email: 'a@example.com' } };

  test('malformed JSON is 400', async () => {
    for (const text of ['{"data":', '{"data": undefined, "options":{}}', 'nonsense']) {
      const { status, body } = await open.admin('POST', '/v2/customers', text);
      assert.equal(status, 400, text);
      assert.equal(body.errors[0].status, 400);
    }
  });

  test('a body that would change the prototype is 400', async () => {
    assert.equal((await open.admin('POST', '/v2/customers', '{"data":{"__proto__":{"admin":true}}}')).status, 400);
  });

  test('another content type is 415', async () => {
    for (const type of ['text/html', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded']) {
      const { status, body } = await open.admin('POST', '/v2/customers', 'a=b', { 'content-type': type });
      assert.equal(status, 415, type);
      assert.equal(body.errors[0].status, 415);
    }
  });

  test('a body over the limit is 413, one below is read', async () => {
    const padded = (bytes: number) => JSON.stringify({ ...customer, padding: ' '.repeat(bytes) });
    assert.equal((await open.admin('POST', '/v2/customers', padded(bodyLimitBytes))).status, 413);
    assert.equal((await open.admin('POST', '/v2/customers', padded(bodyLimitBytes - 200))).status, 201);
  });

  test('an empty body with a JSON content type is accepted', async () => {
    assert.equal((await open.admin('GET', '/v2/settings', '', json)).status, 200);
    const made = await open.admin('POST', '/v2/customers', {
      data: { type: 'customer', name: 'B', email: 'b@example.com' },
    });
    assert.equal((await open.admin('DELETE', `/v2/customers/${made.body.data.id}`, '', json)).status, 204);
    assert.equal((await open.admin('POST', '/v2/customers', '', json)).status, 400, 'where one is needed');
  });

  test('a body wrapped twice is unwrapped', async () => {
    const data = { data: { type: 'customer', name: 'C', email: 'c@example.com' } };
    assert.equal((await open.admin('POST', '/v2/customers', { data })).status, 201);
  });

  test('a text that cannot be stored is 400', async () => {
    for (const text of ['nul \u0000', 'half of a pair \ud800', '\udc00']) {
      const data = { type: 'customer', name: text, email: 'nul@example.com' };
      const { status, body } = await open.admin('POST', '/v2/customers', { data });
      assert.equal(status, 400);
      assert.equal(body.errors[0].detail, 'The body holds a character that is not text');
      assert.equal((await open.admin('POST', '/v2/customers', { data: { [text]: 1 } })).status, 400);
    }
    assert.ok((await open.admin('GET', '/v2/customers/%00')).status < 500);
    assert.ok((await open.admin('GET', '/v2/customers?filter=eq(email,%00)')).status < 500);
  });

  test('an unknown path is 404 in the error shape, whatever the request contains', async () => {
    const paths: [string, string, Record<string, string>][] = [
      ['GET', '/', {}],
      ['GET', '/v2', {}],
      ['GET', '/v2/subscriptions', {}],
      ['POST', '/v2/pictures', { 'content-type': 'multipart/form-data; boundary=x' }],
      ['POST', '/pcm/products', json],
      ['PATCH', '/v2/products', json],
    ];
    for (const [method, path, headers] of paths) {
      const { status, body } = await open.admin(
        method,
        path,
        method === 'GET' ? undefined : '[object FormData]',
        headers,
      );
      assert.equal(status, 404, `${method} ${path}`);
      assert.equal(body.errors[0].status, 404);
    }
  });

  test('a path that cannot be decoded is 400, a parameter longer than any id 404', async () => {
    assert.deepEqual((await open.admin('GET', '/v2/products/%zz')).body.errors[0].status, 400);
    assert.deepEqual((await open.admin('GET', `/v2/products/${'x'.repeat(500)}`)).body.errors[0].status, 404);
  });

  test('bytes that are not HTTP get a reply in the error shape', async () => {
    await open.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = open.app.server.address() as AddressInfo;
    const long = `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`;
    for (const [text, status] of [
      ['nonsense\r\n\r\n', 400],
      [long, 431],
    ] as const) {
      const socket = connect(port, '127.0.0.1').setEncoding('utf8');
      socket.end(text);
      let reply = '';
      for await (const chunk of socket) reply += chunk;
      assert.match(reply, new RegExp(`^HTTP/1.1 ${status} `));
      assert.equal(JSON.parse(reply.slice(reply.indexOf('{'))).errors[0].status, status);
    }
  });

  test('a trailing slash does not change a path', async () => {
    assert.equal((await open.admin('GET', '/v2/settings/')).status, 200);
  });

  test('a missing or bad token is 401', async () => {
    for (const headers of [{}, { authorization: 'Bearer nope' }, { authorization: 'Basic eDp5' }]) {
      const reply = await open.app.inject({ url: '/v2/products', headers });
      assert.equal(reply.statusCode, 401);
      assert.deepEqual(reply.json(), { errors: [{ status: 401, title: 'Unable to validate access token' }] });
    }
  });

  test('an unexpected error is 500 and reveals no internals', async () => {
    await open.shop.db.query('alter table settings rename to settings_gone');
    const { status, body } = await open.admin('GET', '/v2/settings');
    await open.shop.db.query('alter table settings_gone rename to settings');
    assert.equal(status, 500);
    assert.deepEqual(Object.keys(body.errors[0]).sort(), ['request_id', 'status', 'title']);
    assert.doesNotMatch(JSON.stringify(body), /relation|settings|\.ts/);
  });

  test('browsers may send requests from any origin, with any header', async () => {
    const reply = await open.app.inject({
      method: 'OPTIONS',
      url: '/v2/carts/abc/items',
      headers: {
        origin: 'https://shop.example',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization,x-moltin-currency,x-moltin-sdk-version',
      },
    });
    assert.equal(reply.statusCode, 204);
    assert.equal(reply.headers['access-control-allow-origin'], '*');
    assert.match(String(reply.headers['access-control-allow-methods']), /PUT.*DELETE/);
    assert.match(String(reply.headers['access-control-allow-headers']), /x-moltin-currency/);
    for (const url of ['/v2/products', '/v2/nothing', '/v2/products/%00/relationships/x']) {
      const denied = await open.app.inject({ url, headers: { origin: 'https://shop.example' } });
      assert.equal(denied.headers['access-control-allow-origin'], '*', 'or the browser hides why it failed');
    }
  });
});
