import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { createServer, type Server } from './server.ts';

let server: Server;
before(async () => {
  const logger = createLogger({ level: 'silent', service: 'test' });
  server = await createServer({ logger, metrics: new Metrics(), errors: {}, checks: {}, forms: false });
  server.post('/echo', async ({ body }) => ({ body }));
});
after(() => server.close());

const send = async (payload: string, type = 'application/json') => {
  const reply = await server.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload });
  return { status: reply.statusCode, body: reply.json() };
};

test('a body without text is no body', async () => {
  for (const text of ['', ' \n']) assert.deepEqual((await send(text)).body, {}, JSON.stringify(text));
});

test('a body that is nested too deeply is refused', async () => {
  const nested = (levels: number) => `${'['.repeat(levels)}"[[\\"["${']'.repeat(levels)}`;
  assert.equal((await send(nested(64))).status, 200);
  for (const levels of [65, 100_000]) {
    const { status, body } = await send(nested(levels));
    assert.deepEqual([status, body.errors[0].detail], [400, 'The body is nested deeper than 64 levels']);
  }
});

test('a text that no store can keep is refused, wherever it stands', async () => {
  for (const text of ['a\\u0000', '\\ud800', '\\udc00x']) {
    for (const payload of [`"${text}"`, `{"a":["${text}"]}`, `{"a":{"${text}":1}}`]) {
      const { status, body } = await send(payload);
      assert.deepEqual([status, body.errors[0].detail], [400, 'The body holds a character that is not text'], payload);
    }
  }
  assert.deepEqual((await send('"\\ud83d\\ude00 \\u00e9"')).body, { body: '\u{1f600} é' });
});

test('forms are refused where they are not read', async () => {
  assert.equal((await send('a=b', 'application/x-www-form-urlencoded')).status, 415);
});
