import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { ServiceError } from '../service/errors.ts';
import { until } from '../testing/until.ts';
import { addLeanPost } from './lean-post.ts';
import { createServer, type Server } from './server.ts';

describe('a lean route', () => {
  let server: Server;
  let url = '';
  let held: Promise<void> = Promise.resolve();
  let handled = 0;

  before(async () => {
    server = await createServer({
      logger: createLogger({ level: 'silent', service: 'test' }),
      metrics: new Metrics(),
      errors: { teapot: { status: 418, title: 'Teapot' } },
      checks: {},
      docs: { title: 'test', version: '1', description: 'a server' },
    });
    addLeanPost(server, {
      path: '/lean',
      schema: { summary: 'Echo' },
      bodyLimitBytes: 100,
      headers: { 'cache-control': 'no-store' },
      handle: async (body, { headers }) => {
        handled += 1;
        if (headers['x-fail']) throw new ServiceError('teapot', { detail: 'short and stout' });
        if (headers['x-crash']) throw new Error('hunter2');
        await held;
        return { got: body ?? null };
      },
    });
    url = await server.listen({ port: 0, host: '127.0.0.1' });
  });
  after(() => server.close());

  const post = async (body: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/lean`, { method: 'POST', body, headers });
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  };
  const json = { 'content-type': 'application/json; charset=utf-8' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  test('accepts JSON and forms, and responds with JSON and its own headers', async () => {
    const response = await post('{"a":"ü"}', json);
    assert.deepEqual([response.status, response.body], [200, { got: { a: 'ü' } }]);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    assert.deepEqual((await post('a=%C3%BC+b&c=', form)).body, { got: { a: 'ü b', c: '' } });
    assert.deepEqual((await post('', json)).body, { got: null });
  });

  for (const [what, body, headers, status] of [
    ['malformed JSON', '{', json, 400],
    ['JSON that reaches for the prototype', '{"__proto__":{}}', json, 400],
    ['another content type', '<a/>', { 'content-type': 'text/xml' }, 415],
    ['a body over the limit', 'a'.repeat(101), form, 413],
    ["the service's own errors", '{}', { ...json, 'x-fail': '1' }, 418],
    ['a crash', '{}', { ...json, 'x-crash': '1' }, 500],
  ] as const) {
    test(`responds to ${what} with ${status}, the error body of the API and its own headers`, async () => {
      const response = await post(body, headers);
      assert.deepEqual([response.status, response.body.errors[0].status], [status, status]);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.doesNotMatch(JSON.stringify(response.body), /hunter2/);
    });
  }

  test('rejects a body of unknown length at the limit, without waiting for its end', async () => {
    const before = handled;
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = request(`${url}/lean`, { method: 'POST', headers: form }, (response) => {
        resolve(response.statusCode);
        response.resume();
        sending.destroy();
      });
      sending.on('error', reject);
      sending.write('a'.repeat(60));
      sending.write('a'.repeat(60));
    });
    assert.equal(status, 413);
    assert.equal(handled, before);
  });

  test('survives a client that disconnects in the middle of the body', async () => {
    const gone = request(`${url}/lean`, { method: 'POST', headers: { ...form, 'content-length': '50' } });
    gone.on('error', () => {});
    gone.write('a=1');
    await new Promise((resolve) => gone.once('socket', (socket) => socket.once('connect', resolve)));
    gone.destroy();
    assert.equal((await post('a=1', form)).status, 200);
  });

  test('handles many requests at once', async () => {
    const responses = await Promise.all(Array.from({ length: 50 }, (_, n) => post(`n=${n}`, form)));
    assert.deepEqual(
      responses.map(({ body }) => body.got.n),
      Array.from({ length: 50 }, (_, n) => String(n)),
    );
  });

  test('is measured and documented like any other route', async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const status of [200, 413, 415, 418, 500]) {
      const series = `_count{http_request_method="POST",http_route="/lean",http_response_status_code="${status}"} `;
      assert.ok(metrics.includes(series), series);
    }
    const { paths } = (await (await fetch(`${url}/docs/json`)).json()) as { paths: Record<string, unknown> };
    assert.ok(paths['/lean']);
  });

  test('finishes its requests before the server closes', async () => {
    const release = Promise.withResolvers<void>();
    held = release.promise;
    const before = handled;
    const response = post('a=last', form);
    await until('the request is being handled', () => handled > before);
    const closed = server.close();
    release.resolve();
    assert.deepEqual((await response).body, { got: { a: 'last' } });
    await closed;
  });
});
