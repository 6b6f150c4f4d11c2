import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import Type from 'typebox';
import { ServiceError } from './errors.ts';
import { createServer, type Server } from './http.ts';
import { createLogger } from './log.ts';
import { Metrics } from './metrics.ts';

describe('a server', () => {
  const lines: string[] = [];
  let server: Server;
  let storeAnswers = true;

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
          if (!storeAnswers) throw new Error('no answer');
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
  const faultOf = (answer: { json(): unknown }) => (answer.json() as { errors: Record<string, unknown>[] }).errors[0];
  const json = 'application/json';
  const form = 'application/x-www-form-urlencoded';

  test('takes JSON and forms', async () => {
    assert.deepEqual((await post('/named', '{"name":"a"}', json)).json(), { hello: 'a' });
    assert.deepEqual((await post('/named', 'name=a+b%21', form)).json(), { hello: 'a b!' });
  });

  test('takes an empty body that says it is JSON for no body', async () => {
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
    test(`answers ${what} with ${status} in the shape of the API`, async () => {
      const answer = await post(url, payload, type);
      assert.equal(answer.statusCode, status);
      assert.match(String(answer.headers['content-type']), /^application\/json/);
      const fault = faultOf(answer);
      assert.equal(fault?.status, status);
      assert.equal(typeof fault?.title, 'string');
    });
  }

  test('names the member that breaks the schema', async () => {
    assert.deepEqual(faultOf(await post('/named', '{}', json)), {
      status: 400,
      title: 'required',
      detail: 'name is required',
      source: 'name',
    });
    assert.equal(faultOf(await post('/named', '{"name":1}', json))?.source, 'name');
  });

  test("answers the service's own errors by its table", async () => {
    const answer = await server.inject('/tea');
    assert.equal(answer.statusCode, 418);
    assert.equal(answer.headers['retry-after'], '7');
    assert.deepEqual(faultOf(answer), { status: 418, title: 'Out of tea', detail: 'come back', source: 'pot' });
  });

  test('says that a failure is not worth another try, where that is known', async () => {
    assert.equal((await server.inject('/tried')).headers['x-mesh-retryable'], 'false');
    assert.equal((await server.inject('/down')).headers['x-mesh-retryable'], undefined);
  });

  test('says nothing of what crashed, but logs it under the id that the client sees', async () => {
    lines.length = 0;
    const answer = await server.inject({ url: '/crash?token=secret-in-query', headers: { 'x-request-id': 'abc-1' } });
    assert.deepEqual(answer.json(), {
      errors: [{ status: 500, title: 'Internal Server Error', request_id: 'abc-1' }],
    });
    assert.match(lines.join(''), /"requestId":"abc-1"/);
    assert.doesNotMatch(lines.join(''), /secret-in-query/);
  });

  test('logs what is down in one line with its reason', async () => {
    lines.length = 0;
    assert.equal((await server.inject('/down')).statusCode, 503);
    assert.equal(lines.length, 1);
    assert.equal(JSON.parse(lines[0] ?? '').attributes.reason, 'why it is down');
    assert.equal(JSON.parse(lines[0] ?? '').severityText, 'WARN');
  });

  test('does not take over a request id that could harm a log', async () => {
    const answer = await server.inject({ url: '/crash', headers: { 'x-request-id': 'a b{}' } });
    assert.match(String(faultOf(answer)?.request_id), /^[\da-f]{12}-\w+$/);
  });

  test('answers what is no HTTP with a 400 in the shape of the API', async () => {
    const { port } = server.server.address() as { port: number };
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => resolve(text)).on('error', reject);
    });
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.deepEqual(JSON.parse(answer.split('\r\n\r\n')[1] ?? ''), {
      errors: [{ status: 400, title: 'Bad Request' }],
    });
  });

  test('is live, and ready when its checks say so', async () => {
    assert.equal((await server.inject('/health/live')).statusCode, 200);
    assert.equal((await server.inject('/health/ready')).statusCode, 200);
    storeAnswers = false;
    const answer = await server.inject('/health/ready');
    storeAnswers = true;
    assert.equal(answer.statusCode, 503);
    assert.deepEqual(answer.json(), { ready: false, checks: { store: 'no answer' } });
  });

  test('counts its requests by route and status', async () => {
    await server.inject('/tea');
    const answer = await server.inject('/metrics');
    assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/);
    assert.match(
      answer.body,
      /_count\{http_request_method="GET",http_route="\/tea",http_response_status_code="418"\} \d/,
    );
  });

  test('documents its routes', async () => {
    const { paths } = (await server.inject('/docs/json')).json() as { paths: Record<string, unknown> };
    assert.ok(paths['/named']);
    assert.equal(paths['/metrics'], undefined);
  });
});
