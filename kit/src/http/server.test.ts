import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import Type from '../../vendor/typebox.js';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { ServiceError } from '../service/errors.ts';
import { createServer, type Server } from './server.ts';

describe('a server', () => {
  const lines: string[] = [];
  let server: Server;
  let storeIsUp = true;

  before(async () => {
    const destination = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    server = await createServer({
      logger: createLogger({ level: 'info', service: 'test', destination }),
      metrics: new Metrics(),
      errors: { out_of_tea: { status: 418, title: 'Out of tea' }, down: { status: 503, title: 'Service Unavailable' } },
      checks: {
        store: () => {
          if (!storeIsUp) throw new Error('no response');
        },
      },
      bodyLimitBytes: 100,
      docs: { title: 'test', version: '1', description: 'a server' },
    });
    const body = Type.Object({ name: Type.String() });
    server.post('/named', { schema: { body } }, async (request) => ({ hello: request.body.name }));
    server.post('/any', async (request) => ({ body: request.body ?? null }));
    server.get('/tea', async () => {
      throw new ServiceError('out_of_tea', { detail: 'come back', source: 'pot', retryAfterS: 7 });
    });
    server.get('/tried', async () => {
      throw new ServiceError('down', { retryable: false });
    });
    server.get('/down', async () => {
      throw new ServiceError('down', { cause: new Error('why it is down') });
    });
    server.get('/crash', async () => {
      throw new Error('hunter2 was the password');
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
  });
  after(() => server.close());

  const post = (url: string, payload: string, type?: string) =>
    server.inject({ method: 'POST', url, payload, headers: type ? { 'content-type': type } : {} });
  const faultOf = (response: { json(): unknown }) =>
    (response.json() as { errors: Record<string, unknown>[] }).errors[0];
  const json = 'application/json';
  const form = 'application/x-www-form-urlencoded';

  test('accepts JSON and forms', async () => {
    assert.deepEqual((await post('/named', '{"name":"a"}', json)).json(), { hello: 'a' });
    assert.deepEqual((await post('/named', 'name=a+b%21', form)).json(), { hello: 'a b!' });
  });

  test('treats an empty body with a JSON content type as no body', async () => {
    assert.deepEqual((await post('/any', '', json)).json(), { body: null });
  });

  for (const [what, url, payload, type, status] of [
    ['malformed JSON', '/any', '{"a":', json, 400],
    ['JSON that reaches for the prototype', '/any', '{"__proto__":{"a":1}}', json, 400],
    ['another content type', '/any', '<a/>', 'text/xml', 415],
    ['no content type', '/any', 'a', undefined, 415],
    ['a body over the limit', '/any', `"${'a'.repeat(100)}"`, json, 413],
    ['an unknown path', '/nowhere', '{}', json, 404],
    ['a malformed URL', '/%E0%A4%A', '{}', json, 400],
  ] as const) {
    test(`responds to ${what} with ${status} and the error body of the API`, async () => {
      const response = await post(url, payload, type);
      assert.equal(response.statusCode, status);
      assert.match(String(response.headers['content-type']), /^application\/json/);
      const fault = faultOf(response);
      assert.equal(fault?.status, status);
      assert.equal(typeof fault?.title, 'string');
    });
  }

  test('names the member that violates the schema', async () => {
    assert.deepEqual(faultOf(await post('/named', '{}', json)), {
      status: 422,
      title: 'Failed Validation',
      detail: 'The name field is required.',
      source: 'name',
    });
    assert.equal(faultOf(await post('/named', '{"name":1}', json))?.source, 'name');
  });

  test("responds to the service's own errors by its table", async () => {
    const response = await server.inject('/tea');
    assert.equal(response.statusCode, 418);
    assert.equal(response.headers['retry-after'], '7');
    assert.deepEqual(faultOf(response), { status: 418, title: 'Out of tea', detail: 'come back', source: 'pot' });
  });

  test('tells callers not to retry a failure that the mesh has already retried', async () => {
    assert.equal((await server.inject('/tried')).headers['x-mesh-retryable'], 'false');
    assert.equal((await server.inject('/down')).headers['x-mesh-retryable'], undefined);
  });

  test('reveals nothing about a crash, but logs it under the request id in the response', async () => {
    lines.length = 0;
    const response = await server.inject({ url: '/crash?token=secret-in-query', headers: { 'x-request-id': 'abc-1' } });
    assert.deepEqual(response.json(), {
      errors: [{ status: 500, title: 'Internal Server Error', request_id: 'abc-1' }],
    });
    assert.match(lines.join(''), /"requestId":"abc-1"/);
    assert.doesNotMatch(lines.join(''), /secret-in-query/);
  });

  test('logs a dependency that is down in one line with its reason', async () => {
    lines.length = 0;
    assert.equal((await server.inject('/down')).statusCode, 503);
    assert.equal(lines.length, 1);
    assert.equal(JSON.parse(lines[0] ?? '').attributes.reason, 'why it is down');
    assert.equal(JSON.parse(lines[0] ?? '').severityText, 'WARN');
  });

  test('does not use a request id that could harm a log', async () => {
    const response = await server.inject({ url: '/crash', headers: { 'x-request-id': 'a b{}' } });
    assert.match(String(faultOf(response)?.request_id), /^[\da-f]{12}-\w+$/);
  });

  test('responds to bytes that are not HTTP with 400 and the error body of the API', async () => {
    const { port } = server.server.address() as { port: number };
    const response = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => resolve(text)).on('error', reject);
    });
    assert.match(response, /^HTTP\/1\.1 400 /);
    assert.deepEqual(JSON.parse(response.split('\r\n\r\n')[1] ?? ''), {
      errors: [{ status: 400, title: 'Bad Request' }],
    });
  });

  test('is live, and ready when its checks pass', async () => {
    assert.equal((await server.inject('/health/live')).statusCode, 200);
    assert.equal((await server.inject('/health/ready')).statusCode, 200);
    storeIsUp = false;
    const response = await server.inject('/health/ready');
    storeIsUp = true;
    assert.equal(response.statusCode, 503);
    assert.deepEqual(response.json(), { ready: false, checks: { store: 'no response' } });
  });

  test('counts its requests by route and status', async () => {
    await server.inject('/tea');
    const response = await server.inject('/metrics');
    assert.match(String(response.headers['content-type']), /^text\/plain; version=0\.0\.4/);
    assert.match(
      response.body,
      /_count\{http_request_method="GET",http_route="\/tea",http_response_status_code="418"\} \d/,
    );
  });

  test('documents its routes', async () => {
    const { paths } = (await server.inject('/docs/json')).json() as { paths: Record<string, unknown> };
    assert.ok(paths['/named']);
    assert.equal(paths['/metrics'], undefined);
  });
});
